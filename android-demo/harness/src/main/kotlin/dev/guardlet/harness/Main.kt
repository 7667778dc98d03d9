package dev.guardlet.harness

import dev.guardlet.Benchmark
import dev.guardlet.Bundle
import dev.guardlet.Guard
import dev.guardlet.GuardletError
import dev.guardlet.Report
import dev.guardlet.verifyBundle
import kotlinx.serialization.json.JsonObject
import java.io.File
import kotlin.system.exitProcess

private const val RUNTIME = "jvm"
private const val EXIT_ERROR = 2
private const val USAGE = """usage: guardlet-harness verify BUNDLE
       guardlet-harness benchmark BUNDLE [--engine NAME] [--threads N] [--runs N] [--lengths 32,64]"""

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
    val bundle = Bundle.open(File(arguments[1]))
    val options = options(arguments.drop(2))
    return when (arguments[0]) {
        "verify" -> Report.verification(RUNTIME, bundle, verifyBundle(bundle))
        "benchmark" -> benchmark(bundle, options)
        else -> throw IllegalArgumentException()
    }
}

private fun benchmark(bundle: Bundle, options: Map<String, String>): JsonObject {
    val threads = options["--threads"]?.toInt() ?: Runtime.getRuntime().availableProcessors()
    val runs = options["--runs"]?.toInt() ?: 50
    val lengths = options["--lengths"]?.split(',')?.map(String::toInt) ?: Benchmark.DEFAULT_LENGTHS
    require(threads > 0 && runs > 0 && lengths.all { it > 0 })
    val begin = System.nanoTime()
    Guard.load(bundle, options["--engine"], threads).use { guard ->
        val loadMs = (System.nanoTime() - begin) / 1e6
        val artifact = bundle.manifest.artifacts.first { it.id == guard.engineLabel }
        val times = Benchmark(bundle, lengths, runs).run(guard)
        return Report.benchmark(RUNTIME, bundle, artifact, threads, loadMs, times, Report.machine())
    }
}

private fun options(words: List<String>): Map<String, String> {
    val known = setOf("--engine", "--threads", "--runs", "--lengths")
    return words.chunked(2).associate {
        require(it.size == 2 && it[0] in known)
        it[0] to it[1]
    }
}

private fun fail(message: String): Nothing {
    System.err.println(message)
    exitProcess(EXIT_ERROR)
}
