package dev.guardlet.tokenizer

/** Splits a text, given as code points, into the pieces a model reads one at a time. */
internal fun interface PreTokenizer {
    fun split(text: IntArray): List<IntArray>
}

internal class PreTokenizerSequence(private val steps: List<PreTokenizer>) : PreTokenizer {
    override fun split(text: IntArray) =
        steps.fold(listOf(text)) { pieces, step -> pieces.flatMap(step::split) }
}

/** Words and single punctuation characters, without white space. */
internal object BertPreTokenizer : PreTokenizer {
    override fun split(text: IntArray): List<IntArray> {
        val pieces = mutableListOf<IntArray>()
        var from = 0
        for (at in 0..text.size) {
            val alone = at < text.size && text[at] in UnicodeTables.punctuation
            val ends = at == text.size || alone || text[at] in UnicodeTables.whitespace
            if (!ends) continue
            if (from < at) pieces += text.copyOfRange(from, at)
            if (alone) pieces += intArrayOf(text[at])
            from = at + 1
        }
        return pieces
    }
}

/** Spaces become `replacement`, one is put in front, and each piece begins with one. */
internal class Metaspace(
    private val replacement: Int,
    private val prepend: Boolean,
    private val splits: Boolean,
) : PreTokenizer {
    override fun split(text: IntArray): List<IntArray> {
        if (text.isEmpty()) return emptyList()
        val marked = mark(text)
        if (!splits) return listOf(marked)
        val pieces = mutableListOf<IntArray>()
        var from = 0
        for (at in 1..marked.size) {
            if (at < marked.size && marked[at] != replacement) continue
            pieces += marked.copyOfRange(from, at)
            from = at
        }
        return pieces
    }

    private fun mark(text: IntArray): IntArray {
        val out = CodePointBuffer(text.size + 1)
        val begins = text[0] == SPACE || text[0] == replacement
        if (prepend && !begins) out.add(replacement)
        for (codePoint in text) out.add(if (codePoint == SPACE) replacement else codePoint)
        return out.toArray()
    }
}
