package dev.guardlet.demo

import android.app.Activity
import android.os.Build
import android.os.Bundle
import android.widget.Button
import android.widget.TextView
import dev.guardlet.Benchmark
import dev.guardlet.EngineReport
import dev.guardlet.Guard
import dev.guardlet.GuardletError
import dev.guardlet.LengthTimes
import dev.guardlet.Report
import dev.guardlet.verifyBundle
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch
import kotlinx.coroutines.runInterruptible
import java.io.File
import java.io.IOException

/**
 * Proves the golden vectors on this phone, times checks, and writes both as JSON.
 *
 *     adb shell am start -n dev.guardlet.demo/.BenchmarkActivity --ez run true --ei threads 2
 *
 * The files `benchmark.json` and `verification.json` appear in the app's external files folder,
 * the first one last, each complete once it has that name.
 */
class BenchmarkActivity : Activity() {
    private val scope = MainScope()
    private lateinit var output: TextView
    private lateinit var button: Button

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.benchmark)
        output = findViewById(R.id.output)
        button = findViewById(R.id.run)
        button.setOnClickListener { start() }
        if (savedInstanceState == null && intent.getBooleanExtra(EXTRA_RUN, false)) start()
    }

    private fun start() {
        button.isEnabled = false
        output.text = ""
        val threads = intent.getIntExtra(EXTRA_THREADS, DEFAULT_THREADS).coerceIn(1, MAX_THREADS)
        scope.launch {
            try {
                runInterruptible(Dispatchers.Default) { measure(threads) }
            } catch (error: GuardletError) {
                say(getString(R.string.failed, error.message))
            } catch (error: IOException) {
                say(getString(R.string.failed, error.message))
            }
            button.isEnabled = true
        }
    }

    private fun measure(threads: Int) {
        val folder = getExternalFilesDir(null) ?: throw IOException("there is no external storage")
        File(folder, BENCHMARK_FILE).delete()
        val bundle = openBundle(applicationContext)
        val reports = verifyBundle(bundle, threads)
        reports.forEach { say(line(it)) }
        write(File(folder, VERIFICATION_FILE), Report.verification(RUNTIME, bundle, reports).toString())
        val begin = System.nanoTime()
        Guard.load(bundle, threads = threads).use { guard ->
            val loadMs = (System.nanoTime() - begin) / NANOSECONDS_PER_MILLISECOND
            val artifact = bundle.manifest.artifacts.first { it.id == guard.engineLabel }
            val times = Benchmark(bundle).run(guard) { say(line(it)) }
            val report = Report.benchmark(RUNTIME, bundle, artifact, threads, loadMs, times, device())
            write(File(folder, BENCHMARK_FILE), report.toString())
        }
        say(getString(R.string.report_written, File(folder, BENCHMARK_FILE).path))
    }

    private fun write(file: File, text: String) {
        val partial = File(file.path + ".partial")
        partial.writeText(text)
        if (!partial.renameTo(file)) throw IOException("cannot write ${file.name}")
    }

    private fun line(times: LengthTimes) =
        getString(R.string.benchmark_line, times.tokens, times.quantile(MEDIAN), times.quantile(NINE_TENTHS))

    private fun line(report: EngineReport) = getString(
        R.string.verified_line,
        report.artifact,
        report.cases,
        report.tokenMismatches == 0,
        report.maxScoreDelta,
    )

    private fun say(line: String) = runOnUiThread { output.append(line + "\n") }

    private fun device() = mapOf(
        "manufacturer" to Build.MANUFACTURER,
        "model" to Build.MODEL,
        "android" to Build.VERSION.RELEASE,
        "abi" to Build.SUPPORTED_ABIS.first(),
        "processors" to Runtime.getRuntime().availableProcessors().toString(),
    )

    override fun onDestroy() {
        scope.cancel()
        super.onDestroy()
    }

    private companion object {
        const val RUNTIME = "android"
        const val EXTRA_RUN = "run"
        const val EXTRA_THREADS = "threads"
        const val DEFAULT_THREADS = 2
        const val MAX_THREADS = 16
        const val BENCHMARK_FILE = "benchmark.json"
        const val VERIFICATION_FILE = "verification.json"
        const val NANOSECONDS_PER_MILLISECOND = 1e6
        const val MEDIAN = 0.5
        const val NINE_TENTHS = 0.9
    }
}
