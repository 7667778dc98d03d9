package dev.guardlet

import kotlin.math.exp

/** How bad a score is at an operating point. */
enum class Level { SAFE, CONTROVERSIAL, HARMFUL }

/** Two score thresholds, how they were chosen (`rule`) and on which sets (`fittedOn`). */
data class OperatingPoint(
    val threshold: Double,
    val controversial: Double,
    val rule: String,
    val fittedOn: List<String>,
) {
    fun level(score: Double): Level = when {
        score >= threshold -> Level.HARMFUL
        score >= controversial -> Level.CONTROVERSIAL
        else -> Level.SAFE
    }
}

/**
 * How logits become a verdict: the manifest's `score` object.
 *
 * `responseBias`, in units of logits, lets one threshold serve prompts and responses alike.
 */
data class ScoreRules(
    val temperature: Double,
    val harmfulIndex: Int,
    val operatingPoints: Map<String, OperatingPoint>,
    val responseBias: Double = 0.0,
) {
    /**
     * P(harmful) of one window: softmax(logits / temperature)[harmful], in float64, the harmful
     * logit of a judged response raised by `responseBias` first.
     *
     * `logits` is float32 [labels]. Source: temperature scaling, arXiv 1706.04599. Raises
     * EngineError for logits that are no such thing: NaN would compare as safe.
     */
    fun score(logits: FloatArray, judged: Judged): Double {
        if (harmfulIndex >= logits.size || !logits.all(Float::isFinite)) {
            throw EngineError("the model returned no usable logits; run `guardlet verify` on it")
        }
        val bias = if (judged == Judged.RESPONSE) responseBias else 0.0
        val scaled = logits.mapIndexed { index, logit ->
            (if (index == harmfulIndex) logit + bias else logit.toDouble()) / temperature
        }
        val largest = scaled.max()
        val exponentials = scaled.map { exp(it - largest) }
        return exponentials[harmfulIndex] / exponentials.sum()
    }
}

/** The index of a text's worst window, whose score is the text's. */
internal fun highest(scores: List<Double>): Int = scores.indices.maxBy { scores[it] }
