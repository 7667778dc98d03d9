package dev.guardlet.tokenizer

import kotlin.math.abs

/**
 * A decimal number as the frozen tokenizers read it, which is not to the nearest double.
 *
 * Up to 19 or 20 digits are taken as one integer, rounded to a double, then multiplied or divided
 * by a power of ten, rounded again. The result is often one unit in the last place off, and scores
 * that far apart decide which of two equally good segmentations is taken. Source: `f64_from_parts`
 * of Rust's serde_json without its feature `float_roundtrip`.
 */
internal fun frozenDouble(number: String): Double {
    val mantissa = number.removePrefix("-").substringBefore('e').substringBefore('E')
    var significand = 0UL
    var exponent = number.substring(number.indexOfFirst { it == 'e' || it == 'E' } + 1)
        .takeIf { it.length < number.length }?.toInt() ?: 0
    val whole = mantissa.substringBefore('.').length
    var full = false
    for ((index, digit) in mantissa.filter { it != '.' }.withIndex()) {
        full = full || significand > (ULong.MAX_VALUE - digit.digitToInt().toULong()) / RADIX
        if (!full) significand = significand * RADIX + digit.digitToInt().toULong()
        if (full && index < whole) exponent++
        if (!full && index >= whole) exponent--
    }
    val value = scale(significand.toDouble(), exponent)
    return if (number.startsWith('-')) -value else value
}

private fun scale(significand: Double, exponent: Int): Double {
    var value = significand
    var left = exponent
    while (left < -LARGEST_POWER && value != 0.0) {
        value /= POWERS[LARGEST_POWER]
        left += LARGEST_POWER
    }
    return when {
        value == 0.0 -> value
        left > LARGEST_POWER -> throw IllegalArgumentException("a number is out of range")
        left >= 0 -> value * POWERS[left]
        else -> value / POWERS[abs(left)]
    }
}

private val RADIX = 10UL
private const val LARGEST_POWER = 308
private val POWERS = DoubleArray(LARGEST_POWER + 1) { "1e$it".toDouble() }
