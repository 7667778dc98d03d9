package dev.guardlet

/** Wall times of single checks of about `tokens` tokens, in milliseconds, in the order taken. */
data class LengthTimes(val tokens: Int, val milliseconds: List<Double>) {
    /** The value below which a share of the times lies, by nearest rank. */
    fun quantile(share: Double): Double {
        val sorted = milliseconds.sorted()
        return sorted[((sorted.size - 1) * share).toInt()]
    }
}

/**
 * Times whole checks, tokenizer included, of one window each at several lengths.
 *
 * Lengths beyond the bundle's longest window are left out. Before each length `warmUp` checks are
 * not counted. Raises EngineError, and InterruptedException when its thread is interrupted.
 */
class Benchmark(
    private val bundle: Bundle,
    private val lengths: List<Int> = DEFAULT_LENGTHS,
    private val runs: Int = 50,
    private val warmUp: Int = 5,
) {
    private val encoder = bundle.encoder()

    fun run(guard: Guard, progress: (LengthTimes) -> Unit = {}): List<LengthTimes> =
        lengths.filter { it <= bundle.manifest.input.maxTokens }
            .map { length -> times(guard, length).also(progress) }

    private fun times(guard: Guard, length: Int): LengthTimes {
        val text = textOf(length)
        repeat(warmUp) { guard.check(text) }
        val verdicts = List(runs) { guard.check(text) }
        return LengthTimes(windowLength(text), verdicts.map { it.latencyMs })
    }

    /** Words until one more would need a longer window. */
    private fun textOf(length: Int): String {
        var text = WORDS.first()
        for (count in 1 until length) {
            val longer = "$text ${WORDS[count % WORDS.size]}"
            if (windowLength(longer) > length) break
            text = longer
        }
        return text
    }

    private fun windowLength(text: String): Int = encoder.encode(text).windows.first().ids.size

    companion object {
        val DEFAULT_LENGTHS = listOf(32, 64, 128, 256, 512)
        private val WORDS =
            listOf("how", "do", "I", "make", "a", "good", "cup", "of", "tea", "with", "this", "water")
    }
}
