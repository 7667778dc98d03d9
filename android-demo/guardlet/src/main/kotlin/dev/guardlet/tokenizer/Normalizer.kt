package dev.guardlet.tokenizer

/** Rewrites a text, given and returned as code points, before it is split. */
internal fun interface Normalizer {
    fun normalize(text: IntArray): IntArray
}

internal class NormalizerSequence(private val steps: List<Normalizer>) : Normalizer {
    override fun normalize(text: IntArray) = steps.fold(text) { done, step -> step.normalize(done) }
}

/** Unicode's full lower-case mapping, one character at a time and without context. */
internal object Lowercase : Normalizer {
    override fun normalize(text: IntArray): IntArray {
        val lower = CodePointBuffer(text.size)
        for (codePoint in text) {
            UnicodeTables.lowercase[codePoint]?.let(lower::addAll) ?: lower.add(codePoint)
        }
        return lower.toArray()
    }
}

/** Takes white space off either end. */
internal class Strip(private val left: Boolean, private val right: Boolean) : Normalizer {
    override fun normalize(text: IntArray): IntArray {
        var from = 0
        var to = text.size
        if (left) while (from < to && text[from] in UnicodeTables.whitespace) from++
        if (right) while (to > from && text[to - 1] in UnicodeTables.whitespace) to--
        return text.copyOfRange(from, to)
    }
}

/** Replaces every run of `atLeast` or more spaces by `content`: the pattern ` {n,}`. */
internal class ReplaceSpaces(private val atLeast: Int, private val content: IntArray) : Normalizer {
    override fun normalize(text: IntArray): IntArray {
        val out = CodePointBuffer(text.size)
        var at = 0
        while (at < text.size) {
            var end = at
            while (end < text.size && text[end] == SPACE) end++
            if (end - at >= atLeast) out.addAll(content) else for (i in at until end) out.add(SPACE)
            if (end < text.size) out.add(text[end])
            at = end + 1
        }
        return out.toArray()
    }
}

/** Replaces every occurrence of a fixed text, from the left. */
internal class ReplaceText(private val pattern: IntArray, private val content: IntArray) :
    Normalizer {
    override fun normalize(text: IntArray): IntArray {
        val out = CodePointBuffer(text.size)
        var at = 0
        while (at < text.size) {
            if (occursAt(text, at)) {
                out.addAll(content)
                at += pattern.size
            } else {
                out.add(text[at++])
            }
        }
        return out.toArray()
    }

    private fun occursAt(text: IntArray, at: Int) =
        at + pattern.size <= text.size && pattern.indices.all { text[at + it] == pattern[it] }
}

internal const val SPACE = ' '.code
