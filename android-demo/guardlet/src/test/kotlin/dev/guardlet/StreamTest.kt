package dev.guardlet

import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.double
import kotlinx.serialization.json.intOrNull
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.condition.EnabledIfSystemProperty
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import kotlin.math.abs

/** Streams make Python's checks, and end as a check of the whole response does. */
@EnabledIfSystemProperty(named = Fixtures.PROPERTY, matches = ".+")
class StreamTest {
    @ParameterizedTest
    @MethodSource("dev.guardlet.Fixtures#answers")
    fun `checks are Python's and scores agree to 1e-4`(answers: Answers) = everyRow(answers) { guard, row ->
        val stream = guard.stream(row.text("prompt"), schedule(row.getValue("schedule").jsonObject))
        val verdicts = row.chunks().flatMap(stream::feedAll)
        compare(row.getValue("checks").jsonArray, verdicts)
        assertEquals(row.flag("flagged"), stream.flagged)
        compare(listOf(row.getValue("closing")), listOf(stream.close()))
    }

    @ParameterizedTest
    @MethodSource("dev.guardlet.Fixtures#answers")
    fun `a state of Python's is the same here and goes on here`(answers: Answers) = everyRow(answers) { guard, row ->
        val half = row.getValue("half").jsonObject
        val after = half.int("made_after")
        val ours = guard.stream(row.text("prompt"), schedule(row.getValue("schedule").jsonObject))
        row.chunks().take(after).forEach(ours::feedAll)
        assertEquals(StreamState.parse(half.text("state")), StreamState.parse(ours.state()))

        val theirs = guard.resumeStream(half.text("state"))
        val checks = row.getValue("checks").jsonArray.drop(half.int("checks"))
        compare(checks, row.chunks().drop(after).flatMap(theirs::feedAll))
        assertEquals(row.flag("flagged"), theirs.flagged)
        compare(listOf(row.getValue("closing")), listOf(theirs.close()))
    }

    @Test
    fun `of several checks feed gives the worst, and none before the first is due`() = withGuard { guard ->
        val stream = guard.stream("hello", SMALL)
        assertNull(stream.feed("one two"))
        val all = guard.stream("hello", SMALL).feedAll(LONG)
        assertTrue(all.size > 10)
        assertEquals(all.maxOf { it.score }, guard.stream("hello", SMALL).feed(LONG)!!.score)
    }

    @Test
    fun `after close only the verdict is left`() = withGuard { guard ->
        val stream = guard.stream("hello", SMALL)
        stream.feed(SECRET)
        assertEquals(guard.check("hello", SECRET).score, stream.close().score)
        assertSame(stream.close(), stream.close())
        for (call in listOf<() -> Any?>({ stream.feed(SECRET) }, { stream.state() })) {
            val error = assertThrows(StreamError::class.java) { call() }
            assertFalse("zyxwvut" in error.message!!)
        }
    }

    @Test
    fun `an empty response gives the verdict of the prompt`() = withGuard { guard ->
        assertEquals(Judged.PROMPT, guard.stream("hello", SMALL).close().judged)
        assertThrows(EmptyInputError::class.java) { guard.stream(" ", SMALL).close() }
    }

    @Test
    fun `a schedule that cannot be kept is refused`() = withGuard { guard ->
        val room = bundle.manifest.input.responseRoom
        for (make in listOf<() -> StreamSchedule>(
            { StreamSchedule(first = 0) },
            { StreamSchedule(every = 0) },
            { StreamSchedule(context = -1) },
            { StreamSchedule(hits = 0) },
            { StreamSchedule(first = room + 1, context = null) },
            { StreamSchedule(every = 1, context = room) },
            { StreamSchedule(every = Int.MAX_VALUE, context = Int.MAX_VALUE) },
        )) {
            assertThrows(StreamError::class.java) { guard.stream("hello", make()) }
        }
    }

    @Test
    fun `a state that is none of this guard's is refused without its text`() = withGuard { guard ->
        val stream = guard.stream("hello", SMALL)
        stream.feed(SECRET)
        val state = stream.state()
        for ((from, to) in listOf(
            "\"format\":1" to "\"format\":2",
            "\"tokens\":" to "\"tokens\":-",
            "\"streak\":0" to "\"streak\":\"0\"",
            "\"flagged\":false" to "\"flagged\":\"false\"",
            "\"surrogate\":null" to "\"surrogate\":65",
            "\"waiting\":[" to "\"waiting\":[1.5,",
            "\"every\":3" to "\"every\":3000",
            "\"bundle\":\"" to "\"bundle\":\"x",
            "\"operating_point\":\"" to "\"operating_point\":\"x",
            "{\"format\"" to "{\"more\":1,\"format\"",
            "}" to "",
        )) {
            assertTrue(from in state, from)
            val error = assertThrows(StreamError::class.java, { guard.resumeStream(state.replace(from, to)) }, to)
            assertFalse("zyxwvut" in error.message!!)
        }
        assertThrows(StreamError::class.java) { guard.resumeStream("[]") }
    }

    private fun everyRow(answers: Answers, compare: (Guard, JsonObject) -> Unit) {
        for ((artifact, rows) in answers.streams) {
            assertTrue(rows.size >= 30, "only ${rows.size} streams")
            Guard.load(answers.bundle, engine = artifact, threads = 1).use { guard ->
                for (row in rows) compare(guard, row)
            }
        }
    }

    private fun compare(expected: List<JsonElement>, verdicts: List<Verdict>) {
        assertEquals(expected.map { it.jsonObject.facts() }, verdicts.map { it.facts() })
        for ((row, verdict) in expected zip verdicts) {
            val difference = abs(row.jsonObject.getValue("score").jsonPrimitive.double - verdict.score)
            assertTrue(difference <= 1e-4, "score differs by $difference")
        }
    }

    private fun JsonObject.facts() =
        listOf("tokens", "level", "judged", "windows", "truncated", "language_supported").map { text(it) }

    private fun Verdict.facts() =
        listOf(tokens, level, judged, windows, truncated, languageSupported).map { it.toString().lowercase() }

    private fun JsonObject.chunks() = getValue("chunks").jsonArray.map { it.jsonPrimitive.content }

    private fun schedule(tree: JsonObject) = StreamSchedule(
        tree.int("first"),
        tree.int("every"),
        tree.getValue("context").jsonPrimitive.intOrNull,
        tree.int("hits"),
    )

    private val bundle get() = Fixtures.answers("wordpiece").bundle

    private fun withGuard(test: (Guard) -> Unit) = Guard.load(bundle, threads = 1).use(test)

    private companion object {
        const val SECRET = "a word and zyxwvut"
        val SMALL = StreamSchedule(first = 2, every = 3, context = null, hits = 2)
        val LONG = "one two three four " * 10

        operator fun String.times(count: Int) = repeat(count)
    }
}
