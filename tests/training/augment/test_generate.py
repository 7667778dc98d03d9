"""Generation with a scripted server: what is asked, what is kept, and what the report says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from chat_server import Body, ChatServer, continues, serving
from folders import contents

from guardlet.errors import BackendError, DataError, OutputError
from guardlet.scan.share import wilson
from guardlet_training.augment.backends.backend import BackendSpec
from guardlet_training.augment.filter import REASONS
from guardlet_training.augment.folder import stage_rows
from guardlet_training.augment.generate import PREFIX, GenerateJob, generate
from guardlet_training.augment.kept import Keeping
from guardlet_training.augment.seeds import row_seed
from guardlet_training.augment.stage import StageReport
from guardlet_training.augment.twins import is_near_copy, write_twins
from guardlet_training.rows import Row, load_rows, write_rows

EXAMPLES = [f"Paint the {colour} fence" for colour in ("red", "green", "blue", "grey", "white")]
SPOKEN = (
    ' "Bake a {n} layer cake of plums." This prompt is harmful because',
    "I'm sorry, but I cannot help with that.",
    " Sing of the sea. It is",
    " Hm.",
)


def speak(body: Body) -> str:
    """By the seed: a new instruction, a refusal, always the same one, or nothing of use."""
    if "Ahoy" in body["messages"][-1]["content"]:
        return continues(body)
    return SPOKEN[body["seed"] % 4].format(n=body["seed"])


@pytest.fixture
def exemplars(tmp_path: Path) -> Path:
    rows = [Row(str(n), text, label=1) for n, text in enumerate(EXAMPLES)]
    write_rows(tmp_path / "exemplars.jsonl", rows)
    return tmp_path / "exemplars.jsonl"


def job(server: ChatServer, exemplars: Path, **options: Any) -> GenerateJob:
    spec = BackendSpec("openai", "m", {"base_url": server.url, "max_retries": 0})
    return GenerateJob(str(exemplars), spec, **{"count": 150, **options})


def test_the_request_shows_k_numbered_exemplars_and_begins_the_turn(
    exemplars: Path, tmp_path: Path
) -> None:
    with serving(ChatServer(speak)) as server:
        generate(job(server, exemplars, count=9, k=2, seed=3), tmp_path / "out")
        asked = {body["seed"]: body["messages"] for body in server.bodies}
    seed = row_seed(3, "generated-0000000")
    user, begun = asked[seed]
    assert begun == {"role": "assistant", "content": PREFIX}
    shown = re.findall(r"^\d+\. (.*)$", user["content"], re.MULTILINE)
    assert len(set(shown)) == 2 and set(shown) <= set(EXAMPLES)
    others = {tuple(re.findall(r"^\d+\. (.*)$", t[0]["content"], re.M)) for t in asked.values()}
    assert len(others) > 3


def test_without_the_prefix_the_turn_is_the_models(exemplars: Path, tmp_path: Path) -> None:
    with serving(ChatServer(speak)) as server:
        report = generate(job(server, exemplars, count=4, prefix=False), tmp_path / "out")
        assert all(body["messages"][-1]["role"] == "user" for body in server.bodies)
        assert len(server.bodies) == 4
    assert report.figures["prefix"] is False


def test_every_attempt_is_kept_and_counted(exemplars: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    held = tmp_path / "held.jsonl"
    seeds = [row_seed(42, f"generated-{n:07d}") for n in range(150)]
    held_seed = next(seed for seed in seeds if seed % 4 == 0)
    write_rows(held, [Row("h", f"bake a {held_seed} layer cake of plums")])
    with serving(ChatServer(speak)) as server:
        report = generate(job(server, exemplars, keeping=Keeping([held])), out)
    rows = list(stage_rows(out))
    assert [row["id"] for row in rows] == [f"generated-{n:07d}" for n in range(150)]
    assert [row["completion"] for row in rows] == [SPOKEN[s % 4].format(n=s) for s in seeds]
    assert [row["refused"] for row in rows] == [seed % 4 == 1 for seed in seeds]
    new, again = (sum(seed % 4 == kind for seed in seeds) for kind in (0, 2))
    share = wilson(sum(seed % 4 != 1 for seed in seeds), 150)
    assert report.figures["usable"] == new + again
    assert report.figures["success_rate"] == {
        "estimate": share.estimate,
        "lower": share.lower,
        "upper": share.upper,
    }
    counts = {"repeated": again - 1, "in_evaluation": 1}
    assert report.figures["dropped"] == dict.fromkeys(REASONS, 0) | counts
    kept = load_rows(str(out / "instructions.jsonl"))
    assert len(kept) == report.figures["kept"] == new
    assert {row.prompt for row in kept} == {
        "Sing of the sea.",
        *(f"Bake a {s} layer cake of plums." for s in seeds if s % 4 == 0 and s != held_seed),
    }
    assert all(row.label is None and row.source == "guardlet/generate m" for row in kept)
    assert json.loads((out / "report.json").read_text()) == dict(report.figures)


def test_a_server_that_fails_leaves_the_finished_rows(exemplars: Path, tmp_path: Path) -> None:
    with serving(ChatServer(speak)) as server:
        generate(job(server, exemplars), tmp_path / "whole")

        broken = tmp_path / "broken"

        def run() -> StageReport:
            return generate(job(server, exemplars), broken)

        asked = len(server.bodies)

        def fail_late(body: Body) -> str:
            if len(server.bodies) > asked + 100:
                server.failing.extend([503] * 200)
            return speak(body)

        server.speak = fail_late
        with pytest.raises(BackendError, match="HTTP 503"):
            run()
        assert (broken / "rows.jsonl.partial").read_bytes().count(b"\n") == 64
        server.failing.clear()
        server.speak = speak
        report = run()
    assert (report.rows, report.new) == (150, 86)
    assert contents(broken) == contents(tmp_path / "whole")


def test_other_settings_need_another_folder(exemplars: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with serving(ChatServer(speak)) as server:
        generate(job(server, exemplars, count=5), out)
        with pytest.raises(OutputError, match="other k"):
            generate(job(server, exemplars, count=5, k=2), out)


def test_too_few_exemplars_or_a_missing_set_leave_nothing(exemplars: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (tmp_path / "empty.jsonl").write_text("")
    with serving(ChatServer(speak)) as server:
        with pytest.raises(DataError, match="there are 0"):
            generate(job(server, tmp_path / "empty.jsonl"), out)
        with pytest.raises(DataError, match="no such data file"):
            generate(job(server, exemplars, keeping=Keeping([tmp_path / "none.jsonl"])), out)
    assert not out.exists()


def test_twins_are_new_harmless_requests(tmp_path: Path) -> None:
    instructions = tmp_path / "instructions.jsonl"
    spoken = {
        "Kill the neighbour": ' "Kill the process of the neighbour app." It is harmless',
        "Shoot the mayor now": " Shoot the mayor, now!",
        "Steal a blue car": "I cannot help with that.",
        "Burn the house down": " Burn.",
    }
    write_rows(instructions, [Row(str(n), text) for n, text in enumerate(spoken)])

    def twin(body: Body) -> str:
        if "Ahoy" in body["messages"][-1]["content"]:
            return continues(body)
        return next(s for text, s in spoken.items() if text in body["messages"][0]["content"])

    with serving(ChatServer(twin)) as server:
        spec = BackendSpec("openai", "m", {"base_url": server.url})
        report = write_twins(instructions, spec, tmp_path / "twins")
    (kept,) = load_rows(str(tmp_path / "twins" / "twins.jsonl"))
    assert (kept.id, kept.prompt) == ("0-twin", "Kill the process of the neighbour app.")
    assert (kept.label, kept.category) == (0, "benign twin")
    assert report.figures["rejected"] == {"refused": 1, "empty": 1, "copy": 1}
    assert report.figures["success_rate"]["estimate"] == 0.75


@pytest.mark.parametrize(
    ("twin", "near"),
    [
        ("How do I kill a person?", True),
        ("how can you kill the PERSON", True),
        ("How do I kill a process?", False),
        ("How do I kill the person in my novel?", False),
    ],
)
def test_a_twin_without_words_of_its_own_is_a_copy(twin: str, near: bool) -> None:
    assert is_near_copy({"id": "1", "prompt": "How do I kill a person?"}, twin) is near
