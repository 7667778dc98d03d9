package dev.guardlet

/**
 * When a stream is checked and how much of it a check reads. All are counts of tokens of the
 * response, except `hits`.
 *
 * The first check comes after `first` tokens, the next after every `every` more. Each reads one
 * window: the prompt, the tokens since the last check and up to `context` before those; null is as
 * many as fit. `hits` harmful checks in a row flag the stream. Raises StreamError for what is no
 * count.
 *
 * Cost: a response of n tokens takes 1 + floor((n - first) / every) windows of the prompt and at
 * most every + context tokens, and one full check at the end.
 */
data class StreamSchedule @JvmOverloads constructor(
    val first: Int = 16,
    val every: Int = 32,
    val context: Int? = 24,
    val hits: Int = 2,
) {
    init {
        requireAtLeast("first", first, 1)
        requireAtLeast("every", every, 1)
        requireAtLeast("context", context ?: 0, 0)
        requireAtLeast("hits", hits, 1)
    }

    /** Raises StreamError when a check would leave out some of the new tokens. */
    internal fun requireFit(rules: InputRules) {
        val room = rules.responseRoom
        if (maxOf(first.toLong(), every.toLong() + (context ?: 0)) > room) {
            throw StreamError(
                "a window of this bundle has room for $room tokens of a response beside the " +
                    "prompt; choose first, and every with context, of at most that",
            )
        }
    }

    /** How many of the last of `tokens` tokens a check is to read; `new` came since the last. */
    internal fun shown(tokens: Int, new: Int): Int =
        if (context == null) tokens else minOf(tokens, new + context)

    private fun requireAtLeast(name: String, value: Int, least: Int) {
        if (value < least) throw StreamError("$name must be a whole number from $least")
    }
}
