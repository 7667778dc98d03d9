package dev.guardlet.demo

import android.app.Activity
import android.content.Intent
import android.os.Bundle
import android.view.WindowManager
import android.widget.Button
import android.widget.TextView
import dev.guardlet.GuardletError
import dev.guardlet.benchmark.Benchmark
import dev.guardlet.benchmark.Plan
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch
import kotlinx.coroutines.runInterruptible
import java.io.IOException

/**
 * Measures one artifact on this phone and writes the report that `benchmark-device` pulls.
 *
 *     adb shell am start -n dev.guardlet.demo/.BenchmarkActivity --ez run true --ei threads 2
 *
 * More extras: `--es lengths 32,64 --ei rounds 30 --ef seconds 60 --es artifact ID`, and
 * `--ez pushed true` for the bundle that adb put beside the report instead of the app's own.
 */
class BenchmarkActivity : Activity() {
    private val scope = MainScope()
    private lateinit var files: BenchmarkFiles
    private lateinit var output: TextView
    private lateinit var button: Button

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.benchmark)
        // A phone that sleeps slows down.
        window.addFlags(WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON)
        output = findViewById(R.id.output)
        button = findViewById(R.id.run)
        button.setOnClickListener { start() }
        try {
            files = BenchmarkFiles(applicationContext)
        } catch (error: IOException) {
            button.isEnabled = false
            say(getString(R.string.failed, error.message))
            return
        }
        if (savedInstanceState == null && intent.getBooleanExtra("run", false)) start()
    }

    private fun start() {
        button.isEnabled = false
        output.text = ""
        files.forgetLastRun()
        scope.launch {
            try {
                runInterruptible(Dispatchers.Default) { measure() }
            } catch (error: CancellationException) {
                files.writeError("the benchmark's screen was closed or turned before the end")
                throw error
            } catch (error: GuardletError) {
                fail(error)
            } catch (error: IllegalArgumentException) {
                fail(error)
            } catch (error: IOException) {
                fail(error)
            }
            button.isEnabled = true
        }
    }

    private fun measure() {
        val pushed = intent.getBooleanExtra("pushed", false)
        val folder = if (pushed) files.pushedBundle else installBundle(applicationContext)
        val report = Benchmark(folder, planOf(intent), AndroidPlatform(applicationContext)).run(::say)
        files.writeReport(report.toJson().toString())
        say(getString(R.string.report_written, files.report.path))
    }

    /** Raises IllegalArgumentException for extras that are no numbers, or out of range. */
    private fun planOf(intent: Intent) = Plan(
        threads = intent.getIntExtra("threads", DEFAULT_THREADS).coerceAtMost(MAX_THREADS),
        artifact = intent.getStringExtra("artifact"),
        lengths = intent.getStringExtra("lengths")?.split(',')?.map(String::toInt) ?: Plan.DEFAULT_LENGTHS,
        rounds = intent.getIntExtra("rounds", Plan.DEFAULT_ROUNDS),
        sustainedSeconds = intent.getFloatExtra("seconds", 0f).toDouble(),
    )

    private fun fail(error: Exception) {
        say(getString(R.string.failed, error.message))
        files.writeError("${error.javaClass.simpleName}: ${error.message}")
    }

    private fun say(line: String) = runOnUiThread { output.append(line + "\n") }

    override fun onDestroy() {
        scope.cancel()
        super.onDestroy()
    }

    private companion object {
        const val DEFAULT_THREADS = 2
        const val MAX_THREADS = 16
    }
}
