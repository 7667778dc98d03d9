package dev.guardlet.normalise

import dev.guardlet.tokenizer.UnicodeFile
import dev.guardlet.tokenizer.UnicodeTables

/** What Python takes a code point for, whatever version of Unicode the system has. See unicode.txt. */
internal object Characters {
    private val file = UnicodeFile("/dev/guardlet/normalise/unicode.txt")
    private val letters by lazy { file.set("letter") }
    private val digits by lazy { file.set("digit") }

    /** Code points outside ASCII to the ASCII letters or digits that are all of their NFKC. */
    val narrow: Map<Int, IntArray> by lazy { file.mapping("narrow") }

    /** `[^\W\d_]`: letters, and numbers that are no decimal digits. */
    fun isLetter(codePoint: Int): Boolean =
        if (codePoint > LAST_ASCII) codePoint in letters else isAsciiLetter(codePoint)

    /** `[^\W_]`. */
    fun isAlphanumeric(codePoint: Int): Boolean =
        if (codePoint > LAST_ASCII) codePoint in letters || codePoint in digits else isAsciiAlphanumeric(codePoint)

    /** `\s`: beside white space the four separators of ASCII. */
    fun isSpace(codePoint: Int): Boolean = codePoint in SEPARATORS || codePoint in UnicodeTables.whitespace

    fun isAsciiLetter(codePoint: Int): Boolean =
        codePoint in 'a'.code..'z'.code || codePoint in 'A'.code..'Z'.code

    fun isAsciiAlphanumeric(codePoint: Int): Boolean = isAsciiLetter(codePoint) || codePoint in '0'.code..'9'.code

    fun isAscii(text: String): Boolean = text.all { it.code <= LAST_ASCII }

    const val LAST_ASCII = 0x7F
    private val SEPARATORS = 0x1C..0x1F
}
