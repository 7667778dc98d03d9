"""The commands of docs/adapt.md, word for word, on stand-ins for the guards and data they name."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from cli_runner import guardlet
from repository import commands
from tiny_models import WORDS

from guardlet_training.rows import Row, write_rows

_QUICK = {
    "adapt": ("--steps", 2, "--folds", 0, "--max-drop", 1, "--precision", "fp32"),
    "probe": ("--steps", 2, "--rows", 1),
}


@pytest.mark.slow
def test_the_commands_run(
    tiny_guard: Path, tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tiny guards for the embedded one and the trained one, rows of made-up words for the files."""
    monkeypatch.setattr("guardlet_training.trainable.default_bundle", lambda: embedded)
    monkeypatch.chdir(tmp_path)
    embedded = shutil.copytree(tiny_bundle, tmp_path / "site-packages/guardlet-mini")
    shutil.copytree(tiny_guard, "runs/mini/model")
    rng = random.Random(0)
    for name in ("NEW", "DATA", "CHATS"):
        prompts = [" ".join(rng.choices(WORDS, k=9)) for _ in range(12)]
        made = [Row(f"{name}-{i}", text, None, i % 2) for i, text in enumerate(prompts)]
        write_rows(Path(f"{name}.jsonl"), made)
    lines = [words for words in commands("docs/adapt.md") if words[0] == "guardlet"]
    assert [words[1] for words in lines].count("adapt") == 2
    for words in lines:
        assert guardlet(*words[1:], *_QUICK.get(words[1], ()))
