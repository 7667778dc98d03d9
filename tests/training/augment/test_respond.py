"""`guardlet augment respond`: three rows an instruction, from scripted servers and tiny models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from chat_server import Body, ChatServer, continues, serving
from folders import contents
from run_folders import augment
from tiny_chat import save_tiny_chat

from guardlet.errors import BackendError, DataError
from guardlet_training.augment.backends.backend import BackendSpec
from guardlet_training.augment.folder import stage_rows
from guardlet_training.augment.respond import RespondJob, respond
from guardlet_training.augment.seeds import row_seed
from guardlet_training.rows import Row, load_rows, write_rows

COUNT = 130
INSTRUCTIONS = [
    Row(f"i{n:03}", f"Paint fence {n}", label=n % 2, category="paint", source="s", license="l")
    for n in range(COUNT)
]


def refuse(body: Body) -> str:
    begun = body["messages"][-1]["role"] == "assistant"
    return continues(body) if begun else "I'm sorry, but I cannot help with that."


def comply(body: Body) -> str:
    begun = body["messages"][-1]["role"] == "assistant"
    return continues(body) if begun else f"Sure: {body['messages'][0]['content']} {body['seed']}. "


@pytest.fixture
def instructions(tmp_path: Path) -> Path:
    write_rows(tmp_path / "instructions.jsonl", INSTRUCTIONS)
    return tmp_path / "instructions.jsonl"


def spec(server: ChatServer) -> BackendSpec:
    return BackendSpec("openai", "m", {"base_url": server.url, "max_retries": 0})


def test_each_instruction_gives_three_rows(instructions: Path, tmp_path: Path) -> None:
    with serving(ChatServer(refuse)) as first, serving(ChatServer(comply)) as second:
        job = RespondJob(str(instructions), spec(first), spec(second), seed=3)
        report = respond(job, tmp_path / "out")
    rows = list(stage_rows(tmp_path / "out"))
    assert len(rows) == 3 * COUNT == report.rows
    for row, item in zip(rows[::3], INSTRUCTIONS, strict=True):
        assert row["response"] == "I'm sorry, but I cannot help with that."
        assert (row["id"], row["refused"], row["label"]) == (f"{item.id}-refusal", True, None)
    for row, item in zip(rows[1::3], INSTRUCTIONS, strict=True):
        seed = row_seed(3, f"{item.id}-compliant")
        assert row["response"] == f"Sure: {item.prompt} {seed}."
        assert (row["id"], row["refused"], row["label"]) == (f"{item.id}-compliant", False, None)
        assert (row["source"], row["license"]) == ("guardlet/respond m", None)
    for row, item in zip(rows[2::3], INSTRUCTIONS, strict=True):
        assert (row["id"], row["response"]) == (f"{item.id}-none", None)
        assert (row["label"], row["source"], row["license"]) == (item.label, "s", "l")
    assert {row["category"] for row in rows} == {"paint"}
    assert [row["prompt"] for row in rows] == [i.prompt for i in INSTRUCTIONS for _ in range(3)]
    assert report.figures["refusal"]["refused"]["estimate"] == 1.0
    assert report.figures["compliant"]["refused"]["estimate"] == 0.0
    assert len(load_rows(str(tmp_path / "out" / "rows.jsonl"))) == 3 * COUNT


@pytest.mark.parametrize(
    ("left_out", "kinds"),
    [
        ({"refusing": None}, ["compliant", "none"]),
        ({"compliant": None}, ["refusal", "none"]),
        ({"prompts": False}, ["refusal", "compliant"]),
        ({"refusing": None, "compliant": None}, ["none"]),
    ],
)
def test_each_kind_can_be_left_out(
    instructions: Path, tmp_path: Path, left_out: dict[str, Any], kinds: list[str]
) -> None:
    with serving(ChatServer(comply)) as server:
        models = {"refusing": spec(server), "compliant": spec(server)}
        respond(RespondJob(str(instructions), **models | left_out), tmp_path / "out")
    found = [row["id"] for row in stage_rows(tmp_path / "out")]
    assert found == [f"{item.id}-{kind}" for item in INSTRUCTIONS for kind in kinds]


def test_nothing_to_make_is_an_error(instructions: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="give a refusing or a compliant model"):
        respond(RespondJob(str(instructions), None, None, prompts=False), tmp_path / "out")


def test_an_empty_answer_is_counted(instructions: Path, tmp_path: Path) -> None:
    def silent(body: Body) -> str:
        return comply(body) if body["messages"][-1]["role"] == "assistant" else " "

    with serving(ChatServer(silent)) as server:
        job = RespondJob(str(instructions), None, spec(server), prompts=False)
        report = respond(job, tmp_path / "out")
    assert report.figures["compliant"]["empty"] == COUNT


def test_a_server_that_fails_keeps_the_finished_rows(instructions: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with serving(ChatServer(comply)) as server:
        whole = RespondJob(str(instructions), spec(server), spec(server))
        respond(whole, tmp_path / "whole")
        asked = len(server.bodies)
        server.bodies.clear()

        def break_down(body: Body) -> str:
            if len(server.bodies) > asked * 3 // 4:
                server.failing.append(500)
            return comply(body)

        server.speak = break_down
        with pytest.raises(BackendError):
            respond(whole, out)
        assert (out / "rows.jsonl.partial").read_bytes().count(b"\n") >= 3 * 64
        server.speak = comply
        server.failing.clear()
        respond(whole, out)
    assert contents(out) == contents(tmp_path / "whole")


def test_the_command_with_tiny_models(instructions: Path, tmp_path: Path) -> None:
    save_tiny_chat(tmp_path / "refusing", seed=5)
    save_tiny_chat(tmp_path / "compliant", seed=6)
    write_rows(tmp_path / "few.jsonl", INSTRUCTIONS[:20])
    words = (
        *("respond", tmp_path / "few.jsonl"),
        *("--refusing", tmp_path / "refusing", "--compliant", tmp_path / "compliant"),
        *("--set", "device=cpu", "--max-new-tokens", 8),
    )
    outputs = [augment(*words, "-o", tmp_path / name) for name in ("one", "two")]
    assert "refusal: " in outputs[0] and "compliant: " in outputs[0] and "60 rows" in outputs[0]
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    rows = list(stage_rows(tmp_path / "one"))
    assert len({row["response"] for row in rows}) > 20
    models = json.loads((tmp_path / "one" / "run.json").read_text())["models"]
    assert models["refusal"]["revision"] != models["compliant"]["revision"]
