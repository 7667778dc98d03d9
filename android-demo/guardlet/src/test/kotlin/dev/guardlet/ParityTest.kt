package dev.guardlet

import dev.guardlet.tokenizer.frozenDouble
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.contentOrNull
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.condition.EnabledIfSystemProperty
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource

/** The same ids, scores and verdicts as Python. */
@EnabledIfSystemProperty(named = Fixtures.PROPERTY, matches = ".+")
class ParityTest {
    @ParameterizedTest
    @MethodSource("dev.guardlet.Fixtures#answers")
    fun `ids are Python's for every text, and whether its language is read`(answers: Answers) {
        val encoder = answers.bundle.encoder()
        var count = 0
        val different = answers.ids.onEach { count++ }.filter { row ->
            val (ids, cut) = encoder.tokenize(row.text("text"))
            ids != row.ints("ids") || cut != row.flag("cut") || encoder.reads(ids) != row.flag("reads")
        }.map { it.text("text").asEscapes() }.toList()
        assertTrue(count >= 20_000, "only $count texts")
        assertEquals(emptyList<String>(), different.take(20), "${different.size} of $count differ")
    }

    @ParameterizedTest
    @MethodSource("dev.guardlet.Fixtures#answers")
    fun `verdicts are Python's and scores agree to 1e-4`(answers: Answers) {
        for ((artifact, rows) in answers.verdicts) {
            Guard.load(answers.bundle, engine = artifact, threads = 1).use { guard ->
                for (row in rows) compare(row, guard)
            }
        }
    }

    private fun compare(row: JsonObject, guard: Guard) {
        val verdict = guard.check(row.text("prompt"), row.getValue("response").jsonPrimitive.contentOrNull)
        assertVerdict(row.getValue("verdict").jsonObject, verdict)
    }

    @ParameterizedTest
    @MethodSource("dev.guardlet.Fixtures#answers")
    fun `golden vectors hold`(answers: Answers) {
        val reports = verifyBundle(answers.bundle, threads = 1)
        assertEquals(answers.bundle.manifest.artifacts.map { it.id }, reports.map { it.artifact })
        assertTrue(reports.all { it.passed && it.tokenMismatches == 0 }, reports.toString())
    }

    @Test
    fun `windows, budgets and clips are Python's`() {
        for (row in Fixtures.lines("spans")) {
            val (spans, dropped) =
                windowSpans(row.int("length"), row.int("room"), row.int("stride"), row.int("max_windows"))
            val pairs = row.getValue("spans").jsonArray.map { pair -> pair.jsonArray.map { it.jsonPrimitive.content } }
            assertEquals(pairs, spans.map { (begin, end) -> listOf("$begin", "$end") })
            assertEquals(row.flag("dropped"), dropped)
            val limit = row.int("limit")
            assertEquals(row.text("clipped") to row.flag("cut"), clip(row.text("text"), limit))
            assertEquals(row.ints("kept"), headAndTail(row.ints("items"), limit))
        }
    }

    @Test
    fun `numbers are those the frozen tokenizers read`() {
        for (row in Fixtures.lines("numbers")) {
            assertEquals(row.text("value").toDouble(), frozenDouble(row.text("text")), row.text("text"))
        }
    }
}
