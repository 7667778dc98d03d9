package dev.guardlet.onnx

import ai.onnxruntime.OnnxTensor
import ai.onnxruntime.OrtEnvironment
import ai.onnxruntime.OrtException
import ai.onnxruntime.OrtLoggingLevel
import ai.onnxruntime.OrtSession
import dev.guardlet.Artifact
import dev.guardlet.Bundle
import dev.guardlet.Engine
import dev.guardlet.EngineError
import dev.guardlet.Window
import java.nio.ByteBuffer
import java.nio.LongBuffer
import java.util.concurrent.locks.ReentrantReadWriteLock
import kotlin.concurrent.read
import kotlin.concurrent.write

/**
 * ONNX Runtime on the CPU. Inputs, each int64 [1, T], are any of input_ids, attention_mask and
 * token_type_ids; the first output is float32 [1, labels].
 */
internal class OnnxEngine(model: ByteBuffer, threads: Int?) : Engine {
    private val environment = OrtEnvironment.getEnvironment()
    private val session = load(model, threads).also(::refuseUnknownInputs)
    private val output = session.outputNames.first()

    /** Checks share it; closing, which frees what they use, excludes them. */
    private val lock = ReentrantReadWriteLock()
    private var closed = false

    private fun load(model: ByteBuffer, threads: Int?): OrtSession = try {
        OrtSession.SessionOptions().use { options ->
            options.setIntraOpNumThreads(threads ?: 0)
            options.setInterOpNumThreads(1)
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR)
            // Threads that spin while they wait win microseconds and drain a phone's battery.
            options.addConfigEntry("session.intra_op.allow_spinning", "0")
            // A model may name files that hold its weights. Nobody has checked those: let none be found.
            options.addConfigEntry("session.model_external_initializers_file_folder_path", "/dev/null")
            environment.createSession(model, options)
        }
    } catch (error: OrtException) {
        throw EngineError("ONNX Runtime cannot load the model: ${error.message}", error)
    }

    private fun refuseUnknownInputs(session: OrtSession) {
        if (INPUTS.containsAll(session.inputNames)) return
        session.close()
        throw EngineError("the model's inputs must be among ${INPUTS.joinToString()}")
    }

    override fun logits(window: Window): FloatArray = lock.read {
        if (closed) throw EngineError("the guard is closed; load it again")
        try {
            run(window)
        } catch (error: OrtException) {
            throw EngineError("ONNX Runtime failed: ${error.code}")
        }
    }

    private fun run(window: Window): FloatArray {
        val tensors = HashMap<String, OnnxTensor>()
        try {
            for (name in session.inputNames) tensors[name] = tensor(values(name, window))
            session.run(tensors, setOf(output)).use { result ->
                val logits = (result[0] as OnnxTensor).floatBuffer
                return FloatArray(logits.remaining()).also(logits::get)
            }
        } finally {
            tensors.values.forEach(OnnxTensor::close)
        }
    }

    private fun values(name: String, window: Window): LongArray = when (name) {
        "input_ids" -> LongArray(window.ids.size) { window.ids[it].toLong() }
        "token_type_ids" -> LongArray(window.ids.size) { window.typeIds[it].toLong() }
        else -> LongArray(window.ids.size) { 1L }
    }

    private fun tensor(values: LongArray): OnnxTensor =
        OnnxTensor.createTensor(environment, LongBuffer.wrap(values), longArrayOf(1, values.size.toLong()))

    override fun close() = lock.write {
        if (!closed) session.close()
        closed = true
    }

    companion object {
        private val INPUTS = setOf("attention_mask", "input_ids", "token_type_ids")

        /** Loads from memory, so that what runs is exactly what was checked. */
        fun open(bundle: Bundle, artifact: Artifact, threads: Int?): OnnxEngine {
            val file = artifact.files.singleOrNull()
                ?: throw EngineError("artifact ${artifact.id} must be a single .onnx file")
            return OnnxEngine(bundle.readDirect(file), threads)
        }
    }
}

/** Of the ONNX Runtime that the app brought. */
internal fun onnxRuntimeVersion(): String = OrtEnvironment.getEnvironment().version
