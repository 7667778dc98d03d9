package dev.guardlet

import dev.guardlet.manifest.JsonError
import dev.guardlet.manifest.StrictJson
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.double
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

/**
 * One golden case: what a bundle must answer. `windows` pairs ids and type ids, `verdicts` holds
 * the level at each operating point, `score` the fp32 PyTorch reference.
 */
data class Vector(
    val id: String,
    val prompt: String,
    val response: String?,
    val judged: Judged,
    val tokens: Int,
    val truncated: Boolean,
    val languageSupported: Boolean,
    val windows: List<Pair<List<Int>, List<Int>>>,
    val score: Double,
    val verdicts: Map<String, Level>,
) {
    /** Whether windows, ids, types and flags are exactly those recorded. */
    fun matches(encoding: Encoding): Boolean =
        windows == encoding.windows.map { it.ids to it.typeIds } &&
            judged == encoding.judged && tokens == encoding.tokens && truncated == encoding.truncated &&
            languageSupported == encoding.languageSupported
}

/** From JSON Lines. Raises ManifestError naming the line that is malformed. */
fun parseVectors(text: String): List<Vector> = text.split('\n').withIndex()
    .filter { it.value.isNotEmpty() }
    .map { (index, line) ->
        try {
            vector(StrictJson.parse(line).jsonObject)
        } catch (_: JsonError) {
            throw malformed(index + 1)
        } catch (_: IllegalArgumentException) {
            throw malformed(index + 1)
        } catch (_: NoSuchElementException) {
            throw malformed(index + 1)
        }
    }

private fun malformed(line: Int) = ManifestError("golden vectors: line $line is malformed")

private fun vector(tree: JsonObject) = Vector(
    id = tree.text("id"),
    prompt = tree.text("prompt"),
    response = tree.getValue("response").takeUnless { it is JsonNull }?.jsonPrimitive?.content,
    judged = Judged.valueOf(tree.text("judged").uppercase()),
    tokens = tree.getValue("tokens").jsonPrimitive.int,
    truncated = tree.getValue("truncated").jsonPrimitive.boolean,
    languageSupported = tree.getValue("language_supported").jsonPrimitive.boolean,
    windows = tree.getValue("windows").jsonArray.map { it.jsonObject.ints("ids") to it.jsonObject.ints("type_ids") },
    score = tree.getValue("score").jsonPrimitive.double,
    verdicts = tree.getValue("verdicts").jsonObject.mapValues {
        Level.valueOf(it.value.jsonPrimitive.content.uppercase())
    }.also { it.getValue(Guard.DEFAULT_OPERATING_POINT) },
)

private fun JsonObject.text(key: String): String = getValue(key).jsonPrimitive.content

private fun JsonObject.ints(key: String): List<Int> = getValue(key).jsonArray.map { it.jsonPrimitive.int }
