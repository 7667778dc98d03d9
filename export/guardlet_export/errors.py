"""Errors of the export that callers may want to tell apart."""

from guardlet.errors import BundleError, GuardletError


class VocabularyError(GuardletError):
    """The vocabulary cannot be trimmed as asked; the message says what to give instead."""


class ModelError(GuardletError):
    """The model to export is missing, unreadable, or no classifier a guard can be made of."""


class UnsupportedModelError(ModelError):
    """The model is of a kind, or has a setting, that cannot be exported; the message names it."""


class ParityError(BundleError):
    """An artifact differs from the PyTorch reference by more than its tolerance or gate allows."""


class ThawError(BundleError):
    """A bundle's weights cannot be made trainable again; the message says what to give instead."""
