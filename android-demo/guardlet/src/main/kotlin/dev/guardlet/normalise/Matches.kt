package dev.guardlet.normalise

/*
 * Patterns as functions: given where a match begins, they say where it ends. java.util.regex
 * overflows the stack on long matches of a repeated group, and what it takes for `\s` and `\w` is
 * another thing on a phone than on a JVM.
 */

/** What a pattern answers where it does not match. */
internal const val NO_MATCH = -1

/**
 * Every match from the left in the place of what `replace` makes of it; null keeps it. `endOf` is
 * asked at every UTF-16 unit outside a match.
 */
internal inline fun replaceMatches(text: String, endOf: (Int) -> Int, replace: (String) -> String?): String {
    val out = StringBuilder()
    var done = 0
    var at = 0
    while (at < text.length) {
        val end = endOf(at)
        if (end == NO_MATCH) {
            at++
            continue
        }
        val replacement = replace(text.substring(at, end))
        if (replacement != null) {
            out.append(text, done, at).append(replacement)
            done = end
        }
        at = end
    }
    return if (done == 0) text else out.append(text, done, text.length).toString()
}

/**
 * Where a chain of at least `fewest` items with gaps between them ends, which `endsWell` there. An
 * item that is followed by a gap always ends well, so the last but one is the only other end.
 */
internal inline fun chainEnd(
    at: Int,
    fewest: Int,
    itemEnd: (Int) -> Int,
    gapEnd: (Int) -> Int,
    endsWell: (Int) -> Boolean = { true },
): Int {
    var count = 0
    var last = NO_MATCH
    var before = NO_MATCH
    var begin = at
    while (begin != NO_MATCH) {
        val end = itemEnd(begin)
        if (end == NO_MATCH) break
        count++
        before = last
        last = end
        begin = gapEnd(end)
    }
    return when {
        count >= fewest && endsWell(last) -> last
        count > fewest -> before
        else -> NO_MATCH
    }
}

/** Where the characters that `belong` end, of a run that begins at `at`. */
internal inline fun runEnd(text: String, at: Int, belong: (Char) -> Boolean): Int {
    var end = at
    while (end < text.length && belong(text[end])) end++
    return end
}

/** Behind the `\r?\n` at `at`; `at` itself where there is none. */
internal fun afterLineEnd(text: String, at: Int): Int {
    val feed = if (text.getOrNull(at) == '\r') at + 1 else at
    return if (text.getOrNull(feed) == '\n') feed + 1 else at
}
