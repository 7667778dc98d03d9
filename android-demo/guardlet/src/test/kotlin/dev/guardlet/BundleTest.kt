package dev.guardlet

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.condition.EnabledIfSystemProperty
import org.junit.jupiter.api.io.TempDir
import java.io.File

@EnabledIfSystemProperty(named = Fixtures.PROPERTY, matches = ".+")
class BundleTest {
    private val bundle = Fixtures.answers("unigram").bundle

    @Test
    fun `attacks fail with Python's errors`() {
        val attacks = Fixtures.lines("attacks").toList()
        assertTrue(attacks.size > 60)
        assertEquals(
            attacks.associate { it.text("folder") to it.text("error") },
            attacks.associate { it.text("folder") to errorOf(Fixtures.attack(it.text("folder"))) },
        )
    }

    private fun errorOf(folder: File): String = try {
        val opened = Bundle.open(folder)
        opened.manifest.files.forEach(opened::check)
        Guard.load(opened).close()
        "none"
    } catch (error: GuardletError) {
        error.javaClass.simpleName
    }

    @Test
    fun `an unknown engine or operating point is named`() {
        val engine = assertThrows(EngineError::class.java) { Guard.load(bundle, engine = "coreml") }
        assertTrue("onnx-int8 (onnx)" in engine.message!!)
        assertThrows(OperatingPointError::class.java) { Guard.load(bundle, operatingPoint = "harsh") }
    }

    @Test
    fun `installing copies a bundle whole and only once`(@TempDir parent: File) {
        var opened = 0
        val installer = BundleInstaller(parent)
        val open = { path: String -> File(bundle.folder, path).inputStream().also { opened++ } }
        val folder = installer.install(open)
        val first = opened
        assertEquals(folder, installer.install(open))
        assertEquals(first + 1, opened)
        assertEquals(listOf(folder), parent.listFiles()!!.toList())
        Guard.load(folder).use { assertTrue(it.check("hello").tokens > 0) }
    }

    @Test
    fun `a failed installation leaves nothing`(@TempDir parent: File) {
        val installer = BundleInstaller(parent)
        assertThrows(IntegrityError::class.java) {
            installer.install { path ->
                val bytes = File(bundle.folder, path).readBytes()
                if (path.endsWith(".onnx")) bytes[9] = (bytes[9] + 1).toByte()
                bytes.inputStream()
            }
        }
        assertThrows(BundleNotFoundError::class.java) {
            installer.install { throw java.io.FileNotFoundException() }
        }
        assertEquals(0, parent.listFiles()!!.size)
    }

    @Test
    fun `a bundle of another engine only cannot run and says so`() {
        val artifact = bundle.manifest.artifacts.first().copy(engine = "coreml")
        assertFalse(canRun(artifact))
        assertThrows(EngineError::class.java) { openEngine(bundle, artifact, null) }
    }
}
