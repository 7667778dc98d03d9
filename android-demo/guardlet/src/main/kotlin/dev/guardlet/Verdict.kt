package dev.guardlet

/**
 * The answer to one check. It never contains the text.
 *
 * `score` is P(harmful) of the worst window, `window` that window's index. `judged` says which
 * text the verdict is about. `tokens` counts prompt and response. `truncated` is true when part of
 * the judged text was too long to be looked at. `languageSupported` is false when the judged text
 * is in no language the guard reads: do not rely on its score then. `latencyMs` is wall time of this
 * check. `decoding` names what the normaliser undid to find the text that this verdict is about, for
 * example "base64"; it is null for the text as it was given.
 */
data class Verdict(
    val harmful: Boolean,
    val score: Double,
    val level: Level,
    val judged: Judged,
    val tokens: Int,
    val windows: Int,
    val window: Int,
    val truncated: Boolean,
    val languageSupported: Boolean,
    val operatingPoint: String,
    val bundle: String,
    val engine: String,
    val latencyMs: Double,
    val decoding: String? = null,
)
