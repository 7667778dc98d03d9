package dev.guardlet

/** All of `items`, or its first ceil(budget/2) and last floor(budget/2). */
internal fun <T> headAndTail(items: List<T>, budget: Int): List<T> {
    if (items.size <= budget) return items
    val tail = budget / 2
    return items.take(budget - tail) + items.takeLast(tail)
}

/**
 * Spans of at most `room` tokens over `length`, neighbours sharing at least `stride`.
 *
 * The last span ends at the last token. Of more than `maxWindows` spans the first ceil(m/2) and
 * the last floor(m/2) stay, and the second result is true.
 */
internal fun windowSpans(
    length: Int,
    room: Int,
    stride: Int,
    maxWindows: Int,
): Pair<List<Pair<Int, Int>>, Boolean> {
    if (length <= room) return listOf(0 to length) to false
    val step = room - stride
    val last = length - room
    val starts = (0 until last step step) + last
    val dropped = starts.size > maxWindows
    return headAndTail(starts, maxWindows).map { it to it + room } to dropped
}

/** All of `text`, or its first and last `maxChars / 2` code points; true when cut. */
internal fun clip(text: String, maxChars: Int): Pair<String, Boolean> {
    if (text.codePointCount(0, text.length) <= maxChars) return text to false
    val half = maxChars / 2
    val head = text.substring(0, text.offsetByCodePoints(0, half))
    val tail = text.substring(text.offsetByCodePoints(text.length, -half))
    return head + tail to true
}

/** `text` with each unpaired surrogate as U+FFFD, which is what UTF-8 can carry. */
internal fun replaceLoneSurrogates(text: String): String {
    if (text.codePoints().noneMatch(::isSurrogate)) return text
    val repaired = text.codePoints().map { if (isSurrogate(it)) REPLACEMENT else it }.toArray()
    return String(repaired, 0, repaired.size)
}

private fun isSurrogate(codePoint: Int): Boolean = codePoint in 0xD800..0xDFFF

private const val REPLACEMENT = 0xFFFD
