package dev.guardlet.demo

import android.content.Context
import java.io.File
import java.io.IOException

/**
 * The folder on the phone that `benchmark-device --target adb` reads and writes.
 *
 * It holds `benchmark.json` after a run, or `error.txt` with one line, and `bundle/` when a bundle
 * was pushed. A file is complete once it has its name. Raises IOException without external storage.
 */
class BenchmarkFiles(context: Context) {
    private val folder = context.getExternalFilesDir(null) ?: throw IOException("there is no external storage")

    val report = File(folder, "benchmark.json")
    val pushedBundle = File(folder, "bundle")
    private val error = File(folder, "error.txt")

    fun forgetLastRun() {
        report.delete()
        error.delete()
    }

    fun writeReport(json: String) = write(report, json)

    /** `reason` comes from an error of Guardlet's, none of which holds a text. */
    fun writeError(reason: String) = write(error, reason)

    private fun write(file: File, content: String) {
        val partial = File(file.path + ".partial")
        partial.writeText(content)
        if (!partial.renameTo(file)) throw IOException("cannot write ${file.name}")
    }
}
