package dev.guardlet.tokenizer

/** Pieces by their code points: an open hash table from (node, code point) to node, unboxed. */
internal class PieceTrie {
    private var keys = LongArray(INITIAL) { EMPTY }
    private var targets = IntArray(INITIAL)
    private var values = IntArray(INITIAL) { NONE }
    private var nodes = 1

    fun add(piece: IntArray, value: Int) {
        val end = piece.fold(0) { node, codePoint -> child(node, codePoint) ?: grow(node, codePoint) }
        values[end] = value
    }

    /** Calls `each(end, value)` for every piece that `text` holds at `start`, shortest first. */
    inline fun forEachPrefix(text: IntArray, start: Int, each: (Int, Int) -> Unit) {
        var node = 0
        for (at in start until text.size) {
            node = child(node, text[at]) ?: return
            val value = valueOf(node)
            if (value != NONE) each(at + 1, value)
        }
    }

    fun valueOf(node: Int): Int = values[node]

    fun child(node: Int, codePoint: Int): Int? {
        val slot = slot(key(node, codePoint))
        return if (keys[slot] == EMPTY) null else targets[slot]
    }

    private fun grow(node: Int, codePoint: Int): Int {
        if (nodes * 2 >= keys.size) rehash()
        if (nodes == values.size) {
            values = IntArray(nodes * 2) { if (it < nodes) values[it] else NONE }
        }
        put(key(node, codePoint), nodes)
        return nodes++
    }

    private fun rehash() {
        val oldKeys = keys
        val oldTargets = targets
        keys = LongArray(oldKeys.size * 2) { EMPTY }
        targets = IntArray(oldKeys.size * 2)
        for (i in oldKeys.indices) if (oldKeys[i] != EMPTY) put(oldKeys[i], oldTargets[i])
    }

    private fun put(key: Long, target: Int) {
        val slot = slot(key)
        keys[slot] = key
        targets[slot] = target
    }

    private fun slot(key: Long): Int {
        val mask = keys.size - 1
        var slot = ((key * SPREAD) ushr SPREAD_SHIFT).toInt() and mask
        while (keys[slot] != EMPTY && keys[slot] != key) slot = (slot + 1) and mask
        return slot
    }

    private fun key(node: Int, codePoint: Int): Long =
        (node.toLong() shl CODE_POINT_BITS) or codePoint.toLong()

    companion object {
        const val NONE = -1
        private const val EMPTY = -1L
        private const val INITIAL = 1024
        private const val CODE_POINT_BITS = 21

        /** Fibonacci hashing: 2^64 divided by the golden ratio. */
        private const val SPREAD = -7046029254386353131L
        private const val SPREAD_SHIFT = 32
    }
}
