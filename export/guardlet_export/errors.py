"""Errors of the export that callers may want to tell apart."""

from guardlet.errors import GuardletError


class UnsupportedModelError(GuardletError):
    """The model has a setting the fast DeBERTa graph does not compute; the message names it."""


class VocabularyError(GuardletError):
    """The vocabulary cannot be trimmed as asked; the message says what to give instead."""
