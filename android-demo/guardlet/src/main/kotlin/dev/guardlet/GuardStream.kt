package dev.guardlet

/**
 * One response judged while it is generated; apps get it from `Guard.stream`. For one thread at a
 * time.
 *
 * It tokenises each piece of the response once, keeps the tokens of one window, and KEEPS THE TEXT,
 * because the check at the end reads it: about twice the bundle's `maxChars` code points at most.
 * `close` lets go of it; nothing else of Guardlet keeps text.
 *
 * Checks are a function of the text alone: however it is cut into chunks, the same checks are made
 * in the same order, and `flagged` ends the same. The chunks only decide which call makes them.
 */
class GuardStream internal constructor(
    private val guard: Guard,
    private val encoder: Encoder,
    prompt: String,
    val schedule: StreamSchedule,
) {
    private var prompt = replaceLoneSurrogates(prompt)
    private var promptIds: List<Int>
    private var joiner = SurrogateJoiner()
    private var pieces = Pieces()
    private var text = KeptText(encoder.rules.maxChars)
    private val waiting = ArrayDeque<Int>()
    private val tail = ArrayDeque<Int>()
    private var tokens = 0
    private var streak = 0
    private var closing: Verdict? = null

    /** True from `hits` harmful checks in a row on; the verdict of `close` does not count. */
    var flagged = false
        private set

    init {
        schedule.requireFit(encoder.rules)
        promptIds = encoder.tokenize(prompt).first
    }

    internal constructor(guard: Guard, encoder: Encoder, state: StreamState) :
        this(guard, encoder, state.prompt, state.schedule) {
        if (state.bundle != guard.bundleLabel || state.operatingPoint != guard.operatingPoint) {
            throw StreamError(
                "the state was made with another bundle or operating point; resume it with that " +
                    "one or start a new stream",
            )
        }
        joiner = SurrogateJoiner(state.surrogate)
        pieces = Pieces(replaceLoneSurrogates(state.rest))
        text = KeptText(encoder.rules.maxChars, replaceLoneSurrogates(state.text))
        waiting += state.waiting
        tail += state.tail.takeLast(encoder.rules.maxTokens)
        tokens = state.tokens
        streak = state.streak
        flagged = state.flagged
    }

    /**
     * Takes the next chunk; the verdict of the check that came due, null when none did. Of several
     * checks, which a chunk of more than `every` tokens brings, the worst verdict. Raises as
     * `feedAll`.
     */
    fun feed(chunk: String): Verdict? = feedAll(chunk).maxByOrNull { it.score }

    /**
     * Takes the next chunk; the verdicts of all checks that came due, in order.
     *
     * In them `tokens` counts the prompt and the response up to the check, `truncated` is true when
     * the window did not show all of that response. Raises StreamError after `close`, or
     * EngineError or InterruptedException: the chunk was taken, the check is left out, and the
     * stream can go on.
     */
    fun feedAll(chunk: String): List<Verdict> {
        requireOpen()
        val certain = joiner.join(chunk)
        text.add(certain)
        for (piece in pieces.add(certain)) waiting += encoder.tokenize(piece).first
        val verdicts = ArrayList<Verdict>()
        while (waiting.size >= newTokens()) verdicts += checkAfter(newTokens())
        return verdicts
    }

    /**
     * The verdict of `Guard.check` on the prompt and the whole response.
     *
     * Of an empty response it is the verdict of the prompt. A second call gives it again. Raises
     * EmptyInputError, EngineError or InterruptedException; it can be called again then.
     */
    fun close(): Verdict {
        closing?.let { return it }
        val ending = if (joiner.held == null) "" else "\uFFFD"
        val verdict = guard.check(prompt, text.toString() + ending)
        closing = verdict
        prompt = ""
        promptIds = emptyList()
        text = KeptText(0)
        pieces = Pieces()
        joiner = SurrogateJoiner()
        waiting.clear()
        tail.clear()
        return verdict
    }

    /**
     * Where the stream is, as JSON for `Guard.resumeStream`, in Python as well. It HOLDS THE TEXT of
     * the prompt and of the response so far: store it as you store those. Raises StreamError after
     * `close`.
     */
    fun state(): String {
        requireOpen()
        return StreamState(
            guard.bundleLabel,
            guard.operatingPoint,
            prompt,
            schedule,
            text.toString(),
            pieces.rest,
            joiner.held,
            waiting,
            tail,
            tokens,
            streak,
            flagged,
        ).toJson()
    }

    private fun requireOpen() {
        if (closing != null) throw StreamError("the stream is closed; start a new one with guard.stream")
    }

    /** Tokens between the last check and the next. */
    private fun newTokens(): Int = if (tokens == 0) schedule.first else schedule.every

    private fun checkAfter(new: Int): Verdict {
        val begin = System.nanoTime()
        repeat(new) { tail += waiting.removeFirst() }
        while (tail.size > encoder.rules.maxTokens) tail.removeFirst()
        tokens += new
        val shown = tail.takeLast(schedule.shown(tokens, new))
        val verdict = guard.judge(encoder.encodeTail(promptIds, shown, tokens), begin)
        streak = if (verdict.harmful) streak + 1 else 0
        flagged = flagged || streak >= schedule.hits
        return verdict
    }
}
