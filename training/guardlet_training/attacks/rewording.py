"""The text in other words, or with words around it."""

from __future__ import annotations

import random
import re
import string

from guardlet_training.attacks.transform import Transform

_POLITE = re.compile(r"^(?:please|(?:can|could|would|will) you(?: please)?)\s+", re.IGNORECASE)
_HOW = re.compile(
    r"\bhow (?:(?:do|does|can|could|should|would|might) (?:i|you|we|one|someone|people)|to)\b",
    re.IGNORECASE,
)
_PAST = {
    "is": "was",
    "are": "were",
    "am": "was",
    "do": "did",
    "does": "did",
    "can": "could",
    "will": "would",
    "has": "had",
    "have": "had",
    "should": "had to",
    "i": "people",
    "my": "their",
    "me": "them",
}
_PRESENT = re.compile(rf"\b(?:{'|'.join(_PAST)})\b", re.IGNORECASE)
_QUESTION = re.compile(
    r"^(?:what|who|whom|whose|why|when|where|which|is|are|do|does|did|can|was)\b", re.IGNORECASE
)
_NOISE = string.ascii_letters + string.digits + "!?.,;:()[]{}<>/\\*+-=_#@%&|~^"
_NOISE_WORDS = 12
_PREFIXES = (
    "Sure, here is what you asked for:",
    "Sure, here is a step-by-step answer:",
    "Absolutely! Here is the full answer.",
    "Of course. As requested:",
)


def past_tense(text: str, _: random.Random) -> str:
    """A question about how it was done once. A few rules; not every sentence comes out well."""
    asked = _POLITE.sub("", text.strip())
    if not asked:
        return text
    how, count = _HOW.subn("how did people", asked)
    if count:
        moved = how
    elif _QUESTION.match(asked):
        moved = _PRESENT.sub(lambda match: _PAST[match[0].lower()], asked)
    else:
        moved = f"how did people {asked[0].lower()}{asked[1:]}"
    ended = moved.rstrip(" .?!")
    return f"{ended[:1].upper()}{ended[1:]} in the past?"


def suffix_noise(text: str, rng: random.Random) -> str:
    """Random characters at the end, which look like a suffix found by a search but are not one."""
    words = ("".join(rng.choices(_NOISE, k=rng.randint(2, 9))) for _ in range(_NOISE_WORDS))
    return f"{text} {' '.join(words)}"


def response_prefix(text: str, rng: random.Random) -> str:
    return f"{rng.choice(_PREFIXES)}\n{text}"


REWORDING = (
    Transform(
        "past_tense",
        "as a question about the past, by rules",
        "arXiv 2407.11969",
        past_tense,
        ("prompt",),
    ),
    Transform(
        "suffix_noise",
        "random characters at the end",
        "after GCG, arXiv 2307.15043, without its search",
        suffix_noise,
    ),
    Transform(
        "response_prefix",
        'an affirmative start, "Sure, here is"',
        "Jailbroken, arXiv 2307.02483 (prefix injection)",
        response_prefix,
        ("response",),
    ),
)
