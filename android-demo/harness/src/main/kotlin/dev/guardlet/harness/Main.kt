package dev.guardlet.harness

import dev.guardlet.Bundle
import dev.guardlet.GuardletError
import dev.guardlet.Report
import dev.guardlet.benchmark.Benchmark
import dev.guardlet.benchmark.Plan
import dev.guardlet.verifyBundle
import kotlinx.serialization.json.JsonObject
import java.io.File
import kotlin.system.exitProcess

private const val EXIT_ERROR = 2
private const val USAGE = """usage: guardlet-harness verify BUNDLE
       guardlet-harness benchmark BUNDLE [--artifact ID] [--threads N] [--lengths 32,64] [--rounds N] [--seconds S]"""

/** Prints one JSON object; an error is one line on standard error and exit code 2. */
fun main(arguments: Array<String>) {
    try {
        println(run(arguments.toList()))
    } catch (error: GuardletError) {
        fail("${error.javaClass.simpleName}: ${error.message}")
    } catch (error: IllegalArgumentException) {
        fail(USAGE)
    }
    // ONNX Runtime's threads must not keep the process alive.
    exitProcess(0)
}

private fun run(arguments: List<String>): JsonObject {
    require(arguments.size >= 2)
    val folder = File(arguments[1])
    val options = arguments.drop(2)
    return when (arguments[0]) {
        "verify" -> verify(folder, options)
        "benchmark" -> Benchmark(folder, plan(options), JvmPlatform).run().toJson()
        else -> throw IllegalArgumentException()
    }
}

private fun verify(folder: File, options: List<String>): JsonObject {
    require(options.isEmpty())
    val bundle = Bundle.open(folder)
    return Report.verification(JvmPlatform.runtime, bundle, verifyBundle(bundle))
}

private fun plan(words: List<String>): Plan {
    val options = options(words)
    return Plan(
        threads = options["--threads"]?.toInt() ?: Runtime.getRuntime().availableProcessors(),
        artifact = options["--artifact"],
        lengths = options["--lengths"]?.split(',')?.map(String::toInt) ?: Plan.DEFAULT_LENGTHS,
        rounds = options["--rounds"]?.toInt() ?: Plan.DEFAULT_ROUNDS,
        sustainedSeconds = options["--seconds"]?.toDouble() ?: 0.0,
    )
}

private fun options(words: List<String>): Map<String, String> {
    val known = setOf("--artifact", "--threads", "--lengths", "--rounds", "--seconds")
    return words.chunked(2).associate {
        require(it.size == 2 && it[0] in known)
        it[0] to it[1]
    }
}

private fun fail(message: String): Nothing {
    System.err.println(message)
    exitProcess(EXIT_ERROR)
}
