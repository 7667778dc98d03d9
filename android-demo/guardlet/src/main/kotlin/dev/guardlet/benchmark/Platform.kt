package dev.guardlet.benchmark

import dev.guardlet.millisecondsSince

/** What was measured on; null where the platform does not tell. `versions`: runtime and engines. */
data class Device(
    val name: String,
    val os: String,
    val processor: String,
    val cores: Int,
    val memoryBytes: Long?,
    val power: String?,
    val thermal: String?,
    val versions: Map<String, String>,
)

/** What only the platform can tell; the benchmark itself knows no platform. */
interface Platform {
    /** `jvm` or `android`. */
    val runtime: String

    /** The device, with its thermal state now. Never a host's or a user's name. */
    fun device(): Device

    /** Memory this process uses now, in bytes. */
    fun memoryBytes(): Long?

    /** The most that it has used so far, or uses now where the platform tells no more. */
    fun peakMemoryBytes(): Long?
}

/** A fixed piece of work, a product of integer matrices: its times say how calm the machine is. */
internal class Probe {
    private val matrix = LongArray(SIZE * SIZE) { it % 7L }
    private val times = ArrayList<Double>()
    private var sum = 0L

    init {
        // Until the JIT compiler has seen it often enough its times say nothing of the machine.
        repeat(WARM_UP) { work() }
    }

    val timesMs: List<Double> get() = times

    fun take() {
        times += milliseconds { work() }
    }

    private fun work() {
        for (row in 0 until SIZE) {
            for (column in 0 until SIZE) {
                for (k in 0 until SIZE) sum += matrix[row * SIZE + k] * matrix[k * SIZE + column]
            }
        }
    }

    private companion object {
        const val SIZE = 96
        const val WARM_UP = 20
    }
}

internal inline fun milliseconds(work: () -> Unit): Double {
    val begin = System.nanoTime()
    work()
    return millisecondsSince(begin)
}
