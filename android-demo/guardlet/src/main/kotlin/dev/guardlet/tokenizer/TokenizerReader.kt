package dev.guardlet.tokenizer

import dev.guardlet.ManifestError
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.booleanOrNull
import kotlinx.serialization.json.double
import kotlinx.serialization.json.int
import kotlinx.serialization.json.intOrNull
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

/**
 * Builds a tokenizer from its decoded JSON. What is not known to be read exactly is refused, never
 * approximated: a guard that sees other tokens than it was trained on is not that guard.
 */
internal class TokenizerReader(private val tree: JsonObject) {
    fun read(): Tokenizer {
        val normalizer = normalizer(tree["normalizer"] ?: JsonNull)
        val added = tree["added_tokens"]?.jsonArray?.map { it.jsonObject }.orEmpty()
        val (normalized, literal) = added.partition { it.flag("normalized") }
        // What stands behind an added token is no longer the beginning of the text.
        val whole = added.all { it.flag("special") }
        return Tokenizer(
            AddedTokens(literal.mapNotNull { addedToken(it) { text -> text } }),
            AddedTokens(normalized.mapNotNull { addedToken(it, normalizer::normalize) }),
            normalizer,
            preTokenizer(tree["pre_tokenizer"] ?: JsonNull, whole),
            model(tree.objectAt("model")),
            added.map { it.text("content") },
        )
    }

    private fun addedToken(item: JsonObject, normalize: (IntArray) -> IntArray): AddedToken? {
        val special = item.flag("special")
        if (!special && item.flag("single_word")) unknown("an added token that is a single word")
        val content = normalize(codePoints(item.text("content")))
        if (content.isEmpty()) return null
        val id = item.member("id").jsonPrimitive.int
        return AddedToken(content, id, special, item.flag("lstrip"), item.flag("rstrip"))
    }

    private fun normalizer(node: JsonElement): Normalizer {
        if (node is JsonNull) return Normalizer { it }
        val item = node.jsonObject
        return when (val type = item.type()) {
            "Sequence" -> NormalizerSequence(item.arrayAt("normalizers").map(::normalizer))
            "BertNormalizer" -> BertNormalizer(
                item.flag("clean_text"),
                item.flag("handle_chinese_chars"),
                item["strip_accents"]?.jsonPrimitive?.booleanOrNull ?: item.flag("lowercase"),
                item.flag("lowercase"),
            )
            "Lowercase" -> Lowercase
            "NFD" -> Normalizer(::decompose)
            "Strip" -> Strip(item.flag("strip_left"), item.flag("strip_right"))
            "Precompiled" -> characterMap(item.text("precompiled_charsmap"))
            "Replace" -> replace(item)
            else -> unknown("the normalizer $type")
        }
    }

    private fun characterMap(base64: String): Normalizer = try {
        CharacterMap(base64)
    } catch (_: RuntimeException) {
        throw ManifestError("tokenizer.json is malformed: precompiled_charsmap")
    }

    private fun replace(item: JsonObject): Normalizer {
        val pattern = item.objectAt("pattern")
        val content = codePoints(item.text("content"))
        val text = pattern["String"]?.jsonPrimitive?.content
        if (!text.isNullOrEmpty()) return ReplaceText(codePoints(text), content)
        val spaces = pattern["Regex"]?.jsonPrimitive?.content?.let(SPACE_RUN::matchEntire)
            ?: unknown("a Replace normalizer with this pattern")
        return ReplaceSpaces(spaces.groupValues[1].toInt(), content)
    }

    private fun preTokenizer(node: JsonElement, first: Boolean): PreTokenizer {
        if (node is JsonNull) return PreTokenizer { if (it.isEmpty()) emptyList() else listOf(it) }
        val item = node.jsonObject
        return when (val type = item.type()) {
            "Sequence" -> PreTokenizerSequence(
                item.arrayAt("pretokenizers")
                    .mapIndexed { index, part -> preTokenizer(part, first && index == 0) },
            )
            "BertPreTokenizer" -> BertPreTokenizer
            "Metaspace" -> metaspace(item, first)
            else -> unknown("the pre-tokenizer $type")
        }
    }

    private fun metaspace(item: JsonObject, first: Boolean): PreTokenizer {
        val scheme = item["prepend_scheme"]?.jsonPrimitive?.content ?: "always"
        if (scheme !in SCHEMES || (scheme == "first" && !first)) unknown("this Metaspace")
        val splits = item["split"]?.jsonPrimitive?.booleanOrNull ?: true
        return Metaspace(codePoints(item.text("replacement")).single(), scheme != "never", splits)
    }

    private fun model(item: JsonObject): TokenModel = when (val type = modelType(item)) {
        "WordPiece" -> wordPiece(item)
        "Unigram" -> unigram(item)
        else -> unknown("the model $type")
    }

    private fun modelType(item: JsonObject): String = when {
        "type" in item -> item.type()
        "continuing_subword_prefix" in item && "max_input_chars_per_word" in item -> "WordPiece"
        item["vocab"] is JsonArray -> "Unigram"
        else -> unknown("a model without a type")
    }

    private fun wordPiece(item: JsonObject): TokenModel {
        val vocabulary = item.objectAt("vocab").mapValues { it.value.jsonPrimitive.int }
        val name = item.text("unk_token")
        val unknown = vocabulary[name] ?: throw ManifestError("tokenizer.json: no $name in vocab")
        val limit = item["max_input_chars_per_word"]?.jsonPrimitive?.int
            ?: throw ManifestError("tokenizer.json has no max_input_chars_per_word")
        return WordPiece(HashMap(vocabulary), unknown, item.text("continuing_subword_prefix"), limit)
    }

    private fun unigram(item: JsonObject): TokenModel {
        if (item["byte_fallback"]?.jsonPrimitive?.boolean == true) unknown("byte_fallback")
        val entries = item.arrayAt("vocab").map { it.jsonArray }
        return Unigram(
            entries.map { it[0].jsonPrimitive.content },
            entries.map { it[1].jsonPrimitive.double },
            item["unk_id"]?.jsonPrimitive?.intOrNull?.also { require(it in entries.indices) { "unk_id" } },
        )
    }

    private fun JsonObject.type(): String = text("type")

    private fun JsonObject.text(key: String): String = member(key).jsonPrimitive.content

    private fun JsonObject.flag(key: String): Boolean = member(key).jsonPrimitive.boolean

    private fun JsonObject.objectAt(key: String): JsonObject = member(key).jsonObject

    private fun JsonObject.arrayAt(key: String): JsonArray = member(key).jsonArray

    private fun JsonObject.member(key: String): JsonElement =
        this[key] ?: throw ManifestError("tokenizer.json is malformed: $key is missing")

    private fun unknown(part: String): Nothing =
        throw ManifestError("tokenizer.json has $part, which this library does not read")

    private companion object {
        val SPACE_RUN = Regex(""" \{(\d{1,4}),\}""")
        val SCHEMES = setOf("always", "first", "never")
    }
}
