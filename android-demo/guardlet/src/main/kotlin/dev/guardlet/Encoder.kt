package dev.guardlet

import dev.guardlet.tokenizer.Tokenizer

/** Which text a verdict is about. */
enum class Judged { PROMPT, RESPONSE }

/**
 * How text becomes windows: the manifest's `input` object.
 *
 * All lengths are counts of tokens, except `maxChars`, a count of Unicode code points. `language`
 * is null where the guard makes no claim about languages.
 */
data class InputRules(
    val maxTokens: Int,
    val stride: Int,
    val maxWindows: Int,
    val promptBudget: Int,
    val maxChars: Int,
    val start: List<Int>,
    val middle: List<Int>,
    val end: List<Int>,
    val pad: Int,
    val responseType: Int,
    val language: LanguageRules?,
) {
    /** Tokens of a response that a window shows at least, however long the prompt is. */
    val responseRoom: Int get() = maxTokens - start.size - middle.size - end.size - promptBudget

    init {
        val room = responseRoom
        require(promptBudget >= 2 && maxWindows >= 2 && maxChars >= 2) {
            "prompt_budget, max_windows and max_chars must be at least 2"
        }
        require(stride in 0 until room) {
            "stride $stride must be at least 0 and below the $room tokens that max_tokens leaves " +
                "to a response beside the prompt budget"
        }
    }
}

/**
 * One model input: `ids` and `typeIds` of equal length, special tokens included.
 *
 * `begin` and `end` are the token span of the judged text this window shows.
 */
data class Window(val ids: List<Int>, val typeIds: List<Int>, val begin: Int, val end: Int)

/**
 * The windows of one check, in text order.
 *
 * `tokens` counts the tokens of prompt and response before any was left out, special tokens
 * excluded. `truncated` is true when part of the judged text is in no window.
 * `languageSupported` is false when the judged text is in a language the guard does not read.
 */
data class Encoding(
    val windows: List<Window>,
    val judged: Judged,
    val tokens: Int,
    val truncated: Boolean,
    val languageSupported: Boolean,
)

/**
 * Turns a prompt, or a prompt and a response, into windows. Thread-safe.
 *
 * Raises ManifestError when `tokenizerJson` is not a tokenizer.json this library reads exactly.
 */
class Encoder(tokenizerJson: String, val rules: InputRules) {
    private val tokenizer = Tokenizer.parse(tokenizerJson)

    // A Unigram vocabulary may hold "[SEP]" as an ordinary piece as well.
    private val reserved = (rules.start + rules.middle + rules.end + rules.pad).toSet()

    private val detector = rules.language?.let { LanguageDetector(tokenizer.pieces, tokenizer.unknown, it) }

    /** Every entry of the tokenizer's vocabulary, word marks included. */
    fun vocabulary(): Set<String> = tokenizer.vocabulary

    /** Ids of `text` without special tokens, and whether `maxChars` cut text away. */
    fun tokenize(text: String): Pair<List<Int>, Boolean> {
        val (clipped, cut) = clip(replaceLoneSurrogates(text), rules.maxChars)
        return tokenizer.encode(clipped).filter { it !in reserved } to cut
    }

    /** Windows for one check. Raises EmptyInputError when neither argument holds a token. */
    fun encode(prompt: String, response: String? = null): Encoding {
        val (promptIds, promptCut) = tokenize(prompt)
        val (responseIds, responseCut) = tokenize(response.orEmpty())
        val tokens = promptIds.size + responseIds.size
        if (tokens == 0) {
            throw EmptyInputError(
                "neither prompt nor response holds any readable text; check a non-empty string",
            )
        }
        if (responseIds.isEmpty()) {
            val (windows, dropped) = promptWindows(promptIds)
            // A response may lose all its readable text to `maxChars`: that must show as well.
            val cut = promptCut || responseCut
            return Encoding(windows, Judged.PROMPT, tokens, dropped || cut, reads(promptIds))
        }
        val (windows, dropped) = pairWindows(promptIds, responseIds)
        return Encoding(windows, Judged.RESPONSE, tokens, dropped || responseCut, reads(responseIds))
    }

    /**
     * The last window of a response of `tokens` tokens of which `tail` are the last.
     *
     * Both lists are ids as `tokenize` gives them. `truncated` is true when the window does not
     * show the whole response; `languageSupported` is about the part it shows.
     */
    fun encodeTail(prompt: List<Int>, tail: List<Int>, tokens: Int): Encoding {
        val last = pairWindows(prompt, tail).first.last()
        val before = tokens - tail.size
        val window = last.copy(begin = before + last.begin, end = before + last.end)
        val supported = reads(tail.drop(last.begin))
        return Encoding(listOf(window), Judged.RESPONSE, prompt.size + tokens, window.begin > 0, supported)
    }

    /**
     * Whether the text of these tokens is in a language the guard reads; true where the rules make
     * no claim.
     */
    fun reads(ids: List<Int>): Boolean = detector?.supports(ids) ?: true

    private fun promptWindows(ids: List<Int>): Pair<List<Window>, Boolean> {
        val room = rules.maxTokens - rules.start.size - rules.end.size
        val (spans, dropped) = windowSpans(ids.size, room, rules.stride, rules.maxWindows)
        val windows = spans.map { (begin, end) ->
            val full = rules.start + ids.subList(begin, end) + rules.end
            Window(full, List(full.size) { 0 }, begin, end)
        }
        return windows to dropped
    }

    private fun pairWindows(prompt: List<Int>, response: List<Int>): Pair<List<Window>, Boolean> {
        val space = rules.maxTokens - rules.start.size - rules.middle.size - rules.end.size
        val kept = headAndTail(prompt, maxOf(rules.promptBudget, space - response.size))
        val (spans, dropped) =
            windowSpans(response.size, space - kept.size, rules.stride, rules.maxWindows)
        val first = rules.start + kept + rules.middle
        val windows = spans.map { (begin, end) ->
            val second = response.subList(begin, end) + rules.end
            val types = List(first.size) { 0 } + List(second.size) { rules.responseType }
            Window(first + second, types, begin, end)
        }
        return windows to dropped
    }
}
