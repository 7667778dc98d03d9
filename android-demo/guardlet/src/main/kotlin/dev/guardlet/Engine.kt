package dev.guardlet

import dev.guardlet.onnx.OnnxEngine

/**
 * Runs one window at a time, so that a text scores the same whatever else is checked.
 *
 * (Dynamic int8 shares one activation scale across whatever runs together, padding included.)
 * Implementations are thread-safe; `close` waits for checks that run and frees native memory.
 */
interface Engine : AutoCloseable {
    /** Float32 [labels] for one window. Raises EngineError. */
    fun logits(window: Window): FloatArray

    override fun close() = Unit
}

private const val ONNX = "onnx"

/** Whether this library can run the artifact. */
internal fun canRun(artifact: Artifact): Boolean = artifact.engine == ONNX

/** Checks the artifact's files and loads them. Raises EngineError or a BundleError. */
internal fun openEngine(bundle: Bundle, artifact: Artifact, threads: Int?): Engine {
    if (!canRun(artifact)) throw EngineError("engine ${artifact.engine} cannot run from Kotlin")
    return OnnxEngine.open(bundle, artifact, threads)
}

/**
 * The artifact called `engine`, else the first of that engine, else the first that runs.
 *
 * Raises EngineError naming what the bundle has.
 */
internal fun chooseArtifact(bundle: Bundle, engine: String?): Artifact {
    val artifacts = bundle.manifest.artifacts
    return artifacts.firstOrNull { it.id == engine }
        ?: artifacts.firstOrNull { if (engine == null) canRun(it) else it.engine == engine }
        ?: throw EngineError(
            "${bundle.manifest.label} has no artifact " +
                (if (engine == null) "that can run here" else "for '$engine'") +
                "; it has " + artifacts.joinToString { "${it.id} (${it.engine})" },
        )
}
