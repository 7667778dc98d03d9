package dev.guardlet

import dev.guardlet.manifest.StrictJson
import dev.guardlet.tokenizer.Tokenizer
import kotlinx.serialization.SerializationException
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** What can be said without fixtures. */
class TokenizerTest {
    private fun wordPiece(normalizer: String = BERT, added: String = "") = """
        {"added_tokens": [$added], "normalizer": $normalizer,
         "pre_tokenizer": {"type": "BertPreTokenizer"},
         "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                   "max_input_chars_per_word": 5, "vocab": {"[UNK]": 0, "a": 1, "##b": 2, ".": 3}}}
    """

    @Test
    fun `words, pieces and punctuation`() {
        assertEquals(listOf(1, 2, 3, 0, 1, 0), Tokenizer.parse(wordPiece()).encode("Ab. x á abbbbb"))
    }

    @Test
    fun `what is not known is refused by name`() {
        val strange = listOf(
            wordPiece("""{"type": "NFKC"}""") to "NFKC",
            wordPiece(added = """{"content": "<x>", "special": false}""") to "added tokens",
            wordPiece().replace("BertPreTokenizer", "ByteLevel") to "ByteLevel",
            wordPiece().replace("\"WordPiece\"", "\"BPE\"") to "BPE",
        )
        for ((json, part) in strange) {
            val error = assertThrows(TokenizerError::class.java) { Tokenizer.parse(json) }
            assertTrue(part in error.message!!, error.message)
        }
    }

    @Test
    fun `malformed files are refused`() {
        for (json in listOf("", "[]", "{}", "{\"model\": 7}", wordPiece().replace("5", "\"x\""))) {
            assertThrows(TokenizerError::class.java) { Tokenizer.parse(json) }
        }
        val map = """{"type": "Precompiled", "precompiled_charsmap": "////fw=="}"""
        assertThrows(TokenizerError::class.java) { Tokenizer.parse(wordPiece(map)) }
    }

    @Test
    fun `bare words are not JSON`() {
        for (text in listOf("{\"a\": b}", "[NaN]", "[01]", "[1.]", "[\"a\",]", "[")) {
            assertThrows(SerializationException::class.java) { StrictJson.parse(text) }
        }
    }

    @Test
    fun `lone surrogates become the replacement character`() {
        assertEquals("a\uFFFDb\uD83D\uDE00\uFFFD", replaceLoneSurrogates("a\uD800b\uD83D\uDE00\uDC00"))
    }

    private companion object {
        const val BERT = """{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
            "strip_accents": null, "lowercase": true}"""
    }
}
