package dev.guardlet.tokenizer

/**
 * The most probable segmentation by Viterbi's algorithm, in float64.
 *
 * Source: Kudo 2018, arXiv 1804.10959; ties, the penalty of unknown characters and their fusion
 * are those of the frozen tokenizers.
 */
internal class Unigram(
    private val vocabulary: List<String>,
    scores: List<Double>,
    override val unknown: Int?,
) : TokenModel {
    override val entries: Collection<String> get() = vocabulary

    override val pieces: Sequence<Piece>
        get() = vocabulary.asSequence().mapIndexed { id, piece ->
            val body = piece.removePrefix(WORD_START)
            Piece(id, body, continues = body == piece)
        }

    private val scores = scores.toDoubleArray()
    private val ids = HashMap<String, Int>(vocabulary.size * 2)
    private val trie = PieceTrie()
    private val unknownScore = (scores.minOrNull() ?: 0.0) - UNKNOWN_PENALTY

    init {
        vocabulary.forEachIndexed { id, piece -> ids[piece] = id }
        for ((piece, id) in ids) trie.add(codePoints(piece), id)
    }

    override fun encode(piece: IntArray, ids: MutableList<Int>) {
        if (piece.isEmpty()) return
        val paths = Paths(piece.size)
        for (start in piece.indices) advance(piece, start, paths)
        ids += segments(piece, paths).map { this.ids[it] ?: unknownId() }
    }

    private fun advance(piece: IntArray, start: Int, paths: Paths) {
        val here = paths.score[start]
        var known = false
        trie.forEachPrefix(piece, start) { end, id ->
            paths.offer(start, end, here + scores[id], id)
            known = known || end == start + 1
        }
        if (!known) paths.offer(start, start + 1, here + unknownScore, unknownId())
    }

    /** The best path's pieces in order, neighbouring unknown ones as one. */
    private fun segments(piece: IntArray, paths: Paths): List<String> {
        val found = mutableListOf<String>()
        var end = piece.size
        while (end > 0) {
            var start = paths.from[end]
            if (paths.id[end] == unknown) {
                while (start > 0 && paths.id[start] == unknown) start = paths.from[start]
            }
            found += textOf(piece, start, end)
            end = start
        }
        return found.asReversed()
    }

    private fun unknownId(): Int = checkNotNull(unknown) { "the tokenizer has no unknown token" }

    /** For every end: the best score of a path to it, where its last piece starts and its id. */
    private class Paths(length: Int) {
        val score = DoubleArray(length + 1)
        val from = IntArray(length + 1) { NONE }
        val id = IntArray(length + 1)

        fun offer(start: Int, end: Int, candidate: Double, piece: Int) {
            if (from[end] != NONE && candidate <= score[end]) return
            score[end] = candidate
            from[end] = start
            id[end] = piece
        }
    }

    private companion object {
        const val UNKNOWN_PENALTY = 10.0
        const val NONE = -1
        const val WORD_START = "\u2581"
    }
}
