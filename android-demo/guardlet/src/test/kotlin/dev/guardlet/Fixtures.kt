package dev.guardlet

import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.double
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import java.io.File
import kotlin.math.abs

/** What Python answers, as android-demo/tooling/make_fixtures.py wrote it. */
object Fixtures {
    /** Empty without `-Dguardlet.fixtures`: the tests that need them are skipped then. */
    const val PROPERTY = "guardlet.fixtures"

    private val folder = File(System.getProperty(PROPERTY))

    /** One set of answers for every bundle. */
    @JvmStatic
    fun answers(): List<Answers> = folder.listFiles { file -> file.name.startsWith("answers-") }!!
        .sortedBy { it.name }.map(::Answers)

    fun answers(name: String) = Answers(File(folder, "answers-$name"))

    fun lines(name: String): Sequence<JsonObject> = rows(File(folder, "$name.jsonl"))

    fun attack(name: String) = File(folder, "attacks/$name")
}

class Answers(private val folder: File) {
    val bundle: Bundle by lazy { Bundle.open(File(File(folder, "bundle.txt").readText())) }

    val ids: Sequence<JsonObject> get() = rows(File(folder, "ids.jsonl"))

    /** Artifact ids to the verdicts that Python's ONNX Runtime comes to with them. */
    val verdicts: Map<String, List<JsonObject>> get() = byArtifact("verdicts-")

    /** Texts and what the normaliser reads in them with the bundle's words. */
    val readings: Sequence<JsonObject> get() = rows(File(folder, "readings.jsonl"))

    /** Artifact ids to verdicts of guards that normalise. */
    val normalised: Map<String, List<JsonObject>> get() = byArtifact("normalised-")

    /** Artifact ids to streamed responses and the checks Python makes of them. */
    val streams: Map<String, List<JsonObject>> get() = byArtifact("streams-")

    private fun byArtifact(prefix: String) =
        folder.listFiles { file -> file.name.startsWith(prefix) }!!
            .associate { it.name.removeSurrounding(prefix, ".jsonl") to rows(it).toList() }

    override fun toString() = folder.name
}

private fun rows(file: File): Sequence<JsonObject> =
    file.readLines().asSequence().map { Json.parseToJsonElement(it).jsonObject }

fun JsonObject.text(key: String): String = getValue(key).jsonPrimitive.content

fun JsonObject.flag(key: String): Boolean = getValue(key).jsonPrimitive.boolean

fun JsonObject.int(key: String): Int = getValue(key).jsonPrimitive.int

fun JsonObject.ints(key: String): List<Int> = getValue(key).jsonArray.map { it.jsonPrimitive.int }

/** Fails unless `verdict` is Python's, its score to 1e-4. */
fun assertVerdict(expected: JsonObject, verdict: Verdict) {
    val difference = abs(expected.getValue("score").jsonPrimitive.double - verdict.score)
    assertTrue(difference <= 1e-4, "score differs by $difference")
    assertEquals(
        expected.filterKeys { it != "score" }.mapValues { it.value.jsonPrimitive.content },
        mapOf(
            "harmful" to verdict.harmful.toString(),
            "level" to verdict.level.name.lowercase(),
            "judged" to verdict.judged.name.lowercase(),
            "tokens" to verdict.tokens.toString(),
            "windows" to verdict.windows.toString(),
            "window" to verdict.window.toString(),
            "truncated" to verdict.truncated.toString(),
            "language_supported" to verdict.languageSupported.toString(),
            "operating_point" to verdict.operatingPoint,
            "bundle" to verdict.bundle,
            "engine" to verdict.engine,
            "decoding" to verdict.decoding.toString(),
        ),
    )
}

/** A text as ASCII, for messages. */
fun String.asEscapes() = map { if (it in ' '..'~') "$it" else "\\u%04x".format(it.code) }.joinToString("")
