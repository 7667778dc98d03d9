"""Judging a response while it comes in: the checks made, the last verdict and the errors."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from runtime_helpers import RULES, SCORE, WORDS, edit_manifest, sentence, tokenizer_json, write_tiny

from guardlet import Encoder, Guard, GuardStream, Verdict, Window
from guardlet.errors import EmptyInputError, EngineError, NotTextError, StreamError
from guardlet.streaming.text import MAX_PIECE

SECRET = "make bomb with zyxwvut"
CHARACTERS = st.sampled_from(
    [
        *WORDS,
        " ",
        "\n",
        "\t ",
        "[SEP]",
        "é",
        "?",
        "漢",
        "\u00a0",
        "\ud83d",
        "\ude00",
        "😀",
        "x" * 40,
    ]
)
TEXT = st.lists(CHARACTERS, max_size=60).map("".join)
PROMPT = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)


class Recorder:
    """Remembers its windows; calls harmful those that show the word "bomb"."""

    def __init__(self, failing: Sequence[int] = ()) -> None:
        self.windows: list[Window] = []
        self.failing = failing

    def logits(self, window: Window) -> NDArray[np.float32]:
        self.windows.append(window)
        if len(self.windows) in self.failing:
            raise EngineError("the engine failed")
        harmful = Encoder(tokenizer_json(), RULES).tokenize("bomb")[0][0] in window.ids
        return np.array([0, 3 if harmful else -3], dtype=np.float32)


def small(guard: Guard, prompt: str = "hello", **options: Any) -> GuardStream:
    return guard.stream(prompt, **{"first": 3, "every": 4, "context": None, "hits": 2} | options)


def recorded(**options: Any) -> tuple[Recorder, GuardStream]:
    recorder = Recorder(options.pop("failing", ()))
    guard = Guard(Encoder(tokenizer_json(), RULES), recorder, SCORE)
    return recorder, small(guard, **options)


def timeless(verdict: Verdict) -> dict[str, Any]:
    return verdict.to_dict() | {"latency_ms": 0}


def fed(stream: GuardStream, chunks: Iterable[str]) -> list[dict[str, Any]]:
    return [timeless(verdict) for chunk in chunks for verdict in stream.feed_all(chunk)]


@st.composite
def chunked(draw: st.DrawFn) -> tuple[str, list[str]]:
    text = draw(TEXT)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=20)))
    return text, [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@given(prompt=PROMPT, parts=chunked(), context=st.sampled_from([None, 0, 2, 5]))
def test_checks_and_the_last_verdict_depend_on_the_text_alone(
    guard: Guard, prompt: str, parts: tuple[str, list[str]], context: int | None
) -> None:
    text, chunks = parts
    whole, cut = (small(guard, prompt, context=context) for _ in range(2))
    assert fed(cut, chunks) == fed(whole, [text])
    assert cut.flagged == whole.flagged
    assert timeless(cut.close()) == timeless(whole.close()) == timeless(guard.check(prompt, text))


@given(parts=chunked(), at=st.integers(0, 20))
def test_a_resumed_stream_goes_on_as_if_nothing_had_been(
    guard: Guard, parts: tuple[str, list[str]], at: int
) -> None:
    text, chunks = parts
    expected = fed(small(guard), [text])
    stream = small(guard)
    before = fed(stream, chunks[:at])
    resumed = guard.resume_stream(json.loads(json.dumps(stream.state())))
    assert before + fed(resumed, chunks[at:]) == expected
    assert timeless(resumed.close()) == timeless(guard.check("hello", text))


@given(size=st.integers(0, 40), parts=chunked(), max_chars=st.integers(2, 30))
def test_the_last_verdict_holds_beyond_the_longest_text_as_well(
    size: int, parts: tuple[str, list[str]], max_chars: int
) -> None:
    rules = replace(RULES, max_chars=max_chars)
    guard = Guard(Encoder(tokenizer_json(), rules), Recorder(), SCORE)
    text, chunks = parts
    stream = small(guard)
    for chunk in chunks:
        stream.feed(chunk)
    for _ in range(size):
        stream.feed("bomb you ")
    assert timeless(stream.close()) == timeless(guard.check("hello", text + "bomb you " * size))


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_checks_come_at_the_tokens_of_the_schedule(guard: Guard, chunk: int) -> None:
    text = sentence(30) + " "
    verdicts = fed(small(guard), [text[i : i + chunk] for i in range(0, len(text), chunk)])
    # The thirtieth word is not known to be whole, but the check after 27 does not need it.
    assert [verdict["tokens"] - 1 for verdict in verdicts] == [3, 7, 11, 15, 19, 23, 27]
    assert all(verdict["judged"] == "response" for verdict in verdicts)
    assert all(verdict["windows"] == 1 and verdict["window"] == 0 for verdict in verdicts)


def test_a_word_counts_when_the_next_one_begins(guard: Guard) -> None:
    stream = small(guard)
    assert stream.feed("how are yo") is None
    assert stream.feed("u") is None
    assert stream.feed(" ") is not None


def test_a_check_reads_one_window_that_ends_at_the_newest_token() -> None:
    recorder, stream = recorded(prompt=sentence(12))
    encoder = Encoder(tokenizer_json(), RULES)
    prompt, response = (encoder.tokenize(sentence(size))[0] for size in (12, 27))
    verdicts = stream.feed_all(sentence(30) + " ")
    assert all(len(window.ids) <= RULES.max_tokens for window in recorder.windows)
    last = recorder.windows[-1]
    kept = (*prompt[:2], *prompt[-2:])
    assert last.ids == (*RULES.start, *kept, *RULES.middle, *response[-9:], *RULES.end)
    assert (last.begin, last.end) == (18, 27)
    assert [verdict.truncated for verdict in verdicts] == [False, False, *[True] * 5]


def test_the_context_says_how_far_back_a_check_looks() -> None:
    recorder, stream = recorded(context=2)
    stream.feed(sentence(20) + " ")
    spans = [(window.begin, window.end) for window in recorder.windows]
    assert spans == [(0, 3), (1, 7), (5, 11), (9, 15), (13, 19)]
    recorder, stream = recorded(context=0)
    stream.feed(sentence(20) + " ")
    spans = [(window.begin, window.end) for window in recorder.windows]
    assert spans == [(0, 3), (3, 7), (7, 11), (11, 15), (15, 19)]


def test_a_short_response_is_read_as_check_reads_it(guard: Guard) -> None:
    verdict = small(guard).feed("how kill you are")
    assert verdict is not None
    assert timeless(verdict) == timeless(guard.check("hello", "how kill you"))


@pytest.mark.parametrize(("hits", "flagged_after"), [(1, 1), (2, 4), (3, None)])
def test_only_harmful_checks_in_a_row_flag(hits: int, flagged_after: int | None) -> None:
    _, stream = recorded(hits=hits, first=1, every=1, context=0)
    seen = []
    for word in ("bomb ", "hello ", "bomb ", "bomb ", "hello ", "hello "):
        verdict = stream.feed(word)
        assert verdict is not None and verdict.harmful == (word == "bomb ")
        seen.append(stream.flagged)
    expected = [flagged_after is not None and i >= flagged_after for i in range(1, 7)]
    assert seen == expected


def test_of_several_checks_feed_gives_the_worst() -> None:
    _, stream = recorded(context=0)
    verdict = stream.feed("how are you " + "how bomb you are " + "how are you hello " * 2)
    assert verdict is not None and verdict.harmful
    assert verdict.tokens == 1 + 7


def test_text_without_white_space_is_checked_and_each_character_tokenised_once() -> None:
    recorder, stream = recorded()
    tokenised: list[int] = []
    real = stream._encoder.tokenize

    class Counting(Encoder):
        def tokenize(self, text: str) -> tuple[list[int], bool]:
            tokenised.append(len(text))
            return real(text)

    stream._encoder = Counting(tokenizer_json(), RULES)
    for _ in range(3000):
        stream.feed("x")
    assert tokenised == [MAX_PIECE] * (3000 // MAX_PIECE)
    assert len(recorder.windows) == 1 + (len(tokenised) * MAX_PIECE - 3) // 4


def test_memory_does_not_grow_with_the_response(guard: Guard) -> None:
    stream = small(guard)
    for _ in range(300):
        stream.feed("hello world " * 20)
    state = stream.state()
    assert len(state["text"]) == RULES.max_chars + 1
    assert len(state["tail"]) == RULES.max_tokens
    assert len(state["waiting"]) < 4 and len(state["rest"]) < MAX_PIECE


@pytest.mark.parametrize("response", ["", " \n"])
def test_an_empty_response_gives_the_verdict_of_the_prompt(guard: Guard, response: str) -> None:
    stream = small(guard, "make bomb")
    assert stream.feed(response) is None
    assert timeless(stream.close()) == timeless(guard.check("make bomb"))


def test_a_guard_that_normalises_does_so_at_the_end(bundle_folder: Path) -> None:
    hidden = b64encode(b"how are you make bomb kill you hello world").decode()
    guard = Guard.load(bundle_folder, threads=1, normalise=True)
    stream = small(guard)
    stream.feed(f"hello {hidden} hello")
    assert stream.close().decoding == "base64"
    assert timeless(stream.close()) == timeless(guard.check("hello", f"hello {hidden} hello"))


def test_nothing_to_read_at_all_is_an_error(guard: Guard) -> None:
    with pytest.raises(EmptyInputError):
        small(guard, "").close()


def test_after_close_only_the_verdict_is_left(guard: Guard) -> None:
    stream = small(guard)
    stream.feed(SECRET)
    assert stream.close() is stream.close()
    for call in (lambda: stream.feed(SECRET), stream.state):
        with pytest.raises(StreamError, match="the stream is closed") as caught:
            call()
        assert "zyxwvut" not in str(caught.value)
    assert "zyxwvut" not in str(vars(stream))


@pytest.mark.parametrize("wrong", [None, 7, b"zyxwvut", ["zyxwvut"]])
def test_what_is_no_text_is_refused_without_it(guard: Guard, wrong: Any) -> None:
    for call in (small(guard).feed, lambda value: small(guard, value)):
        with pytest.raises(NotTextError, match="must be a str") as caught:
            call(wrong)
        assert "zyxwvut" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"first": 0}, "first must be a whole number from 1"),
        ({"every": 1.5}, "every must be"),
        ({"every": True}, "every must be"),
        ({"hits": 0}, "hits must be"),
        ({"context": -1}, "context must be a whole number from 0"),
        ({"first": 10}, "room for 9 tokens"),
        ({"every": 10}, "room for 9 tokens"),
        ({"context": 6}, "room for 9 tokens"),
    ],
)
def test_a_schedule_that_cannot_be_kept_is_refused(
    guard: Guard, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(StreamError, match=message):
        small(guard, **options)


def test_a_failed_check_is_left_out_and_the_stream_goes_on() -> None:
    recorder, stream = recorded(failing=(2,))
    assert stream.feed("how are you hello") is not None
    with pytest.raises(EngineError):
        stream.feed(" hello world bomb you are you how hello ")
    verdict = stream.feed("")
    assert verdict is not None and verdict.harmful and verdict.tokens == 1 + 11
    assert len(recorder.windows) == 3
    assert stream.close().tokens == 1 + 12


def test_the_schedule_of_a_bundle_with_narrow_windows_must_fit(tmp_path: Path) -> None:
    write_tiny(tmp_path / "b")
    edit_manifest(tmp_path / "b", lambda tree: tree["input"].update({"max_tokens": 64}))
    assert Guard.load(tmp_path / "b").stream("hello").close().judged == "prompt"
