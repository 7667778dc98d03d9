package dev.guardlet

import dev.guardlet.tokenizer.Piece

/**
 * The manifest's `input.language` object: two shares of a text's tokens, each from 0 to 1.
 *
 * `maxContinuations` counts only for texts of at least `minTokens` tokens.
 */
data class LanguageRules(val minTokens: Int, val maxForeign: Double, val maxContinuations: Double)

/**
 * Whether a text is in a language the guard reads, from how its vocabulary splits the text: the
 * rule of docs/bundle-format.md, section "Language". Thread-safe.
 */
internal class LanguageDetector(pieces: Sequence<Piece>, unknown: Int?, private val rules: LanguageRules) {
    private val foreign = HashSet<Int>()
    private val words = HashSet<Int>()
    private val continuations = HashSet<Int>()

    init {
        pieces.forEach(::sort)
        if (unknown != null) {
            foreign += unknown
            words += unknown
            continuations -= unknown
        }
    }

    private fun sort(piece: Piece) {
        val codePoints = piece.body.codePoints().toArray()
        if (codePoints.none(Character::isLetter)) return
        words += piece.id
        if (piece.continues) continuations += piece.id
        if (codePoints.size == 1 && codePoints[0] > LAST_ASCII) foreign += piece.id
    }

    /** Whether the text of these tokens is one the guard reads. */
    fun supports(ids: List<Int>): Boolean {
        val foreigners = ids.count { it in foreign }
        if (foreigners >= FEWEST_FOREIGN && share(foreigners, ids.size) >= rules.maxForeign) return false
        val all = ids.count { it in words }
        if (ids.size < rules.minTokens || all == 0) return true
        return share(ids.count { it in continuations }, all) < rules.maxContinuations
    }

    private fun share(part: Int, whole: Int): Double = part.toDouble() / whole

    private companion object {
        const val LAST_ASCII = 0x7F

        // One unknown token may be an emoji at the end of a short English message.
        const val FEWEST_FOREIGN = 2
    }
}
