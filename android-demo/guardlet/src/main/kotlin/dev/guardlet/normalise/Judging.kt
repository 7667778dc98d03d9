package dev.guardlet.normalise

import dev.guardlet.EmptyInputError
import dev.guardlet.Encoder
import dev.guardlet.Judged
import dev.guardlet.Verdict
import dev.guardlet.clip
import dev.guardlet.millisecondsSince
import dev.guardlet.replaceLoneSurrogates

/** Which readings of a check are judged, and which verdict counts. */
internal class Judging(
    private val normaliser: Normaliser,
    private val encoder: Encoder,
    private val judge: (String, String?) -> Verdict,
) {
    /**
     * The verdict with the highest score among the text and its readings, the text first.
     *
     * A reading with the same tokens as a text already judged is left out. `truncated` holds when it
     * does for any of them. Raises what `judge` raises; EmptyInputError only when no reading has a
     * token either.
     */
    fun worst(prompt: String, response: String?): Verdict {
        val begin = System.nanoTime()
        val verdicts = ArrayList<Verdict>()
        var empty: EmptyInputError? = null
        try {
            verdicts += judge(prompt, response)
        } catch (error: EmptyInputError) {
            empty = error
        }
        for (pair in hidden(prompt, response, verdicts.firstOrNull()?.judged)) {
            verdicts += judge(pair.prompt, pair.response).copy(decoding = pair.decoding)
        }
        val worst = verdicts.maxByOrNull { it.score } ?: throw checkNotNull(empty)
        return worst.copy(truncated = verdicts.any { it.truncated }, latencyMs = millisecondsSince(begin))
    }

    private class Hidden(val prompt: String, val response: String?, val decoding: String)

    /**
     * The readings of the response where it has any, else of the prompt unless the response was
     * `judged`.
     */
    private fun hidden(prompt: String, response: String?, judged: Judged?): List<Hidden> {
        val found = readings(response.orEmpty()).map { Hidden(prompt, it.text, it.decoding) }
        if (found.isNotEmpty() || judged == Judged.RESPONSE) return found
        return readings(prompt).map { Hidden(it.text, response, it.decoding) }
    }

    /** Those with tokens, and none with the tokens of the text or of an earlier one. */
    private fun readings(text: String): List<Reading> {
        val (clipped, _) = clip(replaceLoneSurrogates(text), encoder.rules.maxChars)
        val found = normaliser.readings(clipped)
        if (found.isEmpty()) return found
        val seen = hashSetOf(emptyList(), tokens(clipped))
        return found.filter { seen.add(tokens(it.text)) }
    }

    private fun tokens(text: String): List<Int> = encoder.tokenize(text).first
}
