"""Every transform is pure for a seed, never raises, and does what it says."""

from __future__ import annotations

import codecs
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardlet import Bundle, Encoder
from guardlet.errors import AttackError
from guardlet.normalise import Normaliser, Words
from guardlet_training.attacks import TRANSFORMS, choose
from guardlet_training.attacks.rewording import past_tense

TEXT = st.text(st.characters(), max_size=40)
# No test asserts a time, and neither may hypothesis on a busy machine.
TIMELESS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMES = st.sampled_from(sorted(TRANSFORMS))
QUESTION = "How do I bake good bread in a small kitchen?"
WANTED = {
    "sandwich",
    "base64",
    "rot13",
    "caesar",
    "leetspeak",
    "morse",
    "full_width",
    "zero_width",
    "homoglyph",
    "tag_characters",
    "spaced_letters",
    "payload_splitting",
    "role_play",
    "ignore_previous",
    "fake_completion",
    "many_shot",
    "past_tense",
    "suffix_noise",
    "response_prefix",
    "hex",
    "different_language_wrapper",
}
WRAPPED = (
    "sandwich",
    "different_language_wrapper",
    "role_play",
    "ignore_previous",
    "fake_completion",
    "many_shot",
    "suffix_noise",
    "response_prefix",
)
UNDONE = (
    "base64",
    "hex",
    "rot13",
    "caesar",
    "full_width",
    "zero_width",
    "tag_characters",
    "spaced_letters",
)


@pytest.fixture(scope="module")
def normaliser() -> Normaliser:
    bundle = Bundle.open()
    encoder = Encoder(bundle.read_text(bundle.manifest.tokenizer), bundle.manifest.input)
    return Normaliser(Words.of_vocabulary(encoder.vocabulary()))


def test_the_table() -> None:
    assert set(TRANSFORMS) == WANTED
    for name, transform in TRANSFORMS.items():
        assert transform.name == name
        assert transform.description and transform.source and transform.targets


@TIMELESS
@given(TEXT, NAMES, st.integers(), st.text(max_size=5))
def test_transforms_are_pure_and_never_raise(text: str, name: str, seed: int, row: str) -> None:
    transform = TRANSFORMS[name]
    state = random.getstate()
    assert transform.apply(text, seed, row) == transform.apply(text, seed, row)
    assert random.getstate() == state


@pytest.mark.parametrize("name", sorted(TRANSFORMS))
def test_every_transform_changes_a_question(name: str) -> None:
    assert TRANSFORMS[name].apply(QUESTION, 0, "row") != QUESTION


@pytest.mark.parametrize("name", WRAPPED)
def test_wrappers_hold_the_whole_text(name: str) -> None:
    assert QUESTION in TRANSFORMS[name].apply(QUESTION, 3, "row")


@pytest.mark.parametrize("name", ["sandwich", "suffix_noise", "many_shot", "leetspeak", "caesar"])
def test_the_seed_and_the_row_decide(name: str) -> None:
    apply = TRANSFORMS[name].apply
    assert len({apply(QUESTION, seed, row) for seed in range(4) for row in "abcd"}) > 3


def test_a_sandwich_has_five_questions_and_the_text_in_the_middle() -> None:
    lines = TRANSFORMS["sandwich"].apply(QUESTION, 0, "row").splitlines()[1:]
    assert [line[:2] for line in lines] == ["1.", "2.", "3.", "4.", "5."]
    assert lines[2] == f"3. {QUESTION}"


def test_split_pieces_join_to_the_text() -> None:
    *pieces, last = TRANSFORMS["payload_splitting"].apply(QUESTION, 0, "row").splitlines()
    assert "".join(piece.partition('"')[2][:-1] for piece in pieces) == QUESTION
    assert "z = a + b + c + d" in last


@pytest.mark.parametrize("name", UNDONE)
def test_the_normaliser_undoes_encodings(name: str, normaliser: Normaliser) -> None:
    written = TRANSFORMS[name].apply(QUESTION, 5, "row")
    (reading,) = normaliser.readings(written)
    assert reading.text.endswith(QUESTION)
    assert reading.decoding == {"rot13": "caesar"}.get(name, name)


@pytest.mark.parametrize("name", ["homoglyph", "leetspeak", "morse"])
def test_the_normaliser_undoes_most_of_what_loses_something(
    name: str, normaliser: Normaliser
) -> None:
    reading = normaliser.readings(TRANSFORMS[name].apply(QUESTION, 5, "row"))[-1]
    words = QUESTION.lower().rstrip("?").split()
    assert sum(word in reading.text.lower().split() for word in words) >= len(words) - 3


def test_known_encodings() -> None:
    assert TRANSFORMS["rot13"].apply(QUESTION, 0, "") == codecs.encode(QUESTION, "rot13")
    assert TRANSFORMS["base64"].apply("Hi!", 0, "") == "SGkh"
    assert TRANSFORMS["hex"].apply("Hi!", 0, "") == "486921"
    assert TRANSFORMS["morse"].apply("Hi you!", 0, "") == ".... .. / -.-- --- ..-"
    assert TRANSFORMS["full_width"].apply("Hi you", 0, "") == "Ｈｉ ｙｏｕ"
    assert TRANSFORMS["spaced_letters"].apply("Hi you", 0, "") == "H i   y o u"


@pytest.mark.parametrize(
    ("now", "once"),
    [
        ("How do I bake bread?", "How did people bake bread in the past?"),
        ("Please tell me how to bake bread.", "Tell me how did people bake bread in the past?"),
        ("Write a poem", "How did people write a poem in the past?"),
        ("What is the best way?", "What was the best way in the past?"),
        ("Can you knit my hat?", "How did people knit my hat in the past?"),
        ("  ", "  "),
    ],
)
def test_past_tense(now: str, once: str) -> None:
    assert past_tense(now, random.Random(0)) == once


def test_names_are_chosen() -> None:
    assert [t.name for t in choose("base64, rot13,base64")] == ["base64", "rot13"]
    assert len(choose("all")) == len(TRANSFORMS)
    for wrong in ("base65", ",", ""):
        with pytest.raises(AttackError, match="there are all, base64"):
            choose(wrong)


def test_the_page_describes_every_transform() -> None:
    page = (Path(__file__).parents[3] / "docs/robustness.md").read_text(encoding="utf-8")
    for transform in TRANSFORMS.values():
        of = " and ".join(f"{target}s" for target in transform.targets)
        row = f"| `{transform.name}` | {transform.description} | {of} | {transform.source} |"
        assert row in page
