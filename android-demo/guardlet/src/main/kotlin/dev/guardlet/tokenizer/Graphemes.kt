package dev.guardlet.tokenizer

import dev.guardlet.tokenizer.UnicodeTables.breaks
import dev.guardlet.tokenizer.UnicodeTables.extends
import dev.guardlet.tokenizer.UnicodeTables.prepends

/**
 * Where grapheme clusters end, by rules GB3 to GB9b of Unicode's UAX 29.
 *
 * The rules for flags, emoji joined by ZWJ and Indic conjuncts (GB9c to GB13) are left out: a
 * character map only looks at clusters below six UTF-8 bytes, and those rules make longer ones, of
 * parts that no map changes as a whole.
 */
internal object Graphemes {
    /** Calls `each(from, to)` for every cluster in `text`. */
    inline fun forEach(text: IntArray, each: (Int, Int) -> Unit) {
        var from = 0
        for (to in 1..text.size) {
            if (to == text.size || !joined(text[to - 1], text[to])) {
                each(from, to)
                from = to
            }
        }
    }

    fun joined(left: Int, right: Int): Boolean = when {
        left == CR && right == LF -> true
        left in breaks || right in breaks -> false
        right in extends || left in prepends -> true
        else -> joinedHangul(left, right)
    }

    private fun joinedHangul(left: Int, right: Int): Boolean {
        val syllable = left in HANGUL_SYLLABLES
        val open = syllable && (left - HANGUL_SYLLABLES.first) % TRAILING == 0
        return when {
            left in LEADING -> right in LEADING || right in VOWEL || right in HANGUL_SYLLABLES
            left in VOWEL || open -> right in VOWEL || right in TRAIL
            left in TRAIL || syllable -> right in TRAIL
            else -> false
        }
    }

    private operator fun List<IntRange>.contains(codePoint: Int) = any { codePoint in it }

    private const val CR = 0x0D
    private const val LF = 0x0A
    private val LEADING = listOf(0x1100..0x115F, 0xA960..0xA97C)
    private val VOWEL = listOf(0x1160..0x11A7, 0xD7B0..0xD7C6)
    private val TRAIL = listOf(0x11A8..0x11FF, 0xD7CB..0xD7FB)
}
