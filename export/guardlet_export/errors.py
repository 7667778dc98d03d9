"""Errors of the export that callers may want to tell apart."""

from guardlet.errors import BundleError, GuardletError


class ModelError(GuardletError):
    """The model to export is missing, unreadable, or no classifier a guard can be made of."""


class UnsupportedModelError(ModelError):
    """The model is of a kind, or has a setting, that cannot be exported; the message names it."""


class ParityError(BundleError):
    """An artifact differs from the PyTorch reference by more than its tolerance or gate allows."""
