"""Hidden, wide and look-alike characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from normalise_helpers import WORDS

from guardlet.normalise.hygiene import full_width, homoglyph, tag_characters, zero_width

STRANGE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("aeo \u0430\u0435\u043e\u200b\uff41\U0001d41a\U000e0061\U000e007f"),
    ),
    max_size=60,
)


def clean(text: str) -> str:
    for part in (tag_characters, zero_width, full_width, homoglyph):
        text = part(text, WORDS)
    return text


@given(STRANGE)
def test_hygiene_is_idempotent(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_is_clean(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Привет, как дела? Это обычный текст о саде.",
        "Πώς είσαι σήμερα;",
        "QR-код и Python в одном тексте",
        "naïve café, 3 × 4 = 12… 20 °C ½",
        "東京タワーへ行きたい。",
        "我想学做饭，请帮我！",
        "En yakın eczane nerede? Işık açık mı?",
    ],
)
def test_ordinary_text_of_any_script_stays(text: str) -> None:
    assert clean(text) == text


def test_a_word_of_look_alikes_is_folded_beside_a_mixed_one_only() -> None:
    alike = "\u0430\u0441\u0435"  # "ace" in Cyrillic letters
    assert homoglyph(alike, WORDS) == alike
    assert homoglyph(f"br\u0435ad {alike}", WORDS) == "bread ace"
    assert homoglyph(f"br\u0435ad {alike}\u0436", WORDS) == f"bread {alike}\u0436"


def test_what_each_part_undoes() -> None:
    assert tag_characters("a\U000e0068\U000e0069\U000e007f", WORDS) == "ahi\U000e007f"
    assert zero_width("h\u200bo\u2060w\ufeff\u00ad", WORDS) == "how"
    assert full_width("\uff48\uff4f\uff57\uff1f \U0001d421\u24de\ufb01", WORDS) == "how? hofi"
