package dev.guardlet.normalise

import dev.guardlet.manifest.StrictJson
import dev.guardlet.resource
import dev.guardlet.tokenizer.CodePointSet
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

/** The tables of the stage: the JSON files beside the Python sources, which every language reads. */
internal object Tables {
    /** Code point of a letter drawn like an ASCII letter to that letter. */
    val homoglyphs: Map<Int, Int> by lazy {
        texts("homoglyphs", "letters").entries.associate { (letter, like) -> letter.codePointAt(0) to like[0].code }
    }

    /** Code points that are never drawn. */
    val invisible: CodePointSet by lazy {
        val ranges = member("invisible", "ranges").jsonArray.map { range ->
            val (first, last) = range.jsonArray.map { it.jsonPrimitive.content.toInt(radix = 16) }
            first..last
        }
        CodePointSet(ranges.sortedBy { it.first })
    }

    /** A digit or sign to the one or two letters it stands for, the likelier first. */
    val leetspeak: Map<Char, String> by lazy { texts("leetspeak", "letters").mapKeys { it.key.single() } }

    /** Dots and dashes to the lower-case letter, digit or sign they are. */
    val morse: Map<String, String> by lazy {
        texts("morse", "codes").entries.associate { (letter, code) -> code to letter }
    }

    private fun texts(file: String, key: String): Map<String, String> =
        member(file, key).jsonObject.mapValues { it.value.jsonPrimitive.content }

    private fun member(file: String, key: String): JsonElement {
        val text = resource("/dev/guardlet/normalise/$file.json").use { it.readBytes().decodeToString() }
        return StrictJson.parse(text).jsonObject.getValue(key)
    }
}
