pluginManagement {
    repositories {
        google()
        mavenCentral()
        gradlePluginPortal()
    }
}

dependencyResolutionManagement {
    repositoriesMode = RepositoriesMode.FAIL_ON_PROJECT_REPOS
    repositories {
        // The library, put there by `mvn -f android-demo install`.
        mavenLocal { content { includeGroup("dev.guardlet") } }
        google()
        mavenCentral()
    }
}

rootProject.name = "guardlet-demo"
include(":app")
