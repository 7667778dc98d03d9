package dev.guardlet.benchmark

import dev.guardlet.Encoder
import dev.guardlet.InputError

/** A made-up prompt and the length of its one window in tokens, special ones included. */
internal data class Prompt(val text: String, val tokens: Int)

/** Read right after loading, when no prompt of an exact length has been made yet. */
internal const val FIRST_PROMPT =
    "the old river runs past a small town where people sell bread and read long letters " +
        "about winter gardens while children ask why boats never stay in one harbour"

/**
 * A prompt for each length that a window of the bundle may have, shortest first; a little shorter
 * where the tokenizer cannot meet a length. Raises InputError when no length fits.
 */
internal fun prompts(encoder: Encoder, lengths: List<Int>): List<Prompt> {
    val special = encoder.rules.start.size + encoder.rules.end.size
    val longest = encoder.rules.maxTokens
    val fitting = lengths.distinct().sorted().filter { it > special && it <= longest }
    if (fitting.isEmpty()) {
        throw InputError("no asked length fits: a window of this bundle has $special to $longest tokens")
    }
    return fitting.map { promptOf(encoder, it - special) }.distinctBy { it.tokens }
}

private fun promptOf(encoder: Encoder, room: Int): Prompt {
    val size = { text: String -> encoder.tokenize(text).first.size }
    var low = 0
    var high = room
    while (low < high) {
        val middle = (low + high + 1) / 2
        if (size(wordsOf(middle)) <= room) low = middle else high = middle - 1
    }
    val text = filled(wordsOf(low), room, size)
    return Prompt(text, encoder.encode(text).windows.first().ids.size)
}

/** `text` with whatever short words, or letters at its end, still fit. */
private fun filled(text: String, room: Int, size: (String) -> Int): String {
    var filled = text
    while (true) {
        val have = size(filled)
        if (have >= room) return filled
        val longer = FILLERS.flatMap { listOf("$filled $it".trim(), filled + it) }
        filled = longer.firstOrNull { size(it) in have + 1..room } ?: return filled
    }
}

private fun wordsOf(count: Int): String = List(count) { WORDS[it % WORDS.size] }.joinToString(" ")

private val WORDS = FIRST_PROMPT.split(' ')
private val FILLERS = listOf("a", "to", "in", ".", "1")
