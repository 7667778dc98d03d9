"""The stage in front of the guard: a text as it stands, and as what it may hide.

Specified in docs/bundle-format.md, section "Normalisation".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from guardlet.errors import NormaliserError
from guardlet.normalise import hygiene, spans, substitution
from guardlet.normalise.words import Words

Part = Callable[[str, Words], str]

PARTS: Mapping[str, Part] = {
    "tag_characters": hygiene.tag_characters,
    "zero_width": hygiene.zero_width,
    "full_width": hygiene.full_width,
    "homoglyph": hygiene.homoglyph,
    "base64": spans.base64_text,
    "hex": spans.hexadecimal,
    "morse": spans.morse,
    "spaced_letters": spans.spaced_letters,
    "leetspeak": substitution.leetspeak,
    "caesar": substitution.caesar,
}
STEPS: tuple[tuple[str, ...], ...] = (
    ("tag_characters", "zero_width", "full_width", "homoglyph"),
    ("base64", "hex", "morse", "spaced_letters"),
    ("leetspeak",),
    ("caesar",),
)
DEFAULT_PARTS = frozenset(PARTS)


@dataclass(frozen=True)
class Reading:
    """What a text may hide, and the parts that found it, joined by `+`."""

    text: str
    decoding: str


class Normaliser:
    """Pure and thread-safe; keeps no text."""

    def __init__(self, words: Words, parts: Collection[str] = DEFAULT_PARTS) -> None:
        """`words` tell decodings from noise. Raises NormaliserError for an unknown part."""
        if unknown := sorted(set(parts) - PARTS.keys()):
            raise NormaliserError(
                f"no part {', '.join(unknown)} of the normaliser; there are {', '.join(PARTS)}"
            )
        self._words = words
        self.parts = tuple(name for name in PARTS if name in parts)
        self._steps = tuple(
            tuple((name, PARTS[name]) for name in step if name in self.parts) for step in STEPS
        )

    def readings(self, text: str) -> tuple[Reading, ...]:
        """None for plain text, else one after each step that changed the text: at most four."""
        found: list[Reading] = []
        fired: list[str] = []
        for step in self._steps:
            before = text
            for name, part in step:
                decoded = part(text, self._words)
                if decoded != text:
                    fired.append(name)
                    text = decoded
            if text != before:
                found.append(Reading(text, "+".join(fired)))
        return tuple(found)
