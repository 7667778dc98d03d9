"""Chat forms: which turns are judged, in which context."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardlet.scan.formats import Turn, read_row

CHAT = [
    {"role": "system", "content": "be kind"},
    {"role": "user", "content": "one"},
    {"role": "assistant", "content": "two"},
    {"role": "tool", "content": "a page"},
    {"role": "user", "content": [{"type": "text", "text": "three"}, {"type": "image_url"}]},
    {"role": "assistant", "content": "four"},
]
CHAT_TURNS = [("[1]", "one", None), ("[2]", "one", "two"), ("[4]", "three", None)]
CHAT_TURNS += [("[5]", "three", "four")]
SHAREGPT = [{"from": "human", "value": "one"}, {"from": "gpt", "value": "two"}]
ALPACA = {"instruction": "sum up", "input": "a text", "output": "done"}
KNOWN: list[tuple[Any, str, list[tuple[str, str, str | None]]]] = [
    ({"messages": CHAT}, "messages", [(f"messages{n}", p, r) for n, p, r in CHAT_TURNS]),
    (
        {"conversations": SHAREGPT},
        "conversations",
        [("conversations[0]", "one", None), ("conversations[1]", "one", "two")],
    ),
    (
        ALPACA,
        "instruction, output",
        [("instruction", "sum up\n\na text", None), ("output", "sum up\n\na text", "done")],
    ),
    (
        ALPACA | {"input": ""},
        "instruction, output",
        [("instruction", "sum up", None), ("output", "sum up", "done")],
    ),
    (
        {"instruction": "a", "context": "b", "response": "c"},
        "instruction, response",
        [("instruction", "a\n\nb", None), ("response", "a\n\nb", "c")],
    ),
    (
        {"prompt": "a", "response": "b"},
        "prompt, response",
        [("prompt", "a", None), ("response", "a", "b")],
    ),
    ({"prompt": "a", "response": None}, "prompt, response", [("prompt", "a", None)]),
    ({"prompt": "", "response": "b"}, "prompt, response", [("response", "", "b")]),
    (
        {"prompt": [{"role": "user", "content": "a"}], "completion": "b"},
        "prompt, completion",
        [("prompt[0]", "a", None), ("completion", "a", "b")],
    ),
    (
        {"prompt": "a", "chosen": "b", "rejected": "c"},
        "chosen",
        [("prompt", "a", None), ("chosen", "a", "b")],
    ),
    (
        {"prompt": "one", "chosen": CHAT[1:3], "rejected": CHAT[1:3]},
        "chosen",
        [("chosen[0]", "one", None), ("chosen[1]", "one", "two")],
    ),
    (
        {"chosen": "\n\nHuman: a\n\nAssistant: b", "rejected": "\n\nHuman: a\n\nAssistant: c"},
        "chosen",
        [("chosen[0]", " a", None), ("chosen[1]", " a", " b")],
    ),
    ({"prompt": "a"}, "prompt", [("prompt", "a", None)]),
    ({"text": "a"}, "text", [("text", "a", None)]),
    ({"text": " \n"}, "text", []),
    ({"messages": CHAT[:1]}, "messages", []),
]


@pytest.mark.parametrize(("row", "form", "turns"), KNOWN)
def test_known_forms(row: Any, form: str, turns: list[tuple[str, str, str | None]]) -> None:
    reading = read_row(row)
    assert reading is not None
    assert (reading.format, list(reading.turns)) == (form, [Turn(*turn) for turn in turns])


@pytest.mark.parametrize(
    "row",
    [
        None,
        "a text",
        ["a"],
        {},
        {"title": "a"},
        {"text": 3},
        {"messages": []},
        {"messages": ["a"]},
        {"messages": [{"content": "a"}]},
        {"messages": [{"role": "user", "content": 3}]},
        {"prompt": {"a": 1}, "response": "b"},
        {"prompt": "a", "response": 3},
    ],
)
def test_other_rows_are_not_guessed_at(row: Any) -> None:
    assert read_row(row) is None


def test_an_answer_is_judged_after_the_last_thing_the_user_said() -> None:
    roles = ("user", "user", "assistant", "assistant")
    chat = [{"role": role, "content": str(i)} for i, role in enumerate(roles)]
    reading = read_row({"messages": chat})
    assert reading is not None
    assert [(turn.prompt, turn.response) for turn in reading.turns] == [
        ("0", None),
        ("1", None),
        ("1", "2"),
        ("1", "3"),
    ]


def test_an_unknown_role_is_judged_like_a_user() -> None:
    reading = read_row({"messages": [{"role": "Narrator", "content": "a"}]})
    assert reading is not None and reading.turns == (Turn("messages[0]", "a"),)


def test_own_columns_take_the_place_of_the_forms() -> None:
    row = {"question": "a", "reply": "b", "text": "c"}
    reading = read_row(row, ("question", "reply"))
    assert reading is not None
    assert reading.turns == (Turn("question", "a"), Turn("reply", "a", "b"))
    alone = read_row(row, ("reply",))
    assert alone is not None and alone.turns == (Turn("reply", "b"),)
    assert read_row(row, ("question", "gone")) is None


def test_prompts_can_be_left_out_where_there_are_answers() -> None:
    reading = read_row({"messages": CHAT}, answers_only=True)
    assert reading is not None
    assert [turn.name for turn in reading.turns] == ["messages[2]", "messages[5]"]
    alone = read_row({"prompt": "a", "response": ""}, answers_only=True)
    assert alone is not None and alone.turns == (Turn("prompt", "a"),)


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("messages", "role", "from", "content", "value", "text", "chosen"))
            | st.sampled_from(("prompt", "response", "instruction", "input", "output", "type")),
            inner,
            max_size=4,
        )
    ),
)


@given(TREES)
def test_any_json_is_read_or_refused(row: Any) -> None:
    reading = read_row(row)
    for turn in reading.turns if reading else ():
        assert (turn.response or turn.prompt).strip()
        assert isinstance(turn.prompt, str) and isinstance(turn.response, str | None)
