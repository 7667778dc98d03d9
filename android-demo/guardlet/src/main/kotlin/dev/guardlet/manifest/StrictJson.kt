package dev.guardlet.manifest

import kotlinx.serialization.SerializationException
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive

/** JSON as RFC 8259 has it: the parser alone takes any bare word for a value. */
internal object StrictJson {
    private val NUMBER = Regex("-?(0|[1-9]\\d*)(\\.\\d+)?([eE][+-]?\\d+)?")
    private val WORDS = setOf("true", "false", "null")
    private const val MAX_DEPTH = 256

    /** Raises SerializationException, which may carry a piece of `text`. */
    fun parse(text: String): JsonElement {
        refuseDepth(text)
        return Json.parseToJsonElement(text).also(::check)
    }

    /** Before parsing, which recurses. */
    private fun refuseDepth(text: String) {
        var depth = 0
        var quoted = false
        var escaped = false
        for (character in text) {
            when {
                escaped -> escaped = false
                quoted && character == '\\' -> escaped = true
                character == '"' -> quoted = !quoted
                quoted -> Unit
                character == '[' || character == '{' -> depth++
                character == ']' || character == '}' -> depth--
            }
            if (depth > MAX_DEPTH) throw SerializationException("nested too deeply")
        }
    }

    fun isNumber(element: JsonElement): Boolean =
        element is JsonPrimitive && !element.isString && NUMBER.matches(element.content)

    private fun check(element: JsonElement) {
        when (element) {
            is JsonObject -> element.values.forEach(::check)
            is JsonArray -> element.forEach(::check)
            is JsonNull -> Unit
            is JsonPrimitive -> if (!element.isString && !isNumber(element) && element.content !in WORDS) {
                throw SerializationException("a value is neither text, number, true, false nor null")
            }
        }
    }
}
