package dev.guardlet

import kotlinx.serialization.json.JsonObject

/** A file of the bundle: POSIX path relative to its folder, size in bytes, SHA-256 in hex. */
data class FileEntry(val path: String, val bytes: Long, val sha256: String)

/**
 * One model in one engine's format. `entry` is the file or folder the engine opens, `files` every
 * file it consists of, `maxLength` the longest window in tokens it accepts.
 */
data class Artifact(
    val id: String,
    val engine: String,
    val precision: String,
    val entry: String,
    val files: List<FileEntry>,
    val maxLength: Int,
    val requires: Map<String, String>,
    val parity: JsonObject,
)

/** What guardlet.json says, as far as a runtime needs it. */
data class Manifest(
    val name: String,
    val version: String,
    val license: String,
    val description: String,
    val languages: List<String>,
    val labels: List<String>,
    val input: InputRules,
    val score: ScoreRules,
    val tokenizer: FileEntry,
    val artifacts: List<Artifact>,
    val vectors: FileEntry,
    val card: FileEntry,
) {
    /** `name@version`, as verdicts name the bundle. */
    val label: String get() = "$name@$version"

    /** Every file the bundle must hold beside guardlet.json. */
    val files: List<FileEntry> get() = listOf(tokenizer, vectors, card) + artifacts.flatMap { it.files }
}
