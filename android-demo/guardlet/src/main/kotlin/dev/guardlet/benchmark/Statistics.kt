package dev.guardlet.benchmark

import kotlin.math.ceil
import kotlin.math.exp
import kotlin.math.ln
import kotlin.math.max

/** The nearest rank: the smallest sample that at least `share` of all do not exceed. */
internal fun quantile(samples: List<Double>, share: Double): Double =
    samples.sorted()[max(ceil(rounded(share * samples.size)).toInt(), 1) - 1]

/**
 * The narrowest pair of order statistics, equally far from both ends, that holds the true median
 * with 95 % confidence; null of too few samples.
 *
 * Distribution-free: the number of samples below the median is binomial (n, 1/2). Conover,
 * Practical Nonparametric Statistics, section 3.2.
 */
internal fun medianInterval(samples: List<Double>): Pair<Double, Double>? {
    var logTerm = -samples.size * ln(2.0)
    var below = 0.0
    var found: Int? = null
    for (rank in 0 until samples.size / 2) {
        below += exp(logTerm)
        if (2 * below > 1 - CONFIDENCE) break
        found = rank
        logTerm += ln((samples.size - rank).toDouble()) - ln(rank + 1.0)
    }
    val sorted = samples.sorted()
    return found?.let { sorted[it] to sorted[samples.size - 1 - it] }
}

/** Times of checks, and of encodings alone, in milliseconds, of one window of `tokens` tokens. */
internal fun summarise(tokens: Int, checks: List<Double>, encodings: List<Double>): LengthTimes {
    val kept = checks.map(::rounded)
    return LengthTimes(
        tokens = tokens,
        samplesMs = kept,
        p50Ms = quantile(kept, 0.5),
        p90Ms = quantile(kept, 0.9),
        p95Ms = quantile(kept, 0.95),
        p99Ms = quantile(kept, 0.99),
        p50IntervalMs = medianInterval(kept),
        tokenizerMs = rounded(quantile(encodings, 0.5)),
        checksPerSecond = checks.sum().takeIf { it > 0 }?.let { rounded(1000 * checks.size / it) },
    )
}

/** Of the times of one fixed piece of work: (p90 - p50) / p50. */
internal fun noise(probes: List<Double>): Noise {
    val middle = quantile(probes, 0.5)
    val spread = if (middle > 0) rounded((quantile(probes, 0.9) - middle) / middle) else 0.0
    return Noise(spread, spread > NOISY_FROM)
}

/** A part of a long run: how many checks were done in how many seconds. */
internal data class Slice(val checks: Int, val seconds: Double)

/** The first and the last 30 seconds of a run, or its quarters when it is shorter than a minute. */
internal fun sustained(tokens: Int, slices: List<Slice>): Sustained {
    val seconds = slices.sumOf { it.seconds }
    val window = if (seconds >= 2 * SUSTAINED_WINDOW) SUSTAINED_WINDOW else seconds / 4
    val first = rate(slices, window)
    val last = rate(slices.reversed(), window)
    return Sustained(
        tokens = tokens,
        seconds = rounded(seconds),
        checks = slices.sumOf { it.checks },
        windowSeconds = rounded(window),
        firstPerSecond = rounded(first),
        lastPerSecond = rounded(last),
        retention = if (first > 0) rounded(last / first) else 0.0,
    )
}

/** Checks a second over the leading slices that make up `window` seconds, to the nearest slice. */
private fun rate(slices: List<Slice>, window: Double): Double {
    var checks = 0
    var seconds = 0.0
    for (slice in slices) {
        if (seconds > 0 && seconds + slice.seconds / 2 > window) break
        checks += slice.checks
        seconds += slice.seconds
    }
    return checks / seconds
}

/** To four decimal places. */
internal fun rounded(value: Double): Double = Math.round(value * DECIMALS) / DECIMALS

private const val CONFIDENCE = 0.95
private const val NOISY_FROM = 0.1
private const val SUSTAINED_WINDOW = 30.0
private const val DECIMALS = 1e4
