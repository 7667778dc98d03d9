package dev.guardlet.tokenizer

/** Unicode as the frozen tokenizers know it, whatever version the system has. See unicode.txt. */
internal object UnicodeTables {
    private val lines: Map<String, List<String>> by lazy { read() }

    val removed by lazy { set("removed") }
    val spaced by lazy { set("spaced") }
    val chinese by lazy { set("chinese") }
    val mark by lazy { set("mark") }
    val whitespace by lazy { set("whitespace") }
    val punctuation by lazy { set("punctuation") }
    val extends by lazy { set("extends") }
    val prepends by lazy { set("prepends") }
    val breaks by lazy { set("breaks") }
    val lowercase by lazy { mapping("lowercase") }
    val decompose by lazy { mapping("decompose") }

    /** Canonical combining classes other than 0. */
    val combining: Map<Int, Int> by lazy {
        buildMap {
            for (item in lines.getValue("combining")) {
                val (range, value) = item.split('=')
                for (codePoint in range(range)) put(codePoint, value.toInt(HEX))
            }
        }
    }

    private fun read(): Map<String, List<String>> {
        // An absolute name: a shrinker may move this class to another package.
        val stream = checkNotNull(javaClass.getResourceAsStream(RESOURCE)) {
            "$RESOURCE is not among the app's Java resources"
        }
        return stream.bufferedReader(Charsets.US_ASCII).useLines { all ->
            all.associate { it.substringBefore(": ") to it.substringAfter(": ").split(' ') }
        }
    }

    private fun set(name: String) = CodePointSet(lines.getValue(name).map(::range))

    private fun mapping(name: String): Map<Int, IntArray> = lines.getValue(name).associate { item ->
        val (from, to) = item.split('=')
        from.toInt(HEX) to to.split('.').map { it.toInt(HEX) }.toIntArray()
    }

    private fun range(item: String): IntRange {
        val ends = item.split('-')
        return ends.first().toInt(HEX)..ends.last().toInt(HEX)
    }

    private const val RESOURCE = "/dev/guardlet/tokenizer/unicode.txt"
    private const val HEX = 16
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
