package dev.guardlet

import dev.guardlet.normalise.Normaliser
import dev.guardlet.normalise.Part
import dev.guardlet.normalise.Words
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.contentOrNull
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.condition.EnabledIfSystemProperty
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource

/** What a text hides is found and judged as Python does. */
@EnabledIfSystemProperty(named = Fixtures.PROPERTY, matches = ".+")
class NormaliseTest {
    @Test
    fun `recorded cases are read as the format asks`() {
        val rows = Fixtures.lines("recorded").toList()
        val normaliser = Normaliser(Words(rows.first().text("words").split(' ')))
        compare(rows, normaliser)
        assertEquals(Part.entries.map { it.label }.toSet(), fired(rows))
    }

    @ParameterizedTest
    @MethodSource("dev.guardlet.Fixtures#answers")
    fun `readings are Python's for every text`(answers: Answers) {
        val rows = answers.readings.toList()
        assertTrue(rows.size >= 600, "only ${rows.size} texts")
        assertEquals(Part.entries.map { it.label }.toSet(), fired(rows))
        compare(rows, Normaliser(Words.ofVocabulary(answers.bundle.encoder().vocabulary())))
    }

    @ParameterizedTest
    @MethodSource("dev.guardlet.Fixtures#answers")
    fun `verdicts of what is hidden are Python's and scores agree to 1e-4`(answers: Answers) {
        for ((artifact, rows) in answers.normalised) {
            Guard.load(answers.bundle, artifact, threads = 1, normalise = true).use { guard ->
                for (row in rows) compare(row, guard)
            }
        }
    }

    @Test
    fun `what is hidden decides often enough to be compared`() {
        val decisions = Fixtures.answers().flatMap { it.normalised.values.flatten() }.count { it.decodes() }
        assertTrue(decisions >= 40, "only $decisions")
    }

    @Test
    fun `a stream normalises when it is closed, not before`() {
        val bundle = Fixtures.answers("wordpiece").bundle
        val schedule = StreamSchedule(first = 4, every = 8, context = null)
        Guard.load(bundle, threads = 1).use { plain ->
            Guard.load(bundle, threads = 1, normalise = true).use { wary ->
                val streams = listOf(plain, wary).map { it.stream("please read this", schedule) }
                val (expected, verdicts) = streams.map { it.feedAll(HIDDEN).map(::timeless) }
                assertTrue(verdicts.size > 2)
                assertEquals(expected, verdicts)
                assertEquals(timeless(wary.check("please read this", HIDDEN)), timeless(streams.last().close()))
            }
        }
    }

    @Test
    fun `parts that are off do not fire, and without any nothing is read`() {
        val words = Words(listOf("how", "you", "keep", "the", "bread", "fresh"))
        val text = "k\u0435ep dGhlIGJyMzRkIGZyZXNo"
        assertEquals("homoglyph+base64+leetspeak", Normaliser(words).readings(text).last().decoding)
        val some = Normaliser(words, listOf(Part.LEETSPEAK, Part.BASE64)).readings(text)
        assertEquals(listOf("base64", "base64+leetspeak"), some.map { it.decoding })
        assertEquals(emptyList<Any>(), Normaliser(words, emptyList()).readings(text))
    }

    @Test
    fun `words are the starts of a vocabulary`() {
        for (vocabulary in listOf(
            listOf("[CLS]", "bread", "Fresh", "##read", "an", "caf\u00e9"),
            listOf("<s>", "\u2581bread", "\u2581Fresh", "read", "\u2581an", "\u2581caf\u00e9"),
            listOf("<s>", "\u0120bread", "\u0120Fresh", "read", "\u0120an", "\u0120caf\u00e9"),
            listOf("bread", "fresh"),
        )) {
            val words = Words.ofVocabulary(vocabulary)
            assertTrue("bread" in words && "FRESH" in words)
            assertFalse("read" in words || "an" in words)
            assertEquals(10 to 15, words.letters("Bread is fresh-baked"))
        }
    }

    private fun compare(rows: List<JsonObject>, normaliser: Normaliser) {
        val different = rows.filter { row ->
            val found = normaliser.readings(row.text("text")).map { listOf(it.decoding, it.text) }
            found != row.readings()
        }.map { it.text("text").take(500).asEscapes() }
        assertEquals(emptyList<String>(), different.take(20), "${different.size} of ${rows.size} differ")
    }

    private fun compare(row: JsonObject, guard: Guard) {
        val prompt = row.text("prompt")
        val response = row.getValue("response").jsonPrimitive.contentOrNull
        if (row.getValue("verdict") is JsonNull) {
            assertThrows(EmptyInputError::class.java) { guard.check(prompt, response) }
        } else {
            assertVerdict(row.getValue("verdict").jsonObject, guard.check(prompt, response))
        }
    }

    private fun timeless(verdict: Verdict) = verdict.copy(latencyMs = 0.0)

    private fun fired(rows: List<JsonObject>): Set<String> =
        rows.flatMap { row -> row.readings().flatMap { it.first().split('+') } }.toSet()

    private fun JsonObject.readings(): List<List<String>> =
        getValue("readings").jsonArray.map { reading -> reading.jsonArray.map { it.jsonPrimitive.content } }

    private fun JsonObject.decodes(): Boolean =
        (getValue("verdict") as? JsonObject)?.get("decoding")?.jsonPrimitive?.contentOrNull != null

    private companion object {
        const val HIDDEN = "aG93IGRvIHlvdSBrZWVwIHRoZSBicmVhZCBmcmVzaA== and so on, and so on"
    }
}
