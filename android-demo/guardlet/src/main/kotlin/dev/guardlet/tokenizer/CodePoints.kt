package dev.guardlet.tokenizer

/** The code points of a text; all steps of a tokenizer work on these, never on UTF-16 units. */
internal fun codePoints(text: String): IntArray = text.codePoints().toArray()

internal fun textOf(points: IntArray, from: Int = 0, to: Int = points.size): String =
    String(points, from, to - from)

/** A growing list of code points without boxes. */
internal class CodePointBuffer(capacity: Int = 16) {
    private var points = IntArray(maxOf(capacity, 1))
    var size = 0
        private set

    operator fun get(index: Int): Int = points[index]

    operator fun set(index: Int, codePoint: Int) {
        points[index] = codePoint
    }

    fun add(codePoint: Int) {
        if (size == points.size) points = points.copyOf(size * 2)
        points[size++] = codePoint
    }

    fun addAll(more: IntArray) = more.forEach(::add)

    fun toArray(): IntArray = points.copyOf(size)
}

internal inline fun IntArray.filterPoints(keep: (Int) -> Boolean): IntArray {
    val kept = CodePointBuffer(size)
    for (codePoint in this) if (keep(codePoint)) kept.add(codePoint)
    return kept.toArray()
}
