package dev.guardlet

import dev.guardlet.normalise.Judging
import dev.guardlet.normalise.Normaliser
import dev.guardlet.normalise.Words
import java.io.File

/**
 * Judges prompts and responses. Thread-safe; keeps no text.
 *
 * A check blocks for the time the model takes, so call it off the main thread. It stops between
 * two windows when its thread is interrupted, which makes it cancellable from coroutines:
 * `runInterruptible(Dispatchers.Default) { guard.check(prompt) }`.
 */
class Guard(
    private val encoder: Encoder,
    private val engine: Engine,
    private val rules: ScoreRules,
    val operatingPoint: String = DEFAULT_OPERATING_POINT,
    val bundleLabel: String = "unbundled",
    val engineLabel: String = "custom",
    normaliser: Normaliser? = null,
) : AutoCloseable {
    private val point = rules.operatingPoints[operatingPoint] ?: throw OperatingPointError(
        "no operating point '$operatingPoint'; there are ${rules.operatingPoints.keys.joinToString()}",
    )
    private val judging = normaliser?.let { Judging(it, encoder, ::judge) }

    /**
     * Judges the prompt, or the response in its context when there is one.
     *
     * With a normaliser the judged text's readings are judged as well and the worst counts. Raises
     * EmptyInputError or EngineError, neither of which carries the text, and InterruptedException.
     */
    @JvmOverloads
    fun check(prompt: String, response: String? = null): Verdict =
        judging?.worst(prompt, response) ?: judge(prompt, response)

    private fun judge(prompt: String, response: String?): Verdict {
        val begin = System.nanoTime()
        return judge(encoder.encode(prompt, response), begin)
    }

    /** `begin` is the System.nanoTime() at which the check began. */
    internal fun judge(encoding: Encoding, begin: Long): Verdict {
        val scores = encoding.windows.map { score(it, encoding.judged) }
        val worst = highest(scores)
        val level = point.level(scores[worst])
        return Verdict(
            harmful = level == Level.HARMFUL,
            score = scores[worst],
            level = level,
            judged = encoding.judged,
            tokens = encoding.tokens,
            windows = encoding.windows.size,
            window = worst,
            truncated = encoding.truncated,
            languageSupported = encoding.languageSupported,
            operatingPoint = operatingPoint,
            bundle = bundleLabel,
            engine = engineLabel,
            latencyMs = millisecondsSince(begin),
        )
    }

    /**
     * One verdict for each (prompt, response or null) pair, in order, equal to those of `check`:
     * windows are never padded or run together.
     */
    fun checkBatch(pairs: Iterable<Pair<String, String?>>): List<Verdict> =
        pairs.map { (prompt, response) -> check(prompt, response) }

    /**
     * A response to judge while it is generated: see GuardStream and StreamSchedule.
     *
     * Raises EngineError, or StreamError when a check would not fit a window.
     */
    @JvmOverloads
    fun stream(prompt: String, schedule: StreamSchedule = StreamSchedule()): GuardStream =
        GuardStream(this, encoder, prompt, schedule)

    /**
     * The stream whose `state()` this is. Raises StreamError when it is not one of this guard's
     * bundle and operating point.
     */
    fun resumeStream(state: String): GuardStream =
        GuardStream(this, encoder, StreamState.parse(state))

    private fun score(window: Window, judged: Judged): Double {
        if (Thread.interrupted()) throw InterruptedException("the check was cancelled")
        return rules.score(engine.logits(window), judged)
    }

    /** Waits for checks that run, then frees the model's native memory; later checks fail. */
    override fun close() = engine.close()

    companion object {
        const val DEFAULT_OPERATING_POINT = "balanced"

        /**
         * Loads a bundle's folder. Offline.
         *
         * `engine` is an engine's name or an artifact's id, by default the first that runs here.
         * `threads` a check may use, by default every core. `normalise` scores what the text hides
         * (base64, look-alike letters, ...) as well. Raises a BundleError, EngineError or
         * OperatingPointError.
         */
        @JvmStatic
        @JvmOverloads
        fun load(
            folder: File,
            engine: String? = null,
            threads: Int? = null,
            operatingPoint: String = DEFAULT_OPERATING_POINT,
            normalise: Boolean = false,
        ): Guard = load(Bundle.open(folder), engine, threads, operatingPoint, normalise)

        /** As above, of a bundle already opened. */
        @JvmStatic
        @JvmOverloads
        fun load(
            bundle: Bundle,
            engine: String? = null,
            threads: Int? = null,
            operatingPoint: String = DEFAULT_OPERATING_POINT,
            normalise: Boolean = false,
        ): Guard {
            val manifest = bundle.manifest
            val artifact = chooseArtifact(bundle, engine)
            val encoder = bundle.encoder()
            val normaliser = if (normalise) Normaliser(Words.ofVocabulary(encoder.vocabulary())) else null
            val opened = openEngine(bundle, artifact, threads)
            return try {
                Guard(encoder, opened, manifest.score, operatingPoint, manifest.label, artifact.id, normaliser)
            } catch (error: OperatingPointError) {
                opened.close()
                throw error
            }
        }
    }
}

/** Of what began at a System.nanoTime(). */
internal fun millisecondsSince(begin: Long): Double = (System.nanoTime() - begin) / 1e6

/** The encoder of a bundle. Raises a BundleError. */
fun Bundle.encoder(): Encoder = Encoder(readText(manifest.tokenizer), manifest.input)
