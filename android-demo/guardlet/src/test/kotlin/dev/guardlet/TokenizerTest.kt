package dev.guardlet

import dev.guardlet.manifest.JsonError
import dev.guardlet.manifest.StrictJson
import dev.guardlet.tokenizer.Tokenizer
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
            wordPiece(added = ADDED.replace("\"single_word\": false", "\"single_word\": true")) to "single word",
            wordPiece().replace("BertPreTokenizer", "ByteLevel") to "ByteLevel",
            wordPiece().replace("\"WordPiece\"", "\"BPE\"") to "BPE",
        )
        for ((json, part) in strange) {
            val error = assertThrows(ManifestError::class.java) { Tokenizer.parse(json) }
            assertTrue(part in error.message!!, error.message)
        }
    }

    @Test
    fun `added tokens are found unless they are special`() {
        val ordinary = Tokenizer.parse(wordPiece(added = ADDED))
        assertEquals(listOf(1, 9, 1, 9), ordinary.encode("a <x>a <x>"))
        val special = Tokenizer.parse(wordPiece(added = ADDED.replace("\"special\": false", "\"special\": true")))
        assertEquals(listOf(1, 0, 0, 0, 1), special.encode("a<x>a"))
    }

    @Test
    fun `malformed files are refused`() {
        for (json in listOf("", "[]", "{}", "{\"model\": 7}", wordPiece().replace("5", "\"x\""))) {
            assertThrows(ManifestError::class.java) { Tokenizer.parse(json) }
        }
        val map = """{"type": "Precompiled", "precompiled_charsmap": "////fw=="}"""
        assertThrows(ManifestError::class.java) { Tokenizer.parse(wordPiece(map)) }
    }

    @Test
    fun `what is nearly JSON is refused`() {
        val wrong = listOf(
            "", "[", "[1", "[\"a\",]", "{,}", "{\"a\": b}", "{\"a\" 1}", "{a: 1}", "{\"a\": 1, \"a\": 1}",
            "[NaN]", "[-Infinity]", "[01]", "[1.]", "[.5]", "[+1]", "[1e]", "[--1]", "[truth]", "[1] 2",
            "[\"\t\"]", "[\"\\x\"]", "[\"\\u12g4\"]", "[\"", "\uFEFF[]", "[".repeat(100_000),
        )
        for (text in wrong) assertThrows(JsonError::class.java, { StrictJson.parse(text) }, text.take(20))
    }

    @Test
    fun `JSON is read as it stands`() {
        val text = "{\"a\": [1, -2.5e3, true, null], \"b\\n\": \"\\u00e9\\ud83d\\ude00/\\/\"}"
        assertEquals("""{"a":[1,-2500.0,true,null],"b\n":"é😀//"}""", StrictJson.parse(" $text\n").toString())
        assertTrue(StrictJson.isInteger(StrictJson.parse("12")))
        for (other in listOf("1.0", "1e2", "\"1\"", "true", "null")) {
            assertTrue(!StrictJson.isInteger(StrictJson.parse(other)), other)
        }
        assertTrue(StrictJson.isNumber(StrictJson.parse("1e999")))
    }

    @Test
    fun `lone surrogates become the replacement character`() {
        assertEquals("a\uFFFDb\uD83D\uDE00\uFFFD", replaceLoneSurrogates("a\uD800b\uD83D\uDE00\uDC00"))
    }

    private companion object {
        const val ADDED = """{"id": 9, "content": "<x>", "special": false, "single_word": false,
            "lstrip": true, "rstrip": false, "normalized": false}"""
        const val BERT = """{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
            "strip_accents": null, "lowercase": true}"""
    }
}
