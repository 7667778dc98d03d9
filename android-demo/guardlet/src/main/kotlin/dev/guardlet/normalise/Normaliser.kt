package dev.guardlet.normalise

/** What a text may hide, and the parts that found it, joined by `+`. */
data class Reading(val text: String, val decoding: String)

/** The parts of the stage in the order they run; those of one `step` come to one reading. */
enum class Part(internal val step: Int, internal val undo: (String, Words) -> String) {
    TAG_CHARACTERS(1, { text, _ -> tagCharacters(text) }),
    ZERO_WIDTH(1, { text, _ -> zeroWidth(text) }),
    FULL_WIDTH(1, { text, _ -> fullWidth(text) }),
    HOMOGLYPH(1, { text, _ -> homoglyph(text) }),
    BASE64(2, ::base64Text),
    HEX(2, ::hexadecimal),
    MORSE(2, ::morse),
    SPACED_LETTERS(2, ::spacedLetters),
    LEETSPEAK(3, ::leetspeak),
    CAESAR(4, ::caesar),
    ;

    /** As a verdict's `decoding` names it. */
    val label: String = name.lowercase()
}

/**
 * The stage in front of the guard: a text as it stands, and as what it may hide. Specified in
 * docs/bundle-format.md, section "Normalisation". Thread-safe; keeps no text.
 *
 * `words` tell decodings from noise.
 */
class Normaliser @JvmOverloads constructor(private val words: Words, parts: Collection<Part> = Part.entries) {
    private val steps = parts.toSortedSet().groupBy { it.step }.values

    /**
     * None for plain text, else one after each step that changed the text: at most four. `text` is
     * well-formed UTF-16.
     */
    fun readings(text: String): List<Reading> {
        val found = ArrayList<Reading>()
        val fired = ArrayList<Part>()
        var read = text
        for (step in steps) {
            val before = read
            for (part in step) {
                val decoded = part.undo(read, words)
                if (decoded != read) fired += part
                read = decoded
            }
            if (read != before) found += Reading(read, fired.joinToString("+") { it.label })
        }
        return found
    }
}
