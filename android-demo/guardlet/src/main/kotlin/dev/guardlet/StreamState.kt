package dev.guardlet

import dev.guardlet.manifest.JsonError
import dev.guardlet.manifest.StrictJson
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.add
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.put
import kotlinx.serialization.json.putJsonArray
import kotlinx.serialization.json.putJsonObject

/** A stream put on paper: what docs/bundle-format.md, section "Streaming", lists. */
internal data class StreamState(
    val bundle: String,
    val operatingPoint: String,
    val prompt: String,
    val schedule: StreamSchedule,
    val text: String,
    val rest: String,
    val surrogate: Char?,
    val waiting: List<Int>,
    val tail: List<Int>,
    val tokens: Int,
    val streak: Int,
    val flagged: Boolean,
) {
    fun toJson(): String = buildJsonObject {
        put("format", FORMAT)
        put("bundle", bundle)
        put("operating_point", operatingPoint)
        put("prompt", prompt)
        putJsonObject("schedule") {
            put("first", schedule.first)
            put("every", schedule.every)
            put("context", schedule.context)
            put("hits", schedule.hits)
        }
        put("text", text)
        put("rest", rest)
        put("surrogate", surrogate?.code)
        putJsonArray("waiting") { waiting.forEach { add(it) } }
        putJsonArray("tail") { tail.forEach { add(it) } }
        put("tokens", tokens)
        put("streak", streak)
        put("flagged", flagged)
    }.toString()

    companion object {
        private const val FORMAT = 1
        private val KEYS = setOf(
            "format", "bundle", "operating_point", "prompt", "schedule", "text", "rest",
            "surrogate", "waiting", "tail", "tokens", "streak", "flagged",
        )
        private val SCHEDULE_KEYS = setOf("first", "every", "context", "hits")

        /** Raises StreamError, without the text, when `json` is no state. */
        fun parse(json: String): StreamState = try {
            read(StrictJson.parse(json).jsonObject)
        } catch (error: JsonError) {
            throw malformed()
        } catch (error: IllegalArgumentException) {
            throw malformed()
        }

        private fun read(tree: JsonObject): StreamState {
            require(tree.keys == KEYS && tree.count("format") == FORMAT)
            val surrogate = tree.countOrNull("surrogate")?.also { require(it in 0xD800..0xDBFF) }
            val state = StreamState(
                tree.string("bundle"),
                tree.string("operating_point"),
                tree.string("prompt"),
                schedule(tree.getValue("schedule").jsonObject),
                tree.string("text"),
                tree.string("rest"),
                surrogate?.toChar(),
                tree.ids("waiting"),
                tree.ids("tail"),
                tree.count("tokens"),
                tree.count("streak"),
                tree.getValue("flagged").jsonPrimitive.also { require(!it.isString) }.boolean,
            )
            require(state.tail.size <= state.tokens)
            return state
        }

        private fun schedule(tree: JsonObject): StreamSchedule {
            require(tree.keys == SCHEDULE_KEYS)
            return StreamSchedule(
                tree.count("first"),
                tree.count("every"),
                tree.countOrNull("context"),
                tree.count("hits"),
            )
        }

        private fun JsonObject.string(key: String): String =
            getValue(key).jsonPrimitive.also { require(it.isString) }.content

        private fun JsonObject.count(key: String): Int = count(getValue(key))

        private fun JsonObject.countOrNull(key: String): Int? =
            if (getValue(key) is JsonNull) null else count(key)

        private fun JsonObject.ids(key: String): List<Int> = getValue(key).jsonArray.map(::count)

        private fun count(element: JsonElement): Int {
            require(StrictJson.isInteger(element))
            return element.jsonPrimitive.int.also { require(it >= 0) }
        }

        private fun malformed() = StreamError("this is no state of a stream, format $FORMAT")
    }
}
