package dev.guardlet

import dev.guardlet.manifest.MANIFEST_FILE
import dev.guardlet.manifest.parseManifest
import java.io.File
import java.io.FileNotFoundException
import java.io.IOException
import java.io.InputStream
import java.nio.file.Files

/**
 * Puts a bundle that is only readable as streams, such as an Android app's assets, into a folder.
 *
 *     val folder = BundleInstaller(filesDir).install { assets.open("guardlet-mini/$it") }
 */
class BundleInstaller(private val parent: File) {
    /**
     * The bundle's folder, `parent/name-version`, with every file checked while it is copied.
     *
     * `open` gives a file of the bundle by its relative path. A folder with the very same manifest
     * is kept as it is; nothing half-written ever has the folder's name. Raises a BundleError or
     * IOException.
     */
    fun install(open: (String) -> InputStream): File {
        val manifestBytes = stream(open, MANIFEST_FILE) { throw BundleNotFoundError("no $it is given") }
            .use { it.readBytes() }
        val manifest = parseManifest(utf8(manifestBytes, ""))
        val target = File(parent, "${manifest.name}-${manifest.version}")
        val installed = File(target, MANIFEST_FILE)
        if (installed.isFile && installed.readBytes() contentEquals manifestBytes) return target
        parent.mkdirs()
        val staging = Files.createTempDirectory(parent.toPath(), ".guardlet").toFile()
        try {
            for (entry in manifest.files) copy(entry, staging, open)
            File(staging, MANIFEST_FILE).writeBytes(manifestBytes)
            target.deleteRecursively()
            if (!staging.renameTo(target)) throw IOException("cannot rename a folder to $target")
        } finally {
            staging.deleteRecursively()
        }
        return target
    }

    private fun copy(entry: FileEntry, staging: File, open: (String) -> InputStream) {
        val file = File(staging, entry.path)
        file.parentFile?.mkdirs()
        val source = stream(open, entry.path) { throw MissingFileError("$it is missing; get the bundle again") }
        source.use { input ->
            file.outputStream().use { output -> copyChecked(entry, input, output::write) }
        }
    }

    private fun stream(
        open: (String) -> InputStream,
        path: String,
        missing: (String) -> Nothing,
    ): InputStream = try {
        open(path)
    } catch (_: FileNotFoundException) {
        missing(path)
    }
}
