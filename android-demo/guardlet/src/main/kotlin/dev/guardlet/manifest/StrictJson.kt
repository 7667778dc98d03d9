package dev.guardlet.manifest

import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.doubleOrNull

/** A text is not JSON. The message holds none of it. */
internal class JsonError(message: String) : Exception(message)

/**
 * JSON exactly as RFC 8259 has it, without a key twice in an object.
 *
 * kotlinx-serialization's own parser takes any bare word for a value and the last of two equal
 * keys; two readers of one bundle could then read two different manifests.
 */
internal class StrictJson private constructor(
    private val text: String,
    private val toDouble: (String) -> Double,
) {
    private var at = 0

    private fun document(): JsonElement {
        val value = value(0)
        skipSpace()
        if (at < text.length) fail("text after the end")
        return value
    }

    private fun value(depth: Int): JsonElement {
        if (depth > MAX_DEPTH) fail("nested too deeply")
        skipSpace()
        return when (peek()) {
            '{' -> objectAt(depth)
            '[' -> arrayAt(depth)
            '"' -> JsonPrimitive(string())
            't' -> word("true", JsonPrimitive(true))
            'f' -> word("false", JsonPrimitive(false))
            'n' -> word("null", JsonNull)
            else -> number()
        }
    }

    private fun objectAt(depth: Int): JsonObject {
        val members = LinkedHashMap<String, JsonElement>()
        list('}') {
            skipSpace()
            if (peek() != '"') fail("a key is not a string")
            val key = string()
            skipSpace()
            expect(':')
            if (members.put(key, value(depth + 1)) != null) fail("an object has the same key twice")
        }
        return JsonObject(members)
    }

    private fun arrayAt(depth: Int): JsonArray {
        val items = ArrayList<JsonElement>()
        list(']') { items += value(depth + 1) }
        return JsonArray(items)
    }

    private inline fun list(close: Char, item: () -> Unit) {
        at++
        skipSpace()
        if (peek() == close) {
            at++
            return
        }
        while (true) {
            item()
            skipSpace()
            if (peek() == close) break
            expect(',')
        }
        at++
    }

    private fun string(): String {
        val out = StringBuilder()
        at++
        while (true) {
            val character = next()
            when {
                character == '"' -> return out.toString()
                character == '\\' -> out.append(escape())
                character < ' ' -> fail("a control character in a string")
                else -> out.append(character)
            }
        }
    }

    private fun escape(): Char = when (val character = next()) {
        '"', '\\', '/' -> character
        'b' -> '\b'
        'f' -> '\u000C'
        'n' -> '\n'
        'r' -> '\r'
        't' -> '\t'
        'u' -> String(CharArray(UNICODE_DIGITS) { next() }).let { digits ->
            if (!HEX.matches(digits)) fail("a malformed escape")
            digits.toInt(radix = 16).toChar()
        }
        else -> fail("an unknown escape")
    }

    /** Integers keep their digits, so that 1 and 1.0 stay apart. */
    private fun number(): JsonPrimitive {
        val begin = at
        while (at < text.length && text[at] in NUMBER_CHARACTERS) at++
        val number = text.substring(begin, at)
        if (number.length > MAX_NUMBER || !NUMBER.matches(number)) fail("no value where one should be")
        return JsonPrimitive(if (INTEGER.matches(number)) number.toBigInteger() else toDouble(number))
    }

    private fun word(word: String, value: JsonElement): JsonElement {
        if (!text.startsWith(word, at)) fail("no value where one should be")
        at += word.length
        return value
    }

    private fun skipSpace() {
        while (at < text.length && text[at] in WHITE_SPACE) at++
    }

    private fun peek(): Char = if (at < text.length) text[at] else fail("the end is missing")

    private fun next(): Char = peek().also { at++ }

    private fun expect(character: Char) {
        if (next() != character) fail("no $character where one should be")
    }

    private fun fail(reason: String): Nothing = throw JsonError("$reason at character $at")

    companion object {
        private const val MAX_DEPTH = 256
        private const val MAX_NUMBER = 1000
        private const val UNICODE_DIGITS = 4
        private const val WHITE_SPACE = " \t\n\r"
        private const val NUMBER_CHARACTERS = "+-.0123456789eE"
        private val HEX = Regex("[0-9a-fA-F]{4}")
        private val INTEGER = Regex("-?[0-9]+")
        private val NUMBER = Regex("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")

        /** `toDouble` reads numbers that are no integers. Raises JsonError. */
        fun parse(text: String, toDouble: (String) -> Double = String::toDouble): JsonElement =
            StrictJson(text, toDouble).document()

        fun isNumber(element: JsonElement): Boolean =
            element is JsonPrimitive && !element.isString && element.doubleOrNull != null

        fun isInteger(element: JsonElement): Boolean =
            element is JsonPrimitive && !element.isString && INTEGER.matches(element.content)
    }
}
