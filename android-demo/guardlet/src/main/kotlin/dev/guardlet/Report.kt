package dev.guardlet

import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonObjectBuilder
import kotlinx.serialization.json.addJsonObject
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put
import kotlinx.serialization.json.putJsonArray

/** The JSON of a verification, for Python's `guardlet verify`. It never holds a text. */
object Report {
    private const val FORMAT = 1

    /** The keys of each report are those of Python's EngineReport. */
    fun verification(runtime: String, bundle: Bundle, reports: List<EngineReport>): JsonObject =
        buildJsonObject {
            put("format", FORMAT)
            put("kind", "verification")
            put("runtime", runtime)
            put("bundle", bundle.manifest.label)
            putJsonArray("reports") { for (report in reports) addJsonObject { put(report) } }
        }

    private fun JsonObjectBuilder.put(report: EngineReport) {
        put("artifact", report.artifact)
        put("cases", report.cases)
        put("token_mismatches", report.tokenMismatches)
        put("max_score_delta", report.maxScoreDelta)
        put("mean_score_delta", report.meanScoreDelta)
        put("verdict_flips", report.verdictFlips)
        put("tolerance", report.tolerance)
        put("skipped", report.skipped)
    }
}
