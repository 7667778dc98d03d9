"""The demo app: it compiles against Android's API, and keeps to what its README promises."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest
from android_helpers import ANDROID, needs_jvm, run_maven, run_tool

APP = ANDROID / "app" / "app"
NAMESPACE = "{http://schemas.android.com/apk/res/android}"


@pytest.mark.slow
@needs_jvm
def test_sources_compile_against_the_lowest_android_they_run_on() -> None:
    run_tool("resource_class.py", str(ANDROID / "app-check" / "target" / "generated" / "R.kt"))
    run_maven("--activate-profiles", "app-check", "--projects", "guardlet,app-check", "compile")


def test_the_manifest_asks_for_no_permission() -> None:
    manifest = ElementTree.parse(APP / "src" / "main" / "AndroidManifest.xml").getroot()
    assert not [element.tag for element in manifest.iter() if "permission" in element.tag]


def test_every_activity_of_the_manifest_has_a_source_and_every_label_a_string() -> None:
    manifest = ElementTree.parse(APP / "src" / "main" / "AndroidManifest.xml")
    sources = APP / "src" / "main" / "kotlin" / "dev" / "guardlet" / "demo"
    for activity in manifest.iter("activity"):
        assert (sources / f"{activity.attrib[NAMESPACE + 'name'].lstrip('.')}.kt").is_file()
    strings = ElementTree.parse(APP / "src" / "main" / "res" / "values" / "strings.xml")
    names = {element.attrib["name"] for element in strings.iter("string")}
    for file in (APP / "src" / "main").rglob("*.xml"):
        assert set(re.findall(r'"@string/(\w+)"', file.read_text(encoding="utf-8"))) <= names


def test_versions_agree_between_maven_and_gradle() -> None:
    pom = (ANDROID / "pom.xml").read_text(encoding="utf-8")
    catalogue = (ANDROID / "app" / "gradle" / "libs.versions.toml").read_text(encoding="utf-8")
    for name in ("onnxruntime", "coroutines", "kotlin"):
        expected = re.search(rf"<{name}.version>(.+?)<", pom)
        assert expected and f'{name} = "{expected.group(1)}"' in catalogue
    version = re.search(r"<artifactId>guardlet-parent</artifactId>\s*<version>(.+?)<", pom)
    assert version and f'guardlet = "{version.group(1)}"' in catalogue
