"""Encodings are undone: every decoder inverts its encoding and leaves everything else alone."""

from __future__ import annotations

import base64
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from normalise_helpers import SENTENCE, WORDS

from guardlet.normalise.spans import base64_text, hexadecimal, morse, spaced_letters
from guardlet.normalise.substitution import caesar, leetspeak
from guardlet.normalise.tables import morse as morse_codes

KNOWN = ("how", "you", "keep", "the", "bread", "fresh", "what", "hello", "world", "garden")
SENTENCES = st.lists(
    st.sampled_from(KNOWN),
    min_size=6,
    max_size=20,
).map(" ".join)
SURROUND = st.sampled_from(["", "please read this: ", "note\n"])


@given(SENTENCES, SURROUND)
def test_base64(text: str, before: str) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        code = encode(text.encode()).decode()
        assert base64_text(before + code, WORDS) == before + text
        assert base64_text(before + code.rstrip("="), WORDS) == before + text


@given(SENTENCES)
def test_base64_over_several_lines(text: str) -> None:
    long = " ".join([text] * 3)
    assert base64_text(base64.encodebytes(long.encode()).decode(), WORDS) == long + "\n"


@given(SENTENCES, SURROUND, st.sampled_from(["", " ", ":", ", "]))
def test_hexadecimal(text: str, before: str, gap: str) -> None:
    pairs = [f"{byte:02x}" for byte in text.encode()]
    assert hexadecimal(before + gap.join(pairs), WORDS) == before + text
    for mark in ("\\x", "%"):
        assert hexadecimal(before + "".join(mark + pair for pair in pairs), WORDS) == before + text
    assert hexadecimal(" ".join(f"0x{pair}" for pair in pairs), WORDS) == text


@given(SENTENCES, st.sampled_from([" / ", "/", "   ", "\n", " | "]))
def test_morse(text: str, gap: str) -> None:
    codes = morse_codes()
    code = gap.join(" ".join(codes[letter] for letter in word) for word in text.split())
    assert morse(code, WORDS) == text
    assert morse(code.replace(".", "\u00b7").replace("-", "\u2212"), WORDS) == text


@given(SENTENCES, st.sampled_from(".-_*"))
def test_spaced_letters(text: str, point: str) -> None:
    assert spaced_letters(" ".join(text), WORDS) == text
    assert spaced_letters(" ".join(point.join(word) for word in text.split()), WORDS) == text


@given(SENTENCES, st.integers(1, 25))
def test_every_shift_of_the_alphabet(text: str, by: int) -> None:
    letters = string.ascii_lowercase
    line = text.translate(str.maketrans(letters, letters[by:] + letters[:by]))
    assert caesar(f"{line}\n{SENTENCE}", WORDS) == f"{text}\n{SENTENCE}"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("h0w d0 y0u k33p 7h3 br34d fr35h!", "how do you keep the bread fresh!"),
        ("wha7 is h3|lo w0r1d", "what is hello world"),
        ("keep the br34d, 1st row", "keep the bread, ist row"),
        ("the 1st and 2nd of 100 at 5pm", "the 1st and 2nd of 100 at 5pm"),
        ("mp3 and h2o and 4x4", "mp3 and h2o and 4x4"),
    ],
)
def test_leetspeak(written: str, read: str) -> None:
    assert leetspeak(written, WORDS) == read


@pytest.mark.parametrize(
    "text",
    [
        SENTENCE,
        "d41d8cd98f00b204e9800998ecf8427e is the MD5 of nothing",
        "see https://example.org/a/long/path/to/some-file_name-2024.tar.gz",
        "the U.S.A. and the U.K. met at 5 p.m.",
        "Wait... what? -- no - - - yes ......",
        "a b c d e f g h",
        "Wie lange muss ich die Kartoffeln kochen und was braucht man noch dazu?",
        "xqzv wkjh qqpz vvkx zzqw",
    ],
)
def test_what_is_not_encoded_stays(text: str) -> None:
    for part in (base64_text, hexadecimal, morse, spaced_letters, leetspeak, caesar):
        assert part(text, WORDS) == text


def test_bytes_that_are_no_text_stay() -> None:
    noise = base64.b64encode(bytes(range(256))).decode()
    control = base64.b64encode(f"{SENTENCE}\x07".encode()).decode()
    for code in (noise, control, "A" * 17, "ff" * 20):
        assert base64_text(code, WORDS) == code
        assert hexadecimal(code, WORDS) == code


@pytest.mark.parametrize(
    "unit", ["a ", "a", ".- ", "-", "0x41 ", "a" * 60 + "\n", "%41", "4a", "a.", "qz\n", "a     "]
)
def test_long_repetitions_come_to_an_end(unit: str) -> None:
    """Each pattern takes linear time; one that did not would not end here."""
    for part in (base64_text, hexadecimal, morse, spaced_letters, leetspeak, caesar):
        assert isinstance(part(unit * (60_000 // len(unit)), WORDS), str)
