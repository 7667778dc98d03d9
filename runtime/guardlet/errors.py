"""Every error Guardlet raises. None of them ever carries a user's text."""


class GuardletError(Exception):
    """Base of all errors raised by Guardlet."""


class BundleError(GuardletError):
    """A bundle cannot be used."""


class BundleNotFoundError(BundleError):
    """The folder, or its guardlet.json, does not exist."""


class ManifestError(BundleError):
    """guardlet.json, or a text file it names, is not in the form the format asks for."""


class FormatVersionError(BundleError):
    """The bundle's format version is not one this library reads."""


class UnsafePathError(BundleError):
    """The manifest names a file outside the bundle, or reaches one through a link."""


class MissingFileError(BundleError):
    """A file the manifest names is not in the bundle."""


class SizeMismatchError(BundleError):
    """A file is larger or smaller than the manifest declares."""


class IntegrityError(BundleError):
    """A file's SHA-256 differs from the manifest's."""


class BundleExistsError(BundleError):
    """The place a bundle should be written to is already taken."""


class BundleWriteError(BundleError):
    """A bundle cannot be written: the disk is full, or the place cannot be written to."""


class EngineError(GuardletError):
    """An engine is unknown, not installed, absent from the bundle, or failed."""


class DeviceError(GuardletError):
    """A device that was to be measured is missing, refuses, fails, or went away."""


class OperatingPointError(GuardletError):
    """The bundle has no operating point of that name."""


class NormaliserError(GuardletError):
    """The normaliser has no part of that name."""


class InputError(GuardletError):
    """What was given to a check is not something a guard can judge."""


class NotTextError(InputError, TypeError):
    """A prompt or response is not a string."""


class EmptyInputError(InputError, ValueError):
    """Neither prompt nor response holds anything the tokenizer can read."""


class StreamError(InputError):
    """A stream is closed, its schedule does not fit the bundle, or a state is not one of it."""


class DataError(GuardletError):
    """A data file is missing, unreadable, or has a row of the wrong shape."""


class RecipeError(GuardletError):
    """A recipe is unreadable or names something that does not exist."""


class AttackError(GuardletError):
    """There is no attack of that name, or no row that it could be tried on."""


class TeacherError(GuardletError):
    """A teacher cannot be loaded, or says neither safe nor unsafe."""


class OutputError(GuardletError):
    """The folder results should go to is taken, in use, or cannot be written to."""


class BackendError(GuardletError):
    """A language model cannot be opened, does not answer, or cannot do what is asked of it."""
