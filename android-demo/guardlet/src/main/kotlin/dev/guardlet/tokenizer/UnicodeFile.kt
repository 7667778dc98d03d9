package dev.guardlet.tokenizer

import dev.guardlet.resource

/** A resource that holds properties of code points; tooling/unicode_tables.py has its form. */
internal class UnicodeFile(private val name: String) {
    private val lines: Map<String, List<String>> by lazy { read() }

    fun set(property: String) = CodePointSet(lines.getValue(property).map(::range))

    fun mapping(property: String): Map<Int, IntArray> = lines.getValue(property).associate { item ->
        val (from, to) = item.split('=')
        from.toInt(HEX) to to.split('.').map { it.toInt(HEX) }.toIntArray()
    }

    fun values(property: String): Map<Int, Int> = buildMap {
        for (item in lines.getValue(property)) {
            val (range, value) = item.split('=')
            for (codePoint in range(range)) put(codePoint, value.toInt(HEX))
        }
    }

    private fun read(): Map<String, List<String>> =
        resource(name).bufferedReader(Charsets.US_ASCII).useLines { all ->
            all.associate { it.substringBefore(": ") to it.substringAfter(": ").split(' ') }
        }

    private fun range(item: String): IntRange {
        val ends = item.split('-')
        return ends.first().toInt(HEX)..ends.last().toInt(HEX)
    }

    private companion object {
        const val HEX = 16
    }
}

/** Code points as sorted, disjoint ranges. */
internal class CodePointSet(ranges: List<IntRange>) {
    private val starts = IntArray(ranges.size) { ranges[it].first }
    private val ends = IntArray(ranges.size) { ranges[it].last }

    operator fun contains(codePoint: Int): Boolean {
        val found = starts.binarySearch(codePoint)
        val index = if (found >= 0) found else -found - 2
        return index >= 0 && codePoint <= ends[index]
    }
}
