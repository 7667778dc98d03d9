package dev.guardlet

/** Base of all errors raised by Guardlet. None of them ever carries a user's text. */
open class GuardletError(message: String, cause: Throwable? = null) :
    RuntimeException(message, cause)

/** A bundle cannot be used. */
open class BundleError(message: String) : GuardletError(message)

/** The folder, or its guardlet.json, does not exist. */
class BundleNotFoundError(message: String) : BundleError(message)

/** guardlet.json, or a text file it names, is not in the form the format asks for. */
class ManifestError(message: String) : BundleError(message)

/** The bundle's format version is not one this library reads. */
class FormatVersionError(message: String) : BundleError(message)

/** The manifest names a file outside the bundle, or reaches one through a link. */
class UnsafePathError(message: String) : BundleError(message)

/** A file the manifest names is not in the bundle. */
class MissingFileError(message: String) : BundleError(message)

/** A file is larger or smaller than the manifest declares. */
class SizeMismatchError(message: String) : BundleError(message)

/** A file's SHA-256 differs from the manifest's. */
class IntegrityError(message: String) : BundleError(message)

/** An engine is unknown, absent from the bundle, closed, or failed. */
class EngineError(message: String, cause: Throwable? = null) : GuardletError(message, cause)

/** The bundle has no operating point of that name. */
class OperatingPointError(message: String) : GuardletError(message)

/** What was given to a check is not something a guard can judge. */
open class InputError(message: String) : GuardletError(message)

/** Neither prompt nor response holds anything the tokenizer can read. */
class EmptyInputError(message: String) : InputError(message)

/** A stream is closed, its schedule does not fit the bundle, or a state is not one of it. */
class StreamError(message: String) : InputError(message)
