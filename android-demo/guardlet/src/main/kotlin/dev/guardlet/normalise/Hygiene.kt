package dev.guardlet.normalise

import dev.guardlet.normalise.Characters.LAST_ASCII
import dev.guardlet.tokenizer.CodePointBuffer
import dev.guardlet.tokenizer.codePoints
import dev.guardlet.tokenizer.filterPoints
import dev.guardlet.tokenizer.textOf

/*
 * Characters that are not what they look like: hidden, wide, or of another script. Each function
 * takes a text and gives it with those characters replaced.
 */

/** U+E0020 to U+E007E as the ASCII characters that they are invisible copies of. */
internal fun tagCharacters(text: String): String = mapPoints(text) { if (it in TAGS) it - TAG_OFFSET else it }

/** Without the characters that are never drawn. */
internal fun zeroWidth(text: String): String {
    if (Characters.isAscii(text)) return text
    return textOf(codePoints(text).filterPoints { it !in Tables.invisible })
}

/**
 * Full-width and styled (mathematical, circled, ...) letters and digits as ASCII: characters whose
 * NFKC is only that. Beside them full-width signs as well, which are ordinary in Chinese.
 */
internal fun fullWidth(text: String): String {
    if (Characters.isAscii(text)) return text
    val narrowed = CodePointBuffer(text.length)
    var any = false
    for (codePoint in codePoints(text)) {
        val plain = Characters.narrow[codePoint]
        any = any || plain != null
        plain?.let(narrowed::addAll) ?: narrowed.add(codePoint)
    }
    if (!any) return text
    return mapPoints(textOf(narrowed.toArray())) { if (it in FULL_WIDTH_SIGNS) it - FULL_WIDTH_OFFSET else it }
}

/**
 * Letters of other scripts that are drawn like ASCII ones, as those, where a word mixes both.
 *
 * A word is a run of letters. When one mixes ASCII letters and look-alikes and has no others, every
 * word made of nothing else is folded.
 */
internal fun homoglyph(text: String): String {
    if (Characters.isAscii(text)) return text
    val points = codePoints(text)
    var mixed = false
    var at = 0
    while (at < points.size) {
        var end = at
        while (end < points.size && Characters.isLetter(points[end])) end++
        val ascii = (at until end).count { points[it] <= LAST_ASCII }
        if (ascii < end - at && fold(points, at, end)) mixed = mixed || ascii > 0
        at = end + 1
    }
    return if (mixed) textOf(points) else text
}

/** Folds a word in its place, unless it has a letter that is neither ASCII nor like that. */
private fun fold(points: IntArray, from: Int, to: Int): Boolean {
    val word = from until to
    if (word.any { points[it] > LAST_ASCII && points[it] !in Tables.homoglyphs }) return false
    for (i in word) points[i] = Tables.homoglyphs[points[i]] ?: points[i]
    return true
}

private inline fun mapPoints(text: String, map: (Int) -> Int): String {
    if (Characters.isAscii(text)) return text
    val points = codePoints(text)
    for (i in points.indices) points[i] = map(points[i])
    return textOf(points)
}

private const val TAG_OFFSET = 0xE0000
private val TAGS = 0xE0020..0xE007E
private const val FULL_WIDTH_OFFSET = 0xFEE0
private val FULL_WIDTH_SIGNS = 0xFF01..0xFF5E
