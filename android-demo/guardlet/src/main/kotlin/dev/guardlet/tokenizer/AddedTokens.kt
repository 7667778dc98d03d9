package dev.guardlet.tokenizer

/** An entry of tokenizer.json's `added_tokens`; `content` as it is looked for. */
internal class AddedToken(
    val content: IntArray,
    val id: Int,
    val special: Boolean,
    val takesSpaceBefore: Boolean,
    val takesSpaceAfter: Boolean,
)

/** A stretch of text, or the added token found in its place. */
internal class Segment(val text: IntArray, val token: Int?)

/**
 * Finds added tokens in a text, the longest at the leftmost place first.
 *
 * A special token is passed over: a user who types `[SEP]` gets the tokens of five characters. Yet
 * it is matched, as the frozen tokenizers do, so no other token is found inside it.
 */
internal class AddedTokens(tokens: List<AddedToken>) {
    private val ordinary = tokens.any { !it.special }
    private val byFirst = tokens.groupBy { it.content[0] }

    fun split(text: IntArray): List<Segment> {
        if (!ordinary) return listOf(Segment(text, null))
        val segments = mutableListOf<Segment>()
        var done = 0
        var at = 0
        while (at < text.size) {
            val token = longest(text, at)
            val end = at + (token?.content?.size ?: 1)
            if (token != null && !token.special) {
                var from = at
                if (token.takesSpaceBefore) while (from > done && isSpace(text[from - 1])) from--
                if (from > done) segments += Segment(text.copyOfRange(done, from), null)
                done = end
                if (token.takesSpaceAfter) while (done < text.size && isSpace(text[done])) done++
                segments += Segment(token.content, token.id)
            }
            at = end
        }
        if (done < text.size) segments += Segment(text.copyOfRange(done, text.size), null)
        return segments
    }

    private fun longest(text: IntArray, at: Int): AddedToken? = byFirst[text[at]]
        ?.filter { occursAt(it.content, text, at) }
        ?.maxByOrNull { it.content.size }

    private fun occursAt(pattern: IntArray, text: IntArray, at: Int) =
        at + pattern.size <= text.size && pattern.indices.all { text[at + it] == pattern[it] }

    private fun isSpace(codePoint: Int) = codePoint in UnicodeTables.whitespace
}
