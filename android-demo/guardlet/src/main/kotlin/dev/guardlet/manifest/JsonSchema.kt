package dev.guardlet.manifest

import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.double
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

/** Where a value breaks the schema, by which keyword, and the name of the definition it breaks. */
internal data class Violation(val where: String, val keyword: String, val definition: String?)

/** The part of JSON Schema 2020-12 that guardlet.json's schema uses; other keywords are errors. */
internal class JsonSchema(private val root: JsonObject) {
    private val definitions = root["\$defs"]?.jsonObject ?: JsonObject(emptyMap())

    /** The first violation in the order of the schema's keywords, or null. */
    fun firstViolation(value: JsonElement): Violation? = validate(root, value, emptyList(), null)

    private fun validate(
        schema: JsonObject,
        value: JsonElement,
        path: List<String>,
        definition: String?,
    ): Violation? {
        for ((keyword, rule) in schema) {
            if (keyword in ANNOTATIONS) continue
            val nested = nested(schema, keyword, rule, value, path)
            if (nested != null) return nested
            if (!holds(schema, keyword, rule, value)) {
                return Violation(path.joinToString("/").ifEmpty { "the top level" }, keyword, definition)
            }
        }
        return null
    }

    /** Violations of values inside `value`. */
    private fun nested(
        schema: JsonObject,
        keyword: String,
        rule: JsonElement,
        value: JsonElement,
        path: List<String>,
    ): Violation? = when {
        keyword == "\$ref" -> {
            val name = rule.jsonPrimitive.content.removePrefix(DEFINITION)
            validate(definitions.getValue(name).jsonObject, value, path, name)
        }
        keyword == "properties" && value is JsonObject -> rule.jsonObject.firstNotNullOfOrNull { (key, part) ->
            value[key]?.let { validate(part.jsonObject, it, path + key, null) }
        }
        keyword == "additionalProperties" && rule is JsonObject && value is JsonObject ->
            extras(schema, value).firstNotNullOfOrNull {
                validate(rule, value.getValue(it), path + it, null)
            }
        keyword == "items" && value is JsonArray -> value.withIndex().firstNotNullOfOrNull { (i, item) ->
            validate(rule.jsonObject, item, path + i.toString(), null)
        }
        else -> null
    }

    /** Whether `value` itself keeps to one keyword; values of other types always do. */
    private fun holds(
        schema: JsonObject,
        keyword: String,
        rule: JsonElement,
        value: JsonElement,
    ): Boolean = when (keyword) {
        "\$ref", "properties", "items" -> true
        "type" -> types(rule).any { hasType(value, it) }
        "required" -> value !is JsonObject || rule.jsonArray.all { it.jsonPrimitive.content in value }
        "additionalProperties" -> rule is JsonObject || value !is JsonObject || extras(schema, value).isEmpty()
        "const" -> value == rule
        "enum" -> value in rule.jsonArray
        "pattern" -> !isText(value) || pattern(rule.jsonPrimitive.content).matches(text(value))
        "maxLength" -> !isText(value) || text(value).let { it.codePointCount(0, it.length) } <= limit(rule)
        "minItems" -> value !is JsonArray || value.size >= limit(rule)
        "maxItems" -> value !is JsonArray || value.size <= limit(rule)
        "minimum" -> !StrictJson.isNumber(value) || number(value) >= limit(rule)
        "maximum" -> !StrictJson.isNumber(value) || number(value) <= limit(rule)
        "exclusiveMinimum" -> !StrictJson.isNumber(value) || number(value) > limit(rule)
        else -> error("the schema uses $keyword")
    }

    private fun extras(schema: JsonObject, value: JsonObject): List<String> {
        val known = schema["properties"]?.jsonObject ?: emptyMap()
        return value.keys.filter { it !in known }
    }

    private fun types(rule: JsonElement): List<String> =
        if (rule is JsonArray) rule.map { it.jsonPrimitive.content } else listOf(rule.jsonPrimitive.content)

    private fun hasType(value: JsonElement, type: String): Boolean = when (type) {
        "object" -> value is JsonObject
        "array" -> value is JsonArray
        "string" -> isText(value)
        "number" -> StrictJson.isNumber(value)
        "integer" -> StrictJson.isInteger(value)
        "null" -> value is JsonNull
        else -> error("the schema uses the type $type")
    }

    /** Android's `\d` takes the digits of every script. */
    private fun pattern(rule: String) = Regex(rule.replace("\\d", "[0-9]"))

    private fun isText(value: JsonElement) = value is JsonPrimitive && value !is JsonNull && value.isString

    private fun text(value: JsonElement) = value.jsonPrimitive.content

    private fun number(value: JsonElement) = value.jsonPrimitive.double

    private fun limit(rule: JsonElement) = rule.jsonPrimitive.double

    private companion object {
        const val DEFINITION = "#/\$defs/"
        val ANNOTATIONS = setOf("\$schema", "\$defs", "title", "description")
    }
}
