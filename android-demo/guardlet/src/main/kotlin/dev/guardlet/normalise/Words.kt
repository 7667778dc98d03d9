package dev.guardlet.normalise

/** The words of a tokenizer's vocabulary: at least three ASCII letters, in lower case. */
class Words(words: Iterable<String>) {
    private val words = words.toHashSet()

    operator fun contains(word: String): Boolean = word.lowercase() in words

    /** ASCII letters of `text` in known words, and in all runs of at least three letters. */
    internal fun letters(text: String): Pair<Int, Int> {
        var known = 0
        var total = 0
        forEachRun(text) { from, to ->
            total += to - from
            if (text.substring(from, to) in this) known += to - from
        }
        return known to total
    }

    /**
     * Whether `text` could be what somebody hid: six known letters at least, three in five letters
     * in known words, no control code.
     */
    internal fun plausible(text: String): Boolean {
        val (known, total) = letters(text)
        return known >= FEWEST_LETTERS && 5 * known >= 3 * total && !hasControl(text)
    }

    private inline fun forEachRun(text: String, each: (Int, Int) -> Unit) {
        var at = 0
        while (at < text.length) {
            var end = at
            while (end < text.length && Characters.isAsciiLetter(text[end].code)) end++
            if (end - at >= SHORTEST) each(at, end)
            at = end + 1
        }
    }

    private fun hasControl(text: String): Boolean {
        var at = 0
        while (at < text.length) {
            val codePoint = text.codePointAt(at)
            if (isControl(codePoint)) return true
            at += Character.charCount(codePoint)
        }
        return false
    }

    private fun isControl(codePoint: Int): Boolean =
        codePoint in CONTROLS && codePoint !in SPACES || codePoint in MORE_CONTROLS || codePoint in SURROGATES

    companion object {
        private const val SHORTEST = 3
        private const val FEWEST_LETTERS = 6
        private val CONTROLS = 0x00..0x1F
        private val MORE_CONTROLS = 0x7F..0x9F
        private val SURROGATES = 0xD800..0xDFFF
        private val MARKS = listOf("\u2581", "\u0120")
        private val SPACES = setOf('\t'.code, '\n'.code, '\r'.code)

        /**
         * From a vocabulary's entries. Those that start a word are marked by the lack of "##"
         * (WordPiece), by a U+2581 (SentencePiece) or by a U+0120 (byte-level BPE).
         */
        @JvmStatic
        fun ofVocabulary(vocabulary: Collection<String>): Words =
            Words(starts(vocabulary).map(String::lowercase).filter(::isWord))

        private fun starts(vocabulary: Collection<String>): List<String> {
            if (vocabulary.any { it.startsWith("##") }) return vocabulary.filterNot { it.startsWith("##") }
            val mark = MARKS.firstOrNull { mark -> vocabulary.any { it.startsWith(mark) } }.orEmpty()
            return vocabulary.filter { it.startsWith(mark) }.map { it.removePrefix(mark) }
        }

        private fun isWord(entry: String) = entry.length >= SHORTEST && entry.all { it in 'a'..'z' }
    }
}
