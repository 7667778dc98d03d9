package dev.guardlet.tokenizer

import dev.guardlet.ManifestError
import dev.guardlet.manifest.JsonError
import dev.guardlet.manifest.StrictJson
import kotlinx.serialization.json.jsonObject

/**
 * A frozen Hugging Face tokenizer.json, read as `tokenizers` does with `encode_special_tokens` on:
 * no special token is ever recognised in a text and none is added. `literal` tokens are looked for
 * in the text as given, `normalized` ones in the normalised text.
 */
internal class Tokenizer(
    private val literal: AddedTokens,
    private val normalized: AddedTokens,
    private val normalizer: Normalizer,
    private val preTokenizer: PreTokenizer,
    private val model: TokenModel,
    private val added: List<String>,
) {
    /** Every entry as it is written in the file, added tokens included. */
    val vocabulary: Set<String> get() = model.entries.toHashSet().apply { addAll(added) }

    val pieces: Sequence<Piece> get() = model.pieces

    val unknown: Int? get() = model.unknown

    /** Token ids of `text`, which must be well-formed UTF-16. */
    fun encode(text: String): List<Int> {
        val ids = ArrayList<Int>()
        for (part in literal.split(codePoints(text))) {
            if (part.token != null) ids += part.token else encodePart(part.text, ids)
        }
        return ids
    }

    private fun encodePart(text: IntArray, ids: MutableList<Int>) {
        for (part in normalized.split(normalizer.normalize(text))) {
            if (part.token != null) {
                ids += part.token
            } else {
                for (piece in preTokenizer.split(part.text)) model.encode(piece, ids)
            }
        }
    }

    companion object {
        /** Raises ManifestError naming the part that is malformed or unknown here. */
        fun parse(json: String): Tokenizer {
            try {
                return TokenizerReader(StrictJson.parse(json, ::frozenDouble).jsonObject).read()
            } catch (error: JsonError) {
                throw ManifestError("tokenizer.json is not valid JSON: ${error.message}")
            } catch (error: IllegalArgumentException) {
                throw ManifestError("tokenizer.json is malformed: ${error.message}")
            }
        }
    }
}
