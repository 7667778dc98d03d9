package dev.guardlet

/** Puts together surrogate pairs that came in two chunks; unpaired ones become U+FFFD. */
internal class SurrogateJoiner(held: Char? = null) {
    /** A high surrogate at the end of the last chunk: its pair may come in the next. */
    var held: Char? = held
        private set

    /** What of the chunks so far is certain and was not given out yet. */
    fun join(chunk: String): String {
        val text = if (held == null) chunk else "$held$chunk"
        held = text.lastOrNull()?.takeIf(Char::isHighSurrogate)
        return replaceLoneSurrogates(if (held == null) text else text.dropLast(1))
    }
}

/**
 * Cuts a text into pieces that depend on the text alone, not on how it was chunked.
 *
 * A piece is white space (space, tab, line feed, carriage return), if any, and then a word: all up
 * to the next white space, and MAX_PIECE code points at most. It is given out once it cannot grow.
 */
internal class Pieces(rest: String = "") {
    /** The last piece, which may still grow. */
    var rest: String = rest
        private set

    /** Pieces that are whole now, of the rest and `text`, which is well-formed UTF-16. */
    fun add(text: String): List<String> {
        val all = rest + text
        val pieces = ArrayList<String>()
        var begin = 0
        while (true) {
            val end = wholePiece(all, begin) ?: break
            pieces += all.substring(begin, end)
            begin = end
        }
        rest = all.substring(begin)
        return pieces
    }

    /** Where the piece ends that begins at `begin`; null when it may still grow. */
    private fun wholePiece(text: String, begin: Int): Int? {
        var at = begin
        var inWord = false
        repeat(MAX_PIECE) {
            if (at == text.length) return null
            val space = text[at] in WHITE_SPACE
            if (space && inWord) return at
            inWord = !space
            at = text.offsetByCodePoints(at, 1)
        }
        return at
    }

    private companion object {
        const val MAX_PIECE = 32
        const val WHITE_SPACE = " \t\n\r"
    }
}

/**
 * All of a text, or so much of its head and tail that a check of it comes to the same.
 *
 * A check reads the first and last `maxChars / 2` code points of a text that has more than
 * `maxChars`. Of such a text one code point more than `maxChars` is given back, so that it still
 * counts as cut. Holds at most 2 * `maxChars` + 1 code points and the last addition.
 */
internal class KeptText(maxChars: Int, text: String = "") {
    private var headRoom = maxChars / 2
    private val tailRoom = maxChars + 1 - headRoom
    private val head = StringBuilder()
    private val tail = StringBuilder()
    private var tailSize = 0L

    init {
        add(text)
    }

    /** `text` is well-formed UTF-16. */
    fun add(text: String) {
        val size = text.codePointCount(0, text.length)
        val forHead = minOf(size, headRoom)
        val cut = text.offsetByCodePoints(0, forHead)
        head.append(text, 0, cut)
        headRoom -= forHead
        tail.append(text, cut, text.length)
        tailSize += size - forHead
        // Only then, so that what is copied stays in proportion to what was added.
        if (tailSize > 2L * tailRoom) {
            tail.delete(0, tail.offsetByCodePoints(tail.length, -tailRoom))
            tailSize = tailRoom.toLong()
        }
    }

    override fun toString(): String {
        val begin = if (tailSize > tailRoom) tail.offsetByCodePoints(tail.length, -tailRoom) else 0
        return head.toString() + tail.substring(begin)
    }
}
