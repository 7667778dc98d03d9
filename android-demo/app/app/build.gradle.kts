plugins {
    alias(libs.plugins.android.application)
    alias(libs.plugins.kotlin.android)
}

val bundle = rootProject.file("../../runtime/guardlet/models/guardlet-mini")
val bundleAssets = layout.buildDirectory.dir("guardlet-assets")

val copyBundle by tasks.registering(Sync::class) {
    from(bundle)
    into(bundleAssets.map { it.dir("guardlet-mini") })
}

android {
    namespace = "dev.guardlet.demo"
    compileSdk = 36

    defaultConfig {
        applicationId = "dev.guardlet.demo"
        minSdk = 26
        targetSdk = 36
        versionCode = 1
        versionName = "0.1.0"
        ndk { abiFilters += listOf("arm64-v8a", "x86_64") }
    }

    buildTypes {
        release {
            isMinifyEnabled = true
            proguardFiles(getDefaultProguardFile("proguard-android-optimize.txt"), "proguard-rules.pro")
        }
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_11
        targetCompatibility = JavaVersion.VERSION_11
    }

    sourceSets["main"].assets.srcDir(bundleAssets)
    // Models do not shrink further, and stored assets are read without unpacking.
    androidResources { noCompress += listOf("onnx") }
}

kotlin {
    compilerOptions { jvmTarget = org.jetbrains.kotlin.gradle.dsl.JvmTarget.JVM_11 }
}

tasks.named("preBuild") { dependsOn(copyBundle) }

dependencies {
    implementation(libs.guardlet)
    implementation(libs.onnxruntime.android)
    implementation(libs.coroutines.android)
}
