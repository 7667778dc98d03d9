package dev.guardlet.normalise

import java.nio.charset.CharacterCodingException
import java.util.Base64

/*
 * Bytes as text: base64 and hexadecimal. Each function gives the text with every stretch that decodes
 * plausibly replaced by its decoding, and takes linear time.
 */

/** Runs of at least 16 characters of either base64 alphabet, over several lines as well. */
internal fun base64Text(text: String, words: Words): String =
    replaceMatches(text, { base64End(text, it) }) { plausible(fromBase64(it), words) }

/**
 * At least eight bytes as pairs of hexadecimal digits, together or set apart, with or without `0x`,
 * `\x` or `%`.
 */
internal fun hexadecimal(text: String, words: Words): String =
    replaceMatches(text, { hexEnd(text, it) }) { plausible(fromHex(it), words) }

/** `(?:(?:S{60,}+\r?\n)+S+|S{16,}+)={0,2}`, S being a sign of either alphabet. */
private fun base64End(text: String, at: Int): Int {
    var begin = at
    var end = runEnd(text, at, ::isBase64)
    if (end - begin < FEWEST_SIGNS) return NO_MATCH
    while (end - begin >= SHORTEST_LINE) {
        val next = afterLineEnd(text, end)
        val nextEnd = runEnd(text, next, ::isBase64)
        if (next == end || nextEnd == next) break
        begin = next
        end = nextEnd
    }
    repeat(MOST_PADDING) { if (text.getOrNull(end) == '=') end++ }
    return end
}

private fun fromBase64(code: String): String? {
    val kept = code.filter { it !in "\r\n=" }.replace('-', '+').replace('_', '/')
    // The decoder ignores bits beyond the last byte, as Python does.
    return if (kept.length % 4 == 1) null else utf8(Base64.getDecoder().decode(kept))
}

/**
 * `(?<![0-9A-Za-z])(?:(?:0x)?(?:HH){8,}|(?:B(?:[ ,:]{1,2}|(?=[\\%]))){7,}B)(?![0-9A-Za-z])`, H being a
 * digit and B `(?:0x|\\x|%)?HH`.
 */
private fun hexEnd(text: String, at: Int): Int {
    if (isAlphanumericAt(text, at - 1)) return NO_MATCH
    val together = togetherEnd(text, at)
    if (together != NO_MATCH) return together
    return chainEnd(
        at,
        FEWEST_BYTES,
        { byteEnd(text, it) },
        { afterHexGap(text, it) },
        { !isAlphanumericAt(text, it) },
    )
}

private fun togetherEnd(text: String, at: Int): Int {
    val begin = if (text.startsWith("0x", at)) at + 2 else at
    val end = runEnd(text, begin, ::isHex)
    val whole = end - begin >= 2 * FEWEST_BYTES && (end - begin) % 2 == 0
    return if (whole && !isAlphanumericAt(text, end)) end else NO_MATCH
}

private fun byteEnd(text: String, at: Int): Int {
    val begin = when {
        text.startsWith("0x", at) || text.startsWith("\\x", at) -> at + 2
        text.startsWith("%", at) -> at + 1
        else -> at
    }
    val end = begin + 2
    return if (end <= text.length && isHex(text[begin]) && isHex(text[begin + 1])) end else NO_MATCH
}

private fun afterHexGap(text: String, at: Int): Int {
    var end = at
    while (end < text.length && end - at < LONGEST_GAP && text[end] in " ,:") end++
    return if (end > at || text.getOrNull(at) in MARKS) end else NO_MATCH
}

/** The digits in pairs, without `0x` and all other signs. */
private fun fromHex(code: String): String? {
    val digits = StringBuilder(code.length)
    var at = 0
    while (at < code.length) {
        val marked = code.startsWith("0x", at)
        if (!marked && isHex(code[at])) digits.append(code[at])
        at += if (marked) 2 else 1
    }
    return utf8(ByteArray(digits.length / 2) { digits.substring(2 * it, 2 * it + 2).toInt(radix = 16).toByte() })
}

private fun utf8(content: ByteArray): String? = try {
    content.decodeToString(throwOnInvalidSequence = true)
} catch (_: CharacterCodingException) {
    null
}

private fun plausible(decoded: String?, words: Words): String? = decoded?.takeIf(words::plausible)

private fun isBase64(sign: Char) = Characters.isAsciiAlphanumeric(sign.code) || sign in "+/_-"

private fun isHex(sign: Char) = sign in '0'..'9' || sign in 'a'..'f' || sign in 'A'..'F'

private fun isAlphanumericAt(text: String, at: Int) =
    text.getOrNull(at)?.let { Characters.isAsciiAlphanumeric(it.code) } ?: false

private const val FEWEST_SIGNS = 16
private const val SHORTEST_LINE = 60
private const val MOST_PADDING = 2
private const val FEWEST_BYTES = 8
private const val LONGEST_GAP = 2
private val MARKS = setOf('\\', '%')
