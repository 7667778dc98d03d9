package dev.guardlet

import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import java.io.File

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
