package dev.guardlet.demo

import android.graphics.Color
import android.widget.TextView
import dev.guardlet.Judged
import dev.guardlet.Level
import dev.guardlet.Verdict

/** A few lines of text that say what the guard found. */
class VerdictView(private val headline: TextView, private val details: TextView) {
    private val plainColors = headline.textColors
    private val resources get() = headline.resources

    fun show(verdict: Verdict) {
        val judged = resources.getString(judgedName(verdict.judged))
        val level = resources.getString(levelName(verdict.level))
        headline.text = resources.getString(R.string.verdict, judged, level, verdict.score)
        headline.setTextColor(levelColor(verdict.level))
        val line = resources.getString(
            R.string.details,
            verdict.tokens,
            verdict.window + 1,
            verdict.windows,
            verdict.latencyMs,
        )
        details.text = (listOf(line) + warnings(verdict).map(resources::getString)).joinToString("\n")
    }

    fun showNothing() = plain(resources.getString(R.string.nothing))

    /** An error names what went wrong with the guard, never what was typed. */
    fun showFailure(error: Exception) = plain(resources.getString(R.string.failed, error.message))

    private fun plain(text: String) {
        headline.text = text
        headline.setTextColor(plainColors)
        details.text = ""
    }

    private fun warnings(verdict: Verdict) = listOfNotNull(
        R.string.truncated.takeIf { verdict.truncated },
        R.string.other_language.takeUnless { verdict.languageSupported },
    )

    private fun judgedName(judged: Judged) = when (judged) {
        Judged.PROMPT -> R.string.judged_prompt
        Judged.RESPONSE -> R.string.judged_response
    }

    private fun levelName(level: Level) = when (level) {
        Level.SAFE -> R.string.level_safe
        Level.CONTROVERSIAL -> R.string.level_controversial
        Level.HARMFUL -> R.string.level_harmful
    }

    /** Readable on light and on dark backgrounds; the level is also said in words. */
    private fun levelColor(level: Level) = when (level) {
        Level.SAFE -> Color.rgb(0x2E, 0x8B, 0x57)
        Level.CONTROVERSIAL -> Color.rgb(0xB8, 0x7A, 0x00)
        Level.HARMFUL -> Color.rgb(0xD3, 0x3F, 0x3F)
    }
}
