package dev.guardlet.demo

import android.content.Context
import dev.guardlet.Bundle
import dev.guardlet.BundleInstaller
import java.io.File

private const val ASSET_FOLDER = "guardlet-mini"

/** The bundle of this app's assets, copied and checked on first use. Blocks: call off the main thread. */
fun openBundle(context: Context): Bundle = Bundle.open(installBundle(context))

/** The folder of the bundle above. */
fun installBundle(context: Context): File =
    BundleInstaller(context.noBackupFilesDir).install { context.assets.open("$ASSET_FOLDER/$it") }
