package dev.guardlet.tokenizer

import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.util.Base64

/**
 * SentencePiece's character map (`Precompiled`): a double-array trie from UTF-8 to replacements.
 *
 * The blob is a little-endian u32, the trie's length in bytes; the trie as little-endian u32 units;
 * then the replacements in UTF-8, each ended by NUL. A unit holds a label (bits 0-7 and 31), a leaf
 * flag (bit 8) and an offset (bits 10-30, shifted by 8 where bit 9 is set); a leaf's value is the
 * position of its replacement. Source: Darts-clone, as sentencepiece/src/normalizer.cc reads it.
 */
internal class CharacterMap(base64: String) : Normalizer {
    private val units: IntArray
    private val replacements: ByteArray

    init {
        val blob = Base64.getDecoder().decode(base64)
        val numbers = ByteBuffer.wrap(blob).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer()
        val size = numbers.get()
        require(size in Int.SIZE_BYTES..blob.size - Int.SIZE_BYTES) { "precompiled_charsmap" }
        units = IntArray(size / Int.SIZE_BYTES).also(numbers::get)
        replacements = blob.copyOfRange(Int.SIZE_BYTES * (units.size + 1), blob.size)
    }

    /**
     * A short cluster is replaced as a whole by what its first mapped prefix becomes, whatever
     * follows in it; other text is mapped by character. That is how the frozen tokenizers read the
     * map, and models were trained on it.
     */
    override fun normalize(text: IntArray): IntArray {
        val out = CodePointBuffer(text.size)
        Graphemes.forEach(text) { from, to ->
            val whole = if (to - from > 1) shortCluster(text, from, to) else null
            if (whole != null) {
                out.addAll(whole)
            } else {
                for (i in from until to) {
                    lookUp(utf8(text, i, i + 1))?.let(out::addAll) ?: out.add(text[i])
                }
            }
        }
        return out.toArray()
    }

    private fun shortCluster(text: IntArray, from: Int, to: Int): IntArray? {
        if (to - from >= CLUSTER_BYTES) return null
        val bytes = utf8(text, from, to)
        return if (bytes.size < CLUSTER_BYTES) lookUp(bytes) else null
    }

    private fun lookUp(key: ByteArray): IntArray? {
        var node = offset(units[0])
        for (byte in key) {
            val label = byte.toInt() and LABEL_BYTE
            if (label == 0) return null
            node = node xor label
            val unit = units.getOrElse(node) { return null }
            if (unit and LABEL != label) return null
            node = node xor offset(unit)
            if (unit and LEAF != 0) return units.getOrNull(node)?.let { replacement(it and VALUE) }
        }
        return null
    }

    private fun offset(unit: Int): Int = (unit ushr 10) shl ((unit and SHIFT) ushr 6)

    private fun replacement(begin: Int): IntArray {
        var end = begin
        while (end < replacements.size && replacements[end] != NUL) end++
        return codePoints(String(replacements, begin, end - begin, Charsets.UTF_8))
    }

    private fun utf8(text: IntArray, from: Int, to: Int): ByteArray =
        textOf(text, from, to).toByteArray(Charsets.UTF_8)

    private companion object {
        const val CLUSTER_BYTES = 6
        const val LABEL_BYTE = 0xFF
        const val LABEL = (1 shl 31) or LABEL_BYTE
        const val LEAF = 1 shl 8
        const val SHIFT = 1 shl 9
        const val VALUE = Int.MAX_VALUE
        const val NUL: Byte = 0
    }
}
