package dev.guardlet.demo

import android.app.Activity
import android.content.Intent
import android.os.Bundle
import android.text.Editable
import android.text.TextWatcher
import android.widget.EditText
import android.widget.TextView
import dev.guardlet.EmptyInputError
import dev.guardlet.Guard
import dev.guardlet.GuardletError
import dev.guardlet.Verdict
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.async
import kotlinx.coroutines.cancel
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runInterruptible
import java.io.IOException

/** Checks a prompt while it is typed, and a pasted response in its context. Keeps no text. */
class ChatActivity : Activity() {
    private val scope = MainScope()

    /** Outlives the screen, so that a guard loaded too late is closed all the same. */
    private val loading = CoroutineScope(SupervisorJob() + Dispatchers.IO)
    private lateinit var guard: Deferred<Guard>
    private lateinit var prompt: EditText
    private lateinit var response: EditText
    private lateinit var view: VerdictView
    private var running: Job? = null

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.chat)
        prompt = findViewById(R.id.prompt)
        response = findViewById(R.id.response)
        view = VerdictView(findViewById(R.id.verdict), findViewById(R.id.details))
        guard = loading.async { Guard.load(openBundle(applicationContext), threads = THREADS) }
        for (field in listOf(prompt, response)) field.addTextChangedListener(onChange(::check))
        findViewById<TextView>(R.id.benchmark).setOnClickListener {
            startActivity(Intent(this, BenchmarkActivity::class.java))
        }
        check()
    }

    /** A newer text ends the check of the older one, between two windows at the latest. */
    private fun check() {
        running?.cancel()
        running = scope.launch {
            delay(PAUSE_MS)
            try {
                view.show(verdict(guard.await()))
            } catch (_: EmptyInputError) {
                view.showNothing()
            } catch (error: GuardletError) {
                view.showFailure(error)
            } catch (error: IOException) {
                view.showFailure(error)
            }
        }
    }

    private suspend fun verdict(guard: Guard): Verdict {
        val asked = prompt.text.toString()
        val answered = response.text.toString()
        return runInterruptible(Dispatchers.Default) { guard.check(asked, answered) }
    }

    override fun onDestroy() {
        scope.cancel()
        // Closing waits for a check that still runs, so not on the main thread.
        loading.launch { runCatching { guard.await().close() } }
        super.onDestroy()
    }

    private fun onChange(action: () -> Unit) = object : TextWatcher {
        override fun beforeTextChanged(text: CharSequence?, start: Int, count: Int, after: Int) = Unit
        override fun onTextChanged(text: CharSequence?, start: Int, before: Int, count: Int) = Unit
        override fun afterTextChanged(text: Editable?) = action()
    }

    private companion object {
        const val PAUSE_MS = 80L
        const val THREADS = 2
    }
}
