package dev.guardlet.benchmark

import dev.guardlet.EngineReport
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonObjectBuilder
import kotlinx.serialization.json.add
import kotlinx.serialization.json.addJsonObject
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put
import kotlinx.serialization.json.putJsonArray
import kotlinx.serialization.json.putJsonObject

/** Relative spread of a fixed piece of work timed between rounds. */
data class Noise(val spread: Double, val noisy: Boolean)

/** Times of whole checks of one window of `tokens` tokens, in the order taken. */
data class LengthTimes(
    val tokens: Int,
    val samplesMs: List<Double>,
    val p50Ms: Double,
    val p90Ms: Double,
    val p95Ms: Double,
    val p99Ms: Double,
    val p50IntervalMs: Pair<Double, Double>?,
    val tokenizerMs: Double,
    val checksPerSecond: Double?,
)

/** Rates at the beginning and the end of one long run, and their ratio. */
data class Sustained(
    val tokens: Int,
    val seconds: Double,
    val checks: Int,
    val windowSeconds: Double,
    val firstPerSecond: Double,
    val lastPerSecond: Double,
    val retention: Double,
)

/** One artifact at one number of threads. */
data class Measurement(
    val artifact: String,
    val engine: String,
    val precision: String,
    val threads: Int,
    val bytes: Long,
    val loadMs: Double,
    val firstCheckMs: Double,
    val memoryBytes: Long?,
    val lengths: List<LengthTimes>,
    val sustained: Sustained?,
    val parity: EngineReport,
)

/** What `benchmark-device` reads: docs/device-report.md has the form. It never holds a text. */
data class DeviceReport(
    val runtime: String,
    val created: String,
    val bundle: String,
    val device: Device,
    val noise: Noise,
    val measurement: Measurement,
) {
    fun toJson(): JsonObject = buildJsonObject {
        put("format", 1)
        put("kind", "benchmark")
        put("runtime", runtime)
        put("created", created)
        put("bundle", bundle)
        putJsonObject("device") { put(device) }
        putJsonObject("noise") {
            put("spread", noise.spread)
            put("noisy", noise.noisy)
        }
        putJsonArray("measurements") { addJsonObject { put(measurement) } }
        put("incomplete", null as String?)
    }
}

private fun JsonObjectBuilder.put(device: Device) {
    put("name", device.name)
    put("os", device.os)
    put("processor", device.processor)
    put("cores", device.cores)
    put("memory_bytes", device.memoryBytes)
    put("power", device.power)
    put("thermal", device.thermal)
    putJsonObject("versions") { for ((name, version) in device.versions) put(name, version) }
}

private fun JsonObjectBuilder.put(measurement: Measurement) {
    put("artifact", measurement.artifact)
    put("engine", measurement.engine)
    put("precision", measurement.precision)
    put("threads", measurement.threads)
    put("peer", false)
    put("bytes", measurement.bytes)
    put("load_ms", measurement.loadMs)
    put("first_check_ms", measurement.firstCheckMs)
    put("memory_bytes", measurement.memoryBytes)
    putJsonArray("lengths") { for (times in measurement.lengths) addJsonObject { put(times) } }
    measurement.sustained?.let { putJsonObject("sustained") { put(it) } }
    putJsonObject("parity") { put(measurement.parity) }
}

private fun JsonObjectBuilder.put(times: LengthTimes) {
    put("tokens", times.tokens)
    putJsonArray("samples_ms") { for (sample in times.samplesMs) add(sample) }
    put("p50_ms", times.p50Ms)
    put("p90_ms", times.p90Ms)
    put("p95_ms", times.p95Ms)
    put("p99_ms", times.p99Ms)
    times.p50IntervalMs?.let { (low, high) ->
        putJsonArray("p50_interval_ms") {
            add(low)
            add(high)
        }
    }
    put("tokenizer_ms", times.tokenizerMs)
    put("checks_per_second", times.checksPerSecond)
}

private fun JsonObjectBuilder.put(sustained: Sustained) {
    put("tokens", sustained.tokens)
    put("seconds", sustained.seconds)
    put("checks", sustained.checks)
    put("window_seconds", sustained.windowSeconds)
    put("first_per_second", sustained.firstPerSecond)
    put("last_per_second", sustained.lastPerSecond)
    put("retention", sustained.retention)
}

private fun JsonObjectBuilder.put(parity: EngineReport) {
    put("cases", parity.cases)
    put("token_mismatches", parity.tokenMismatches)
    put("max_score_delta", parity.maxScoreDelta)
    put("mean_score_delta", parity.meanScoreDelta)
    put("verdict_flips", parity.verdictFlips)
    put("tolerance", parity.tolerance)
    put("passed", parity.passed)
}
