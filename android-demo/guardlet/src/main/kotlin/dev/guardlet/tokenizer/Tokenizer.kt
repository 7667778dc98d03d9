package dev.guardlet.tokenizer

import dev.guardlet.TokenizerError
import dev.guardlet.manifest.StrictJson
import kotlinx.serialization.SerializationException
import kotlinx.serialization.json.JsonObject

/**
 * A frozen Hugging Face tokenizer.json, read as `tokenizers` does with `encode_special_tokens` on:
 * no special token is ever recognised in a text and none is added.
 */
internal class Tokenizer(
    private val normalizer: Normalizer,
    private val preTokenizer: PreTokenizer,
    private val model: TokenModel,
) {
    /** Token ids of `text`, which must be well-formed UTF-16. */
    fun encode(text: String): List<Int> {
        val ids = ArrayList<Int>()
        val normal = normalizer.normalize(codePoints(text))
        for (piece in preTokenizer.split(normal)) model.encode(piece, ids)
        return ids
    }

    companion object {
        /** Raises TokenizerError naming the part that is malformed or unknown here. */
        fun parse(json: String): Tokenizer {
            try {
                val tree = StrictJson.parse(json) as? JsonObject ?: throw TokenizerError(
                    "tokenizer.json is not an object",
                )
                return TokenizerReader(tree).read()
            } catch (error: SerializationException) {
                throw TokenizerError("tokenizer.json is not valid JSON: ${error.message?.lineSequence()?.first()}")
            } catch (error: IllegalArgumentException) {
                throw TokenizerError("tokenizer.json is malformed: ${error.message}")
            }
        }
    }
}
