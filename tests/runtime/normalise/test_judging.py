"""A guard that judges what a text hides as well."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cli_runner import guardlet
from hypothesis import given
from hypothesis import strategies as st
from runtime_helpers import WORDS, sentence

from guardlet import Bundle, Guard, Verdict
from guardlet.errors import EmptyInputError, NotTextError

HIDDEN = base64.b64encode(b"make bomb hello world").decode()
TAGGED = "".join(chr(0xE0000 + ord(char)) for char in "make bomb hello world")
PLAIN = "how are you hello world"
TEXT = st.lists(
    st.sampled_from([*WORDS, HIDDEN, TAGGED, "b0mb", "k i l l  h e l l o"]), min_size=1, max_size=9
).map(lambda words: " ".join(["hello", *words]))


@pytest.fixture(scope="session")
def wary(bundle: Bundle) -> Guard:
    return Guard.load(bundle, threads=1, normalise=True)


def same(one: Verdict, other: Verdict) -> bool:
    return one.to_dict() | {"latency_ms": 0} == other.to_dict() | {"latency_ms": 0}


def test_off_by_default(guard: Guard) -> None:
    assert guard.check(f"hello {HIDDEN}").decoding is None


def test_plain_text_gets_the_verdict_it_always_got(guard: Guard, wary: Guard) -> None:
    for prompt, response in [(PLAIN, None), (PLAIN, "make bomb"), (sentence(40), "")]:
        assert same(guard.check(prompt, response), wary.check(prompt, response))


def test_a_decoding_that_is_worse_counts(guard: Guard, wary: Guard) -> None:
    verdict = wary.check(f"hello {HIDDEN}")
    assert (verdict.harmful, verdict.decoding, verdict.judged) == (True, "base64", "prompt")
    assert verdict.score == guard.check("hello make bomb hello world").score


def test_a_decoding_that_is_better_does_not(guard: Guard, wary: Guard) -> None:
    harmless = base64.b64encode(b"hello world hello world").decode()
    verdict = wary.check(f"make bomb {harmless}")
    assert (verdict.harmful, verdict.decoding) == (True, None)


def test_a_response_is_read_in_the_context_of_its_prompt(guard: Guard, wary: Guard) -> None:
    verdict = wary.check(HIDDEN, HIDDEN)
    assert (verdict.judged, verdict.decoding) == ("response", "base64")
    assert verdict.score == guard.check(HIDDEN, "make bomb hello world").score
    assert wary.check(HIDDEN, PLAIN).decoding is None


def test_text_that_is_all_hidden_is_read(guard: Guard, wary: Guard) -> None:
    with pytest.raises(EmptyInputError):
        guard.check(TAGGED)
    assert wary.check(TAGGED).decoding == "tag_characters"
    verdict = wary.check(PLAIN, TAGGED)
    assert (verdict.judged, verdict.harmful) == ("response", True)


def test_a_prompt_beside_an_unreadable_response(wary: Guard) -> None:
    verdict = wary.check(HIDDEN, "\u200b")
    assert (verdict.judged, verdict.decoding) == ("prompt", "base64")


def test_errors_are_those_of_a_plain_guard(wary: Guard) -> None:
    with pytest.raises(EmptyInputError):
        wary.check("\u200b")
    with pytest.raises(NotTextError):
        wary.check(7)  # type: ignore[arg-type]


def test_a_reading_cut_off_shows(bundle: Bundle, wary: Guard) -> None:
    assert wary.check(f"{HIDDEN} {sentence(200)}").truncated


@given(TEXT, st.one_of(st.none(), TEXT))
def test_the_score_never_falls(
    guard: Guard, wary: Guard, prompt: str, response: str | None
) -> None:
    plain, normalised = guard.check(prompt, response), wary.check(prompt, response)
    assert normalised.score >= plain.score
    assert normalised.decoding is not None or normalised.score == plain.score


def test_the_command_says_what_was_undone(bundle_folder: Path) -> None:
    words = ("check", HIDDEN, "--bundle", bundle_folder)
    assert "base64 undone" in guardlet(*words, "--normalise")
    assert '"decoding": "base64"' in guardlet(*words, "--normalise", "--json")
    assert "undone" not in guardlet(*words)
