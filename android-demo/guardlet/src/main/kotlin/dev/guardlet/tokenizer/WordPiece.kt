package dev.guardlet.tokenizer

/** An entry of a vocabulary: its id, its letters, and whether it continues a word. */
internal class Piece(val id: Int, val body: String, val continues: Boolean)

/** Turns one piece of text into token ids. `unknown` stands for what the vocabulary cannot spell. */
internal interface TokenModel {
    /** The vocabulary as it is written in the file. */
    val entries: Collection<String>
    val pieces: Sequence<Piece>
    val unknown: Int?

    /** Appends the ids of `piece`. */
    fun encode(piece: IntArray, ids: MutableList<Int>)
}

/** The longest known piece first, from the left; one unknown token for a word that has none. */
internal class WordPiece(
    private val vocabulary: Map<String, Int>,
    override val unknown: Int,
    private val prefix: String,
    private val maxCharacters: Int,
) : TokenModel {
    override val entries: Collection<String> get() = vocabulary.keys

    override val pieces: Sequence<Piece>
        get() = vocabulary.asSequence().map { (piece, id) ->
            Piece(id, piece.removePrefix(prefix), piece.startsWith(prefix))
        }

    override fun encode(piece: IntArray, ids: MutableList<Int>) {
        if (piece.size > maxCharacters) {
            ids += unknown
            return
        }
        val begin = ids.size
        var start = 0
        while (start < piece.size) {
            val end = longest(piece, start, ids)
            if (end == start) {
                ids.subList(begin, ids.size).clear()
                ids += unknown
                return
            }
            start = end
        }
    }

    private fun longest(piece: IntArray, start: Int, ids: MutableList<Int>): Int {
        for (end in piece.size downTo start + 1) {
            val text = textOf(piece, start, end)
            val id = vocabulary[if (start > 0) prefix + text else text] ?: continue
            ids += id
            return end
        }
        return start
    }
}
