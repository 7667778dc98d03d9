package dev.guardlet.demo

import android.content.Context
import dev.guardlet.Bundle
import dev.guardlet.BundleInstaller

private const val ASSET_FOLDER = "guardlet-mini"

/** The bundle of this app's assets, copied and checked on first use. Blocks: call off the main thread. */
fun openBundle(context: Context): Bundle {
    val installer = BundleInstaller(context.noBackupFilesDir)
    return Bundle.open(installer.install { context.assets.open("$ASSET_FOLDER/$it") })
}
