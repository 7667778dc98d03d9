package dev.guardlet.normalise

/*
 * Letters that stand for other letters: leetspeak and shifted alphabets.
 */

/**
 * Words with digits and signs among their letters, where that makes a word of the vocabulary.
 *
 * When a word of at least four characters does, all that mix letters and signs are read so.
 */
internal fun leetspeak(text: String, words: Words): String {
    if (!isMixed(text)) return text
    val readings = HashMap<String, String>()
    var hit = false
    forEachToken(text) { token ->
        if (token !in readings && isMixed(token) && token !in words) {
            val choices = unleet(token)
            val found = choices.firstOrNull { it in words }
            hit = hit || (found != null && token.length >= SHORTEST_LEET)
            readings[token] = found ?: choices.first()
        }
    }
    if (!hit) return text
    return replaceMatches(text, { tokenEnd(text, it) }) { match ->
        val token = match.trimEnd(::isTail)
        readings[token]?.plus(match.substring(token.length))
    }
}

/**
 * Lines in which few letters belong to known words, shifted along the alphabet (by 13 for rot13) to
 * where most do.
 */
internal fun caesar(text: String, words: Words): String {
    val lines = text.split('\n').toMutableList()
    var tried = 0
    for ((number, line) in lines.withIndex()) {
        val sample = line.firstPoints(SAMPLE)
        val (known, total) = words.letters(sample)
        if (total < FEWEST_LETTERS || 5 * known >= 2 * total) continue
        if (++tried > MOST_LINES) break
        val shift = (1 until ALPHABET).maxBy { words.letters(shifted(sample, it)).first }
        if (words.plausible(shifted(sample, shift))) lines[number] = shifted(line, shift)
    }
    return lines.joinToString("\n")
}

/** Any of `[A-Za-z][0-9@$!|+]` and `[0-9@$|+][A-Za-z]`: a `!` before a letter is punctuation. */
private fun isMixed(text: String): Boolean = (1 until text.length).any {
    val (left, right) = text[it - 1] to text[it]
    isLetter(left) && isLeet(right) || isLeet(left) && left != '!' && isLetter(right)
}

private inline fun forEachToken(text: String, each: (String) -> Unit) {
    var at = 0
    while (at < text.length) {
        val end = runEnd(text, at, ::belongsToToken)
        if (end > at) each(text.substring(at, end).trimEnd(::isTail))
        at = end + 1
    }
}

private fun tokenEnd(text: String, at: Int): Int =
    runEnd(text, at, ::belongsToToken).takeIf { it > at } ?: NO_MATCH

/** The first letter of every sign, and the last of each. */
private fun unleet(token: String): List<String> = listOf<(String) -> Char>(String::first, String::last).map { choose ->
    buildString(token.length) { for (sign in token) append(Tables.leetspeak[sign]?.let(choose) ?: sign) }
}

private fun String.firstPoints(count: Int): String =
    if (codePointCount(0, length) <= count) this else substring(0, offsetByCodePoints(0, count))

private fun shifted(text: String, by: Int): String = buildString(text.length) {
    for (sign in text) {
        append(
            when (sign) {
                in 'a'..'z' -> 'a' + (sign - 'a' + by) % ALPHABET
                in 'A'..'Z' -> 'A' + (sign - 'A' + by) % ALPHABET
                else -> sign
            },
        )
    }
}

private fun belongsToToken(sign: Char) = isLetter(sign) || isLeet(sign)

private fun isLetter(sign: Char) = Characters.isAsciiLetter(sign.code)

private fun isLeet(sign: Char) = sign in '0'..'9' || sign in "@$!|+"

private fun isTail(sign: Char) = sign in "!|+"

private const val SHORTEST_LEET = 4
private const val ALPHABET = 26

// A line's start is enough to tell its alphabet; this bounds the work on long ones.
private const val SAMPLE = 400
private const val MOST_LINES = 32
private const val FEWEST_LETTERS = 12
