package dev.guardlet

import dev.guardlet.manifest.MANIFEST_FILE
import dev.guardlet.manifest.malformed
import dev.guardlet.manifest.parseManifest
import java.io.File
import java.io.InputStream
import java.nio.Buffer
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.charset.CharacterCodingException
import java.nio.file.FileSystemException
import java.nio.file.Files
import java.nio.file.LinkOption.NOFOLLOW_LINKS
import java.nio.file.Path
import java.nio.file.attribute.BasicFileAttributes
import java.security.MessageDigest

/** An opened bundle: its folder and manifest. Files are read through it, and checked. */
class Bundle private constructor(val folder: File, val manifest: Manifest) {
    /**
     * The checked content of a file, on the heap.
     *
     * Raises UnsafePathError, MissingFileError, SizeMismatchError or IntegrityError.
     */
    fun read(entry: FileEntry): ByteArray {
        val content = ByteBuffer.allocate(sizeInMemory(entry))
        readChecked(entry, content::put)
        return content.array()
    }

    /** The checked content of a UTF-8 file. Raises as `read` does, or ManifestError. */
    fun readText(entry: FileEntry): String = utf8(read(entry), entry.path)

    /** The checked content of a file outside the heap, in native order. Raises as `read` does. */
    fun readDirect(entry: FileEntry): ByteBuffer {
        val content = ByteBuffer.allocateDirect(sizeInMemory(entry)).order(ByteOrder.nativeOrder())
        readChecked(entry, content::put)
        flip(content)
        return content
    }

    /** Of Buffer: ByteBuffer's own `flip` is younger than Android 8. */
    private fun flip(buffer: Buffer) {
        buffer.flip()
    }

    /** Checks a file in constant memory. Raises as `read` does. */
    fun check(entry: FileEntry) = readChecked(entry) { _, _, _ -> }

    private fun sizeInMemory(entry: FileEntry): Int {
        locate(entry)
        if (entry.bytes > Int.MAX_VALUE) throw EngineError("${entry.path} is too large to be loaded")
        return entry.bytes.toInt()
    }

    private fun readChecked(entry: FileEntry, take: (ByteArray, Int, Int) -> Unit) {
        Files.newInputStream(locate(entry)).use { copyChecked(entry, it, take) }
    }

    /** The file's path, after a look at every part of it for links. */
    private fun locate(entry: FileEntry): Path {
        var path = folder.toPath()
        for (part in entry.path.split('/')) {
            path = path.resolve(part)
            if (attributes(path, entry).isSymbolicLink) {
                throw UnsafePathError("${entry.path} goes through a link; do not use this bundle")
            }
        }
        val found = attributes(path, entry)
        if (!found.isRegularFile) {
            throw UnsafePathError("${entry.path} is not a regular file; do not use this bundle")
        }
        if (found.size() != entry.bytes) throw sizeError(entry)
        return path
    }

    private fun attributes(path: Path, entry: FileEntry): BasicFileAttributes = try {
        Files.readAttributes(path, BasicFileAttributes::class.java, NOFOLLOW_LINKS)
    } catch (_: FileSystemException) {
        throw MissingFileError("${entry.path} is missing from $folder; get the bundle again")
    }

    companion object {
        private const val MAX_MANIFEST_BYTES = 4 shl 20

        /**
         * Reads and validates guardlet.json of `folder`.
         *
         * Raises BundleNotFoundError, ManifestError, FormatVersionError or UnsafePathError.
         */
        @JvmStatic
        fun open(folder: File): Bundle {
            val file = folder.toPath().resolve(MANIFEST_FILE)
            if (!Files.isRegularFile(file)) {
                throw BundleNotFoundError(
                    "$folder holds no $MANIFEST_FILE; give the folder of a Guardlet bundle",
                )
            }
            if (Files.isSymbolicLink(file)) {
                throw UnsafePathError("$MANIFEST_FILE is a link; do not use this bundle")
            }
            if (Files.size(file) > MAX_MANIFEST_BYTES) {
                throw malformed("larger than $MAX_MANIFEST_BYTES bytes")
            }
            return Bundle(folder.canonicalFile, parseManifest(utf8(Files.readAllBytes(file), "")))
        }
    }
}

/** Raises ManifestError naming the file, where it is not guardlet.json itself. */
internal fun utf8(content: ByteArray, path: String): String = try {
    content.decodeToString(throwOnInvalidSequence = true)
} catch (_: CharacterCodingException) {
    throw malformed("$path not UTF-8".trim())
}

/** Hands `stream` on in pieces while it keeps to what `entry` declares, and compares its hash. */
internal fun copyChecked(entry: FileEntry, stream: InputStream, take: (ByteArray, Int, Int) -> Unit) {
    val digest = MessageDigest.getInstance("SHA-256")
    val chunk = ByteArray(CHUNK)
    var left = entry.bytes
    while (true) {
        val count = stream.read(chunk)
        if (count < 0) break
        left -= count
        if (left < 0) throw sizeError(entry)
        digest.update(chunk, 0, count)
        take(chunk, 0, count)
    }
    if (left > 0) throw sizeError(entry)
    if (digest.digest().joinToString("") { "%02x".format(it) } != entry.sha256) {
        throw IntegrityError("${entry.path} was altered (SHA-256 differs); get the bundle again")
    }
}

private fun sizeError(entry: FileEntry) = SizeMismatchError(
    "${entry.path} is not ${entry.bytes} bytes long as declared; get the bundle again",
)

private const val CHUNK = 1 shl 20
