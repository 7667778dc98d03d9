package dev.guardlet.demo

import android.app.ActivityManager
import android.content.Context
import android.os.BatteryManager
import android.os.Build
import android.os.Debug
import android.os.PowerManager
import dev.guardlet.benchmark.Device
import dev.guardlet.benchmark.Platform

/** What Android tells of the phone. Memory is this process's share (PSS), measured when asked. */
class AndroidPlatform(private val context: Context) : Platform {
    override val runtime = "android"

    override fun device() = Device(
        name = "${Build.MANUFACTURER} ${Build.MODEL}",
        os = "Android ${Build.VERSION.RELEASE} (API ${Build.VERSION.SDK_INT})",
        processor = "${Build.HARDWARE} ${Build.SUPPORTED_ABIS.first()}",
        cores = Runtime.getRuntime().availableProcessors(),
        memoryBytes = totalMemory(),
        power = power(),
        thermal = thermal(),
        versions = mapOf("kotlin" to KotlinVersion.CURRENT.toString()),
    )

    override fun memoryBytes(): Long = Debug.getPss() * BYTES_PER_KIB

    override fun peakMemoryBytes(): Long = memoryBytes()

    private fun totalMemory(): Long {
        val information = ActivityManager.MemoryInfo()
        context.getSystemService(ActivityManager::class.java).getMemoryInfo(information)
        return information.totalMem
    }

    private fun power(): String {
        val battery = context.getSystemService(BatteryManager::class.java)
        val charge = "battery ${battery.getIntProperty(BatteryManager.BATTERY_PROPERTY_CAPACITY)} %"
        return if (battery.isCharging) "$charge, charging" else charge
    }

    /** By reflection, since the app compiles against Android 8 and the call came with Android 10. */
    private fun thermal(): String? {
        if (Build.VERSION.SDK_INT < FIRST_WITH_THERMAL_STATUS) return null
        return try {
            val power = context.getSystemService(PowerManager::class.java)
            val status = PowerManager::class.java.getMethod("getCurrentThermalStatus").invoke(power) as Int
            THERMAL_STATES.getOrNull(status)
        } catch (_: ReflectiveOperationException) {
            null
        }
    }

    private companion object {
        const val BYTES_PER_KIB = 1024L
        const val FIRST_WITH_THERMAL_STATUS = 29

        /** In the order of PowerManager's THERMAL_STATUS_ constants. */
        val THERMAL_STATES =
            listOf("none", "light", "moderate", "severe", "critical", "emergency", "shutdown")
    }
}
