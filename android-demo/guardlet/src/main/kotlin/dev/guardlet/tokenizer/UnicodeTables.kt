package dev.guardlet.tokenizer

/** Unicode as the frozen tokenizers know it, whatever version the system has. See unicode.txt. */
internal object UnicodeTables {
    private val file = UnicodeFile("/dev/guardlet/tokenizer/unicode.txt")

    val removed by lazy { file.set("removed") }
    val spaced by lazy { file.set("spaced") }
    val chinese by lazy { file.set("chinese") }
    val mark by lazy { file.set("mark") }
    val whitespace by lazy { file.set("whitespace") }
    val punctuation by lazy { file.set("punctuation") }
    val extends by lazy { file.set("extends") }
    val prepends by lazy { file.set("prepends") }
    val breaks by lazy { file.set("breaks") }
    val lowercase by lazy { file.mapping("lowercase") }
    val decompose by lazy { file.mapping("decompose") }

    /** Canonical combining classes other than 0. */
    val combining: Map<Int, Int> by lazy { file.values("combining") }
}
