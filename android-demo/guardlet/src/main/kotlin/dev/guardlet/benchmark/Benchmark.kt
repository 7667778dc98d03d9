package dev.guardlet.benchmark

import dev.guardlet.Artifact
import dev.guardlet.Bundle
import dev.guardlet.Encoder
import dev.guardlet.Engine
import dev.guardlet.Guard
import dev.guardlet.chooseArtifact
import dev.guardlet.compareWithVectors
import dev.guardlet.encoder
import dev.guardlet.millisecondsSince
import dev.guardlet.onnx.onnxRuntimeVersion
import dev.guardlet.openEngine
import dev.guardlet.parseVectors
import java.io.File
import java.time.Instant
import java.time.format.DateTimeFormatter
import java.time.temporal.ChronoUnit
import kotlin.math.abs
import kotlin.math.max

/**
 * What to measure. `artifact`: an artifact's id or an engine's name, null for the first that runs
 * here. `rounds`: timed checks of each length. `sustainedSeconds`: of the long run, 0 for none.
 */
data class Plan(
    val threads: Int,
    val artifact: String? = null,
    val lengths: List<Int> = DEFAULT_LENGTHS,
    val rounds: Int = DEFAULT_ROUNDS,
    val sustainedSeconds: Double = 0.0,
) {
    init {
        require(threads > 0 && rounds > 0 && lengths.isNotEmpty() && lengths.all { it > 0 })
        require(sustainedSeconds >= 0 && sustainedSeconds.isFinite())
    }

    companion object {
        val DEFAULT_LENGTHS = listOf(32, 64, 128, 256, 512)
        const val DEFAULT_ROUNDS = 30
    }
}

/**
 * Measures one artifact of the bundle in `folder`: loading, checks by length in interleaved rounds,
 * a long run, and parity with the golden vectors. docs/device-report.md defines each figure.
 *
 * Loading and memory mean something only in a process that has not loaded a guard before.
 */
class Benchmark(private val folder: File, private val plan: Plan, private val platform: Platform) {
    private val probe = Probe()

    /**
     * `progress` is told of each finished step in a few words.
     *
     * Raises a BundleError, EngineError, InputError when no length fits, and InterruptedException
     * when its thread is interrupted.
     */
    fun run(progress: (String) -> Unit = {}): DeviceReport {
        val created = DateTimeFormatter.ISO_INSTANT.format(Instant.now().truncatedTo(ChronoUnit.SECONDS))
        val thermal = platform.device().thermal
        val memory = platform.memoryBytes()
        val begin = System.nanoTime()
        val bundle = Bundle.open(folder)
        val artifact = chooseArtifact(bundle, plan.artifact)
        val encoder = bundle.encoder()
        val measurement = openEngine(bundle, artifact, plan.threads).use { engine ->
            val loadMs = millisecondsSince(begin)
            Run(bundle, artifact, encoder, engine, memory).measure(loadMs, progress)
        }
        return DeviceReport(
            runtime = platform.runtime,
            created = created,
            bundle = bundle.manifest.label,
            device = device(thermal),
            noise = noise(probe.timesMs),
            measurement = measurement,
        )
    }

    private fun device(before: String?): Device {
        val now = platform.device()
        return now.copy(
            thermal = if (before != null && now.thermal != null) "$before -> ${now.thermal}" else now.thermal,
            versions = now.versions + ("onnxruntime" to onnxRuntimeVersion()),
        )
    }

    /** What is done once the engine is open. */
    private inner class Run(
        private val bundle: Bundle,
        private val artifact: Artifact,
        private val encoder: Encoder,
        private val engine: Engine,
        private val memoryBefore: Long?,
    ) {
        private val guard = Guard(encoder, engine, bundle.manifest.score)

        fun measure(loadMs: Double, progress: (String) -> Unit): Measurement {
            val firstCheckMs = milliseconds { guard.check(FIRST_PROMPT) }
            progress("loaded in ${loadMs.toLong()} ms")
            val prompts = prompts(encoder, plan.lengths)
            val lengths = rounds(prompts)
            for (times in lengths) progress("${times.tokens} tokens: median ${times.p50Ms} ms, p90 ${times.p90Ms} ms")
            val peak = platform.peakMemoryBytes()
            val sustained = if (plan.sustainedSeconds > 0) longRun(prompts) else null
            sustained?.let { progress("long run: retention ${it.retention}") }
            val vectors = parseVectors(bundle.readText(bundle.manifest.vectors))
            val parity = compareWithVectors(artifact, vectors, encoder, engine, bundle.manifest.score)
            progress("${parity.cases} golden cases: largest score delta ${rounded(parity.maxScoreDelta)}")
            return Measurement(
                artifact = artifact.id,
                engine = artifact.engine,
                precision = artifact.precision,
                threads = plan.threads,
                bytes = artifact.files.sumOf { it.bytes },
                loadMs = rounded(loadMs),
                firstCheckMs = rounded(firstCheckMs),
                memoryBytes = if (peak != null && memoryBefore != null) max(peak - memoryBefore, 0) else null,
                lengths = lengths,
                sustained = sustained,
                parity = parity,
            )
        }

        /** In turns, so that all lengths meet the same machine. */
        private fun rounds(prompts: List<Prompt>): List<LengthTimes> {
            for (prompt in prompts) repeat(WARM_UP) { guard.check(prompt.text) }
            val checks = prompts.associateWith { ArrayList<Double>() }
            val encodings = prompts.associateWith { ArrayList<Double>() }
            repeat(plan.rounds) {
                probe.take()
                for (prompt in prompts) {
                    checks.getValue(prompt) += milliseconds { guard.check(prompt.text) }
                    encodings.getValue(prompt) += milliseconds { encoder.encode(prompt.text) }
                }
            }
            return prompts.map { summarise(it.tokens, checks.getValue(it), encodings.getValue(it)) }
        }

        private fun longRun(prompts: List<Prompt>): Sustained {
            val prompt = prompts.minByOrNull { abs(it.tokens - SUSTAINED_TOKENS) } ?: prompts.first()
            val count = max(LEAST_SLICES, Math.round(plan.sustainedSeconds).toInt())
            return sustained(prompt.tokens, List(count) { slice(prompt.text, plan.sustainedSeconds / count) })
        }

        private fun slice(text: String, seconds: Double): Slice {
            val begin = System.nanoTime()
            var checks = 0
            var spent: Double
            do {
                guard.check(text)
                checks++
                spent = (System.nanoTime() - begin) / NANOSECONDS_PER_SECOND
            } while (spent < seconds)
            return Slice(checks, spent)
        }
    }

    private companion object {
        const val WARM_UP = 3
        const val SUSTAINED_TOKENS = 128
        const val LEAST_SLICES = 8
        const val NANOSECONDS_PER_SECOND = 1e9
    }
}
