package dev.guardlet.harness

import com.sun.management.OperatingSystemMXBean
import dev.guardlet.benchmark.Device
import dev.guardlet.benchmark.Platform
import java.io.File
import java.lang.management.ManagementFactory

/** The machine as a JVM sees it: neither power nor heat. Memory as Linux tells it, else unknown. */
internal object JvmPlatform : Platform {
    private const val BYTES_PER_KIB = 1024L
    private val status = File("/proc/self/status")

    override val runtime = "jvm"

    override fun device() = Device(
        name = "${property("os.name")} machine",
        os = "${property("os.name")} ${property("os.version")}",
        processor = property("os.arch"),
        cores = Runtime.getRuntime().availableProcessors(),
        memoryBytes = totalMemory(),
        power = null,
        thermal = null,
        versions = mapOf("java" to property("java.version"), "kotlin" to KotlinVersion.CURRENT.toString()),
    )

    override fun memoryBytes(): Long? = ofStatus("VmRSS:")

    override fun peakMemoryBytes(): Long? = ofStatus("VmHWM:")

    /** The name of Java 11; later ones have another, and keep this one. */
    @Suppress("DEPRECATION")
    private fun totalMemory(): Long? =
        (ManagementFactory.getOperatingSystemMXBean() as? OperatingSystemMXBean)?.totalPhysicalMemorySize

    private fun ofStatus(field: String): Long? {
        if (!status.canRead()) return null
        val line = status.readLines().firstOrNull { it.startsWith(field) } ?: return null
        return line.filter(Char::isDigit).toLongOrNull()?.times(BYTES_PER_KIB)
    }

    private fun property(name: String): String = System.getProperty(name).orEmpty().ifEmpty { "unknown" }
}
