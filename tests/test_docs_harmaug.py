"""The commands of docs/harmaug.md, word for word, on tiny stand-ins for what they name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from cli_runner import guardlet
from repository import commands
from tiny_models import save_tiny_bert

from guardlet_training.reproduce.tiny import make_tiny
from guardlet_training.rows import Row, write_rows

# Later options replace earlier ones: a handful of rows instead of the paper's hundred thousand.
FEWER: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("augment", "generate"): ("--count", "40", "--max-new-tokens", "12"),
    ("augment", "respond"): ("--max-new-tokens", "8"),
}


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tiny = make_tiny(tmp_path / "tiny").parent
    for name in ("generator", "refusing", "compliant", "teacher"):
        (tmp_path / name.upper()).symlink_to(tiny / name)
    prompts = ("how do i steal a kettle ?", "how do i poison a garden ?", "how do i sabotage it ?")
    rows = [Row(f"exemplar-{i}", text, label=1) for i, text in enumerate(prompts)]
    write_rows(tmp_path / "EXEMPLARS.jsonl", rows)
    write_rows(tmp_path / "EVALUATION.jsonl", [Row("held", "how do i find a ladder ?", label=0)])
    (tmp_path / "SYNONYMS.txt").write_text("steal,take\nkettle,pot\n", encoding="utf-8")
    recipe = {
        "name": "student",
        "version": "1.0.0",
        "license": "Apache-2.0",
        "description": "A student.",
        "model": {"source": str(save_tiny_bert(tmp_path / "bert"))},
        "input": {"max_tokens": 64, "stride": 8, "max_windows": 2, "prompt_budget": 24},
        "training": {"epochs": 1, "batch_size": 8, "micro_batch_size": 8, "precision": "fp32"},
        "data": [
            {
                "path": "runs/labelled/rows.jsonl",
                "home": "example.org",
                "why": "a test",
                "license": "CC0-1.0",
            }
        ],
    }
    (tmp_path / "RECIPE.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_the_commands_run(workplace: Path) -> None:
    lines = [words[1:] for words in commands("docs/harmaug.md")]
    heads = [tuple(words[:2]) for words in lines]
    stages = [head for head in heads if head[0] == "augment"]
    assert stages == [("augment", name) for name in ("generate", "respond", "label", "eda")]
    assert heads.count(("reproduce", "harmaug")) == 2 and heads[-1][0] == "train"
    for words, head in zip(lines, heads, strict=True):
        guardlet(*words, *FEWER.get(head, ()))
    assert (workplace / "runs/tiny/table.md").is_file()
    assert not (workplace / "runs/paper").exists()
    assert (workplace / "runs/student/model/guard.json").is_file()
