package dev.guardlet.normalise

/**
 * At least six letters set apart by single spaces, words by more; or the letters of words set apart by
 * `.`, `-`, `_` or `*`. Takes linear time.
 */
internal fun spacedLetters(text: String, words: Words): String {
    val joined = replaceMatches(text, { spacedEnd(text, it) }) { joinSpaced(it).takeIf(words::plausible) }
    val pointed = replaceMatches(joined, { pointedEnd(joined, it) }, ::joinPointed)
    // Abbreviations have points as well: the words must show as a whole that letters were set apart.
    val shorter = joined.length - pointed.length >= FEWEST_POINTS
    return if (shorter && words.letters(pointed).first > words.letters(joined).first) pointed else joined
}

/** `(?<!\S)\S(?: {1,4}\S(?!\S)){5,}` */
private fun spacedEnd(text: String, at: Int): Int {
    if (at > 0 && !Characters.isSpace(text.codePointBefore(at))) return NO_MATCH
    return chainEnd(
        at,
        FEWEST_LETTERS,
        { singleEnd(text, it) { point -> !Characters.isSpace(point) } },
        { afterSpaces(text, it) },
    )
}

/** `(?<!L)L(?:[.\-_*]L(?!L))+`, L being a letter or digit. */
private fun pointedEnd(text: String, at: Int): Int {
    if (at > 0 && Characters.isAlphanumeric(text.codePointBefore(at))) return NO_MATCH
    return chainEnd(
        at,
        FEWEST_POINTED,
        { singleEnd(text, it, Characters::isAlphanumeric) },
        { if (text.getOrNull(it) in POINTS) it + 1 else NO_MATCH },
    )
}

/** Behind a code point that `belongs`, when the next does not. */
private inline fun singleEnd(text: String, at: Int, belongs: (Int) -> Boolean): Int {
    if (at >= text.length) return NO_MATCH
    val codePoint = text.codePointAt(at)
    val end = at + Character.charCount(codePoint)
    val alone = end == text.length || !belongs(text.codePointAt(end))
    return if (belongs(codePoint) && alone) end else NO_MATCH
}

private fun afterSpaces(text: String, at: Int): Int {
    var end = at
    while (end < text.length && end - at < MOST_SPACES && text[end] == ' ') end++
    return if (end > at) end else NO_MATCH
}

/** Without single spaces, and with one for two or more. */
private fun joinSpaced(letters: String): String = buildString {
    var at = 0
    while (at < letters.length) {
        val end = runEnd(letters, at) { it == ' ' }
        if (end - at >= 2) append(' ')
        if (end < letters.length) append(letters[end])
        at = end + 1
    }
}

private fun joinPointed(letters: String): String = letters.filter { it !in POINTS }

private val POINTS = setOf('.', '-', '_', '*')
private const val FEWEST_POINTS = 8
private const val FEWEST_LETTERS = 6
private const val FEWEST_POINTED = 2
private const val MOST_SPACES = 4
