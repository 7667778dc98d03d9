package dev.guardlet.normalise

/**
 * At least six letters of Morse code, words set apart by `/`, `|`, two spaces or a line end. A text
 * without any that are plausible stays as it is. Takes linear time.
 */
internal fun morse(text: String, words: Words): String {
    val signed = buildString(text.length) { for (sign in text) append(SIGNS[sign] ?: sign) }
    if (signed.count(::isSign) < FEWEST_SIGNS) return text
    val decoded = replaceMatches(signed, { morseEnd(signed, it) }) { code ->
        fromMorse(code)?.takeIf(words::plausible)
    }
    return if (decoded == signed) text else decoded
}

/**
 * `(?<![^\s/|])[.\-]{1,6}(?:G[.\-]{1,6}){5,}(?![^\s/|])`, G being `(?: {1,7}| ?[/|] ?|\r?\n)`. A gap
 * ends before a sign, so a code of more than six signs is none.
 */
private fun morseEnd(text: String, at: Int): Int {
    if (!isSign(text[at]) || !isEdge(text, at - 1)) return NO_MATCH
    return chainEnd(at, FEWEST_CODES, { codeEnd(text, it) }, { afterGap(text, it) }, { isEdge(text, it) })
}

private fun codeEnd(text: String, at: Int): Int {
    var end = at
    while (end < text.length && end - at <= LONGEST_CODE && isSign(text[end])) end++
    return if (end - at in 1..LONGEST_CODE) end else NO_MATCH
}

private fun afterGap(text: String, at: Int): Int {
    var end = afterLineEnd(text, at)
    if (end > at) return end
    while (end < text.length && end - at < MOST_SPACES && text[end] == ' ') end++
    if (end - at <= 1 && text.getOrNull(end) in BARS) {
        end++
        if (text.getOrNull(end) == ' ') end++
    }
    return if (end > at) end else NO_MATCH
}

/** The letters, with a space between words; null when a code is unknown. */
private fun fromMorse(code: String): String? = buildString {
    var at = 0
    while (at < code.length) {
        val end = runEnd(code, at, ::isSign)
        append(Tables.morse[code.substring(at, end)] ?: return null)
        at = runEnd(code, end) { !isSign(it) }
        if (at > end && code.substring(end, at) != " ") append(' ')
    }
}

private fun isSign(sign: Char) = sign == '.' || sign == '-'

/** Either end of the text, white space or a bar between words. */
private fun isEdge(text: String, at: Int): Boolean {
    val sign = text.getOrNull(at) ?: return true
    return sign in BARS || Characters.isSpace(sign.code)
}

private val SIGNS = mapOf('\u00B7' to '.', '\u2022' to '.', '\u2212' to '-', '\u2013' to '-', '\u2014' to '-')
private val BARS = setOf('/', '|')
private const val FEWEST_SIGNS = 10
private const val FEWEST_CODES = 6
private const val LONGEST_CODE = 6
private const val MOST_SPACES = 7
