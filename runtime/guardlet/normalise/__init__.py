"""Decode, then score: what a text hides is judged as well as the text itself."""

from guardlet.normalise.judging import worst_reading
from guardlet.normalise.normaliser import DEFAULT_PARTS, PARTS, Normaliser, Reading
from guardlet.normalise.words import Words

__all__ = ["DEFAULT_PARTS", "PARTS", "Normaliser", "Reading", "Words", "worst_reading"]
