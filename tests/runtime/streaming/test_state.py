"""A stream on paper: what its state holds, and states that are refused."""

from __future__ import annotations

from typing import Any

import pytest

from guardlet import Guard, GuardStream
from guardlet.errors import StreamError

SECRET = "make bomb with zyxwvut"


def small(guard: Guard, prompt: str = "hello") -> GuardStream:
    return guard.stream(prompt, first=3, every=4, context=None, hits=2)


def test_a_state_holds_what_the_format_says(guard: Guard) -> None:
    stream = small(guard, "hello you")
    stream.feed("how are you make bo\ud83d")
    assert stream.state() == {
        "format": 1,
        "bundle": "tiny@1.2.3",
        "operating_point": "balanced",
        "prompt": "hello you",
        "schedule": {"first": 3, "every": 4, "context": None, "hits": 2},
        "text": "how are you make bo",
        "rest": " bo",
        "surrogate": 0xD83D,
        "waiting": guard._encoder.tokenize("make")[0],
        "tail": guard._encoder.tokenize("how are you")[0],
        "tokens": 3,
        "streak": 0,
        "flagged": False,
    }


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"extra": SECRET},
        {"prompt": None},
        {"text": [SECRET]},
        {"rest": 1},
        {"surrogate": 65},
        {"surrogate": SECRET},
        {"waiting": [SECRET]},
        {"waiting": [-1]},
        {"tail": [1.5]},
        {"tail": [1] * 9},
        {"tokens": -1},
        {"tokens": True},
        {"streak": None},
        {"flagged": 1},
        {"schedule": []},
        {"schedule": {"first": 3}},
        {"schedule": {"first": 3, "every": SECRET, "context": None, "hits": 2}},
        {"schedule": {"first": 3, "every": 40, "context": None, "hits": 2}},
        {"bundle": "tiny@9.9.9"},
        {"operating_point": "strict"},
    ],
)
def test_a_state_that_is_none_of_this_guards_is_refused_without_its_text(
    guard: Guard, change: dict[str, Any]
) -> None:
    stream = small(guard)
    stream.feed(SECRET)
    with pytest.raises(StreamError) as caught:
        guard.resume_stream(stream.state() | change)
    assert "zyxwvut" not in str(caught.value)


@pytest.mark.parametrize("state", [None, [], "state", {}])
def test_what_is_no_state_is_refused(guard: Guard, state: Any) -> None:
    with pytest.raises(StreamError, match="no state"):
        guard.resume_stream(state)
