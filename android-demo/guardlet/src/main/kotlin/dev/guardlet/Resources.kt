package dev.guardlet

import java.io.InputStream

/** A Java resource by its absolute name, for a shrinker may move classes to another package. */
internal fun resource(name: String): InputStream =
    checkNotNull(Guard::class.java.getResourceAsStream(name)) { "$name is not among the app's Java resources" }
