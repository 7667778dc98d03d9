package dev.guardlet

import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonObjectBuilder
import kotlinx.serialization.json.add
import kotlinx.serialization.json.addJsonObject
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put
import kotlinx.serialization.json.putJsonArray
import kotlinx.serialization.json.putJsonObject

/** The JSON that a harness or app hands to the Python tools. It never holds a text. */
object Report {
    private const val FORMAT = 1

    /** `verify`: the keys of each report are those of Python's EngineReport. */
    fun verification(runtime: String, bundle: Bundle, reports: List<EngineReport>): JsonObject =
        buildJsonObject {
            head("verification", runtime, bundle)
            putJsonArray("reports") { for (report in reports) addJsonObject { put(report) } }
        }

    /**
     * `benchmark`: times in milliseconds by window length in tokens, `bytes` the artifact's size.
     * `device` holds what is known of the machine, strings only.
     */
    fun benchmark(
        runtime: String,
        bundle: Bundle,
        artifact: Artifact,
        threads: Int,
        loadMs: Double,
        times: List<LengthTimes>,
        device: Map<String, String>,
    ): JsonObject = buildJsonObject {
        head("benchmark", runtime, bundle)
        putJsonObject("device") { for ((key, value) in device) put(key, value) }
        put("artifact", artifact.id)
        put("engine", artifact.engine)
        put("bytes", artifact.files.sumOf { it.bytes })
        put("threads", threads)
        put("load_ms", loadMs)
        putJsonArray("lengths") {
            for (item in times) {
                addJsonObject {
                    put("tokens", item.tokens)
                    put("p50_ms", item.quantile(MEDIAN))
                    put("p90_ms", item.quantile(NINE_TENTHS))
                    putJsonArray("samples_ms") { item.milliseconds.forEach { add(it) } }
                }
            }
        }
    }

    /** The machine as the JVM sees it. */
    fun machine(): Map<String, String> = listOf("os.name", "os.version", "os.arch", "java.version")
        .associateWith { System.getProperty(it).orEmpty() } +
        ("processors" to Runtime.getRuntime().availableProcessors().toString())

    private fun JsonObjectBuilder.head(kind: String, runtime: String, bundle: Bundle) {
        put("format", FORMAT)
        put("kind", kind)
        put("runtime", runtime)
        put("bundle", bundle.manifest.label)
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

    private const val MEDIAN = 0.5
    private const val NINE_TENTHS = 0.9
}
