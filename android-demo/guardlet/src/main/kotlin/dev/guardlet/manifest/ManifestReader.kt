package dev.guardlet.manifest

import dev.guardlet.Artifact
import dev.guardlet.FileEntry
import dev.guardlet.FormatVersionError
import dev.guardlet.InputRules
import dev.guardlet.LanguageRules
import dev.guardlet.Manifest
import dev.guardlet.ManifestError
import dev.guardlet.OperatingPoint
import dev.guardlet.ScoreRules
import dev.guardlet.UnsafePathError
import dev.guardlet.resource
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.double
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import java.math.BigInteger

internal const val MANIFEST_FILE = "guardlet.json"
private const val SCHEMA = "/dev/guardlet/manifest/schema.json"
private val FORMAT_VERSION = BigInteger.ONE

/** Raises FormatVersionError, UnsafePathError or ManifestError, each naming the bad key. */
internal fun parseManifest(text: String): Manifest {
    val tree = try {
        StrictJson.parse(text)
    } catch (error: JsonError) {
        throw malformed("not valid JSON: ${error.message}")
    }
    checkFormat(tree)
    checkSchema(tree)
    return try {
        build(tree.jsonObject).also(::checkConsistency)
    } catch (error: IllegalArgumentException) {
        throw malformed(error.message.orEmpty())
    }
}

internal fun malformed(reason: String) =
    ManifestError("$MANIFEST_FILE: $reason; get the bundle again or export it again")

private fun checkFormat(tree: JsonElement) {
    val value = (tree as? JsonObject)?.get("format_version")?.takeIf(StrictJson::isInteger)
    val version = value?.jsonPrimitive?.content?.toBigInteger()
        ?: throw malformed("no integer format_version")
    if (version != FORMAT_VERSION) {
        val remedy = if (version > FORMAT_VERSION) "update guardlet" else "export the bundle again"
        throw FormatVersionError(
            "the bundle has format $version, this library reads format $FORMAT_VERSION: $remedy",
        )
    }
}

private fun checkSchema(tree: JsonElement) {
    val (where, keyword, definition) = schema().firstViolation(tree) ?: return
    if (keyword == "pattern" && definition == "path") {
        throw UnsafePathError(
            "$MANIFEST_FILE: $where is not a plain path inside the bundle; do not use this bundle",
        )
    }
    throw malformed("$where breaks the schema ($keyword)")
}

private fun schema() =
    JsonSchema(StrictJson.parse(resource(SCHEMA).use { it.readBytes().decodeToString() }).jsonObject)

private fun build(tree: JsonObject): Manifest {
    val labels = tree.member("labels")
    val harmful = labels.int("harmful")
    require(harmful < labels.texts("names").size) { "labels/harmful is not an index into labels/names" }
    return Manifest(
        name = tree.text("name"),
        version = tree.text("version"),
        license = tree.text("license"),
        description = tree.text("description"),
        languages = tree.texts("languages"),
        labels = labels.texts("names"),
        input = inputRules(tree.member("input")),
        score = scoreRules(tree.member("score"), harmful),
        tokenizer = fileEntry(tree.member("tokenizer")),
        artifacts = tree.getValue("artifacts").jsonArray.map { artifact(it.jsonObject) },
        vectors = fileEntry(tree.member("vectors")),
        card = fileEntry(tree.member("card")),
    )
}

private fun inputRules(tree: JsonObject) = InputRules(
    maxTokens = tree.int("max_tokens"),
    stride = tree.int("stride"),
    maxWindows = tree.int("max_windows"),
    promptBudget = tree.int("prompt_budget"),
    maxChars = tree.int("max_chars"),
    start = tree.ints("start"),
    middle = tree.ints("middle"),
    end = tree.ints("end"),
    pad = tree.int("pad"),
    responseType = tree.int("response_type"),
    language = (tree.getValue("language") as? JsonObject)?.let(::languageRules),
)

private fun languageRules(tree: JsonObject) =
    LanguageRules(tree.int("min_tokens"), tree.number("max_foreign"), tree.number("max_continuations"))

private fun scoreRules(tree: JsonObject, harmful: Int): ScoreRules {
    val points = tree.member("operating_points").mapValues { (name, value) ->
        val point = value.jsonObject
        OperatingPoint(
            threshold = point.number("threshold"),
            controversial = point.number("controversial"),
            rule = point.text("rule"),
            fittedOn = point.texts("fitted_on"),
        ).also {
            require(it.controversial <= it.threshold) {
                "operating point $name: controversial exceeds threshold"
            }
        }
    }
    val bias = if ("response_bias" in tree) tree.number("response_bias") else 0.0
    return ScoreRules(tree.number("temperature"), harmful, points, bias)
}

private fun fileEntry(tree: JsonObject) =
    FileEntry(tree.text("path"), tree.number("bytes").toLong(), tree.text("sha256"))

private fun artifact(tree: JsonObject) = Artifact(
    id = tree.text("id"),
    engine = tree.text("engine"),
    precision = tree.text("precision"),
    entry = tree.text("entry"),
    files = tree.getValue("files").jsonArray.map { fileEntry(it.jsonObject) },
    maxLength = tree.int("max_length"),
    requires = tree.member("requires").mapValues { it.value.jsonPrimitive.content },
    parity = tree.member("parity"),
)

private fun checkConsistency(manifest: Manifest) {
    val paths = manifest.files.map { it.path }
    require(paths.distinct().size == paths.size) { "a file is listed twice" }
    val ids = manifest.artifacts.map { it.id }
    require(ids.distinct().size == ids.size) { "two artifacts share an id" }
    for (artifact in manifest.artifacts) {
        require(artifact.files.any { it.path == artifact.entry || it.path.startsWith(artifact.entry + "/") }) {
            "artifact ${artifact.id}: entry is not among its files"
        }
        require(artifact.maxLength >= manifest.input.maxTokens) {
            "artifact ${artifact.id}: max_length is below input/max_tokens"
        }
    }
}

private fun JsonObject.member(key: String): JsonObject = getValue(key).jsonObject

private fun JsonObject.text(key: String): String = getValue(key).jsonPrimitive.content

private fun JsonObject.texts(key: String): List<String> =
    getValue(key).jsonArray.map { it.jsonPrimitive.content }

private fun JsonObject.number(key: String): Double = getValue(key).jsonPrimitive.double

/** Saturates: no rule of a manifest means anything near the limits of an Int. */
private fun JsonObject.int(key: String): Int = number(key).toInt()

private fun JsonObject.ints(key: String): List<Int> =
    getValue(key).jsonArray.map { it.jsonPrimitive.double.toInt() }
