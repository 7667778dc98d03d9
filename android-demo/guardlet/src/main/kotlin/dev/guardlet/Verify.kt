package dev.guardlet

import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.doubleOrNull
import kotlin.math.abs

/**
 * Deltas of one artifact against the recorded fp32 PyTorch scores.
 *
 * `verdictFlips` counts harmful/not-harmful changes at the balanced operating point. `passed` asks
 * for identical tokens and a largest delta within `tolerance`.
 */
data class EngineReport(
    val artifact: String,
    val cases: Int = 0,
    val tokenMismatches: Int = 0,
    val maxScoreDelta: Double = 0.0,
    val meanScoreDelta: Double = 0.0,
    val verdictFlips: Int = 0,
    val tolerance: Double = DEFAULT_TOLERANCE,
    val skipped: String = "",
) {
    val passed: Boolean
        get() = skipped.isNotEmpty() || (cases > 0 && tokenMismatches == 0 && maxScoreDelta <= tolerance)
}

/** Scores the golden vectors with every artifact: one report each. Raises a BundleError or EngineError. */
fun verifyBundle(bundle: Bundle, threads: Int? = null): List<EngineReport> {
    val manifest = bundle.manifest
    manifest.files.forEach(bundle::check)
    val vectors = parseVectors(bundle.readText(manifest.vectors))
    val encoder = bundle.encoder()
    return manifest.artifacts.map { artifact ->
        if (canRun(artifact)) {
            openEngine(bundle, artifact, threads).use {
                compareWithVectors(artifact, vectors, encoder, it, manifest.score)
            }
        } else {
            EngineReport(artifact.id, skipped = "${artifact.engine} cannot run from Kotlin")
        }
    }
}

/** Scores golden vectors with an engine already open. */
internal fun compareWithVectors(
    artifact: Artifact,
    vectors: List<Vector>,
    encoder: Encoder,
    engine: Engine,
    rules: ScoreRules,
): EngineReport {
    val balanced = rules.operatingPoints.getValue(Guard.DEFAULT_OPERATING_POINT)
    val encodings = vectors.map { encoder.encode(it.prompt, it.response) }
    val scores = encodings.map { encoding ->
        encoding.windows.maxOf { rules.score(engine.logits(it), encoding.judged) }
    }
    val deltas = vectors.zip(scores) { vector, score -> abs(score - vector.score) }
    return EngineReport(
        artifact = artifact.id,
        cases = vectors.size,
        tokenMismatches = vectors.zip(encodings).count { (vector, encoding) -> !vector.matches(encoding) },
        maxScoreDelta = deltas.maxOrNull() ?: 0.0,
        meanScoreDelta = deltas.sum() / maxOf(deltas.size, 1),
        verdictFlips = vectors.zip(scores).count { (vector, score) ->
            val recorded = vector.verdicts.getValue(Guard.DEFAULT_OPERATING_POINT)
            (balanced.level(score) == Level.HARMFUL) != (recorded == Level.HARMFUL)
        },
        tolerance = tolerance(artifact),
    )
}

/** What the artifact may differ by: its own recorded delta plus rounding between CPUs. */
private fun tolerance(artifact: Artifact): Double {
    val recorded = artifact.parity["tolerance"] ?: return DEFAULT_TOLERANCE + ROUNDING
    return (recorded as? JsonPrimitive)?.doubleOrNull?.plus(ROUNDING) ?: DEFAULT_TOLERANCE
}

private const val DEFAULT_TOLERANCE = 0.1
private const val ROUNDING = 1e-3
