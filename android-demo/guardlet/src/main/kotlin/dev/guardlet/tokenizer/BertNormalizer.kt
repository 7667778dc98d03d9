package dev.guardlet.tokenizer

/** BERT's normaliser: control characters out, CJK apart, accents off, lower case; each optional. */
internal class BertNormalizer(
    private val cleanText: Boolean,
    private val handleChinese: Boolean,
    private val stripAccents: Boolean,
    private val lowercase: Boolean,
) : Normalizer {
    override fun normalize(text: IntArray): IntArray {
        var points = text
        if (cleanText) points = clean(points)
        if (handleChinese) points = spaceChinese(points)
        if (stripAccents) points = decompose(points).filterPoints { it !in UnicodeTables.mark }
        if (lowercase) points = Lowercase.normalize(points)
        return points
    }

    private fun clean(text: IntArray): IntArray {
        val kept = text.filterPoints { it !in UnicodeTables.removed }
        for (i in kept.indices) if (kept[i] in UnicodeTables.spaced) kept[i] = SPACE
        return kept
    }

    private fun spaceChinese(text: IntArray): IntArray {
        val out = CodePointBuffer(text.size)
        for (codePoint in text) {
            val apart = codePoint in UnicodeTables.chinese
            if (apart) out.add(SPACE)
            out.add(codePoint)
            if (apart) out.add(SPACE)
        }
        return out.toArray()
    }
}

/** Normalisation form D: canonical decomposition, then canonical order (Unicode 3.11). */
internal fun decompose(text: IntArray): IntArray {
    val out = CodePointBuffer(text.size)
    for (codePoint in text) {
        val parts = UnicodeTables.decompose[codePoint]
        when {
            parts != null -> for (part in parts) out.addInOrder(part)
            codePoint in HANGUL_SYLLABLES -> out.addSyllable(codePoint)
            else -> out.addInOrder(codePoint)
        }
    }
    return out.toArray()
}

/** Adds a character behind the last one whose combining class is not above its own. */
private fun CodePointBuffer.addInOrder(codePoint: Int) {
    add(codePoint)
    val own = UnicodeTables.combining[codePoint] ?: return
    var at = size - 1
    while (at > 0 && (UnicodeTables.combining[this[at - 1]] ?: 0) > own) {
        this[at] = this[at - 1]
        at--
    }
    this[at] = codePoint
}

private fun CodePointBuffer.addSyllable(codePoint: Int) {
    val index = codePoint - HANGUL_SYLLABLES.first
    add(FIRST_L + index / (VOWELS * TRAILING))
    add(FIRST_V + index % (VOWELS * TRAILING) / TRAILING)
    val trailing = index % TRAILING
    if (trailing > 0) add(BEFORE_FIRST_T + trailing)
}

internal val HANGUL_SYLLABLES = 0xAC00..0xD7A3
internal const val TRAILING = 28
private const val VOWELS = 21
private const val FIRST_L = 0x1100
private const val FIRST_V = 0x1161
private const val BEFORE_FIRST_T = 0x11A7
