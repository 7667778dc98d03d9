package dev.guardlet

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.runInterruptible
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance
import org.junit.jupiter.api.condition.EnabledIfSystemProperty
import java.io.File
import java.util.concurrent.CountDownLatch
import java.util.concurrent.atomic.AtomicInteger

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@EnabledIfSystemProperty(named = Fixtures.PROPERTY, matches = ".+")
class GuardTest {
    private val bundle = Fixtures.answers("wordpiece").bundle
    private val guard = Guard.load(bundle, threads = 1)
    private val cases = parseVectors(bundle.read(bundle.manifest.vectors).decodeToString())

    @AfterAll
    fun close() = guard.close()

    @Test
    fun `a batch answers as single checks do`() {
        val pairs = cases.take(40).map { it.prompt to it.response }
        val single = pairs.map { (prompt, response) -> guard.check(prompt, response).copy(latencyMs = 0.0) }
        assertEquals(single, guard.checkBatch(pairs).map { it.copy(latencyMs = 0.0) })
    }

    @Test
    fun `empty text is an error without the text`() {
        for (prompt in listOf("", " \n", "\u0000\u200b")) {
            val error = assertThrows(EmptyInputError::class.java) { guard.check(prompt, "") }
            assertFalse("\u200b" in error.message!!)
        }
        assertEquals(Judged.PROMPT, guard.check("hello", " ").judged)
        assertEquals(Judged.RESPONSE, guard.check("", "hello").judged)
    }

    @Test
    fun `checks from many threads agree`() = runBlocking {
        val few = cases.take(60)
        val expected = few.map { guard.check(it.prompt, it.response).score }
        val rounds = (1..8).map { async(Dispatchers.Default) { few.map { guard.check(it.prompt, it.response).score } } }
        for (scores in rounds.awaitAll()) assertEquals(expected, scores)
    }

    @Test
    fun `thousands of checks leak no memory`() {
        val few = cases.take(50)
        fun round() = few.forEach { guard.check(it.prompt, it.response) }
        repeat(20) { round() }
        val before = residentMegabytes()
        repeat(100) { round() }
        val growth = residentMegabytes() - before
        assertTrue(growth < 48, "5000 checks took $growth MB")
    }

    @Test
    fun `loading and closing again frees the model`() {
        fun reload() = Guard.load(bundle, threads = 1).use { it.check("hello") }
        repeat(10) { reload() }
        val before = residentMegabytes()
        repeat(60) { reload() }
        val growth = residentMegabytes() - before
        val modelMegabytes = bundle.manifest.artifacts.first().files.single().bytes / 1_000_000
        assertTrue(growth < 20 * modelMegabytes, "60 guards of $modelMegabytes MB left $growth MB")
    }

    /** Garbage is collected first: this is about memory outside the heap. */
    private fun residentMegabytes(): Long {
        repeat(3) { System.gc() }
        val line = File("/proc/self/status").readLines().first { it.startsWith("VmRSS") }
        return line.filter(Char::isDigit).toLong() / 1000
    }

    @Test
    fun `a closed guard says so, and closing twice is fine`() {
        val other = Guard.load(bundle)
        other.close()
        other.close()
        val error = assertThrows(EngineError::class.java) { other.check("hello") }
        assertTrue("closed" in error.message!!)
    }

    @Test
    fun `closing while checks run ends them with an error, not a crash`() = runBlocking {
        repeat(20) {
            val other = Guard.load(bundle, threads = 1)
            val begun = CountDownLatch(2)
            val checks = (1..2).map {
                async(Dispatchers.Default) {
                    begun.countDown()
                    try {
                        while (true) other.check("hello there")
                    } catch (_: EngineError) {
                        true
                    }
                }
            }
            begun.await()
            other.close()
            assertEquals(listOf(true, true), checks.awaitAll())
        }
    }

    @Test
    fun `a cancelled coroutine stops between two windows`() = runBlocking {
        val begun = CountDownLatch(1)
        val seen = AtomicInteger()
        val slow = object : Engine {
            override fun logits(window: Window): FloatArray {
                seen.incrementAndGet()
                begun.countDown()
                Thread.sleep(20)
                return floatArrayOf(0f, 0f)
            }
        }
        val patient = Guard(bundle.encoder(), slow, bundle.manifest.score)
        val job = launch(Dispatchers.Default) {
            runInterruptible { repeat(1000) { patient.check("long text ".repeat(500)) } }
        }
        begun.await()
        job.cancelAndJoin()
        assertTrue(seen.get() < 1000, "it went on")
    }

    @Test
    fun `a model that answers NaN is an error, never safe`() {
        val rules = bundle.manifest.score
        val broken = object : Engine {
            override fun logits(window: Window) = floatArrayOf(Float.NaN, 0f)
        }
        assertThrows(EngineError::class.java) { Guard(bundle.encoder(), broken, rules).check("hello") }
    }
}
