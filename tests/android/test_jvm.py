"""The Kotlin library against Python, on a JVM: its own tests, run by Maven with our answers."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from android_helpers import ANDROID, has_default_bundle, needs_jvm, run_maven, run_tool

pytestmark = [needs_jvm, pytest.mark.slow]
REPORTS = ANDROID / "guardlet" / "target" / "surefire-reports"
CLASSES = (
    "BundleTest",
    "GuardTest",
    "NormaliseTest",
    "ParityTest",
    "StreamTest",
    "TokenizerTest",
)


@pytest.fixture(scope="module")
def reports(fixtures: Path) -> dict[str, ElementTree.Element]:
    """The Surefire report of every test class, from one run on fresh fixtures."""
    for old in REPORTS.glob("*.xml"):
        old.unlink()
    run_maven("--projects", "guardlet", "test", f"-Dguardlet.fixtures={fixtures}")
    parsed = (ElementTree.parse(file).getroot() for file in REPORTS.glob("*.xml"))
    return {report.attrib["name"].rsplit(".", 1)[1]: report for report in parsed}


@pytest.mark.parametrize("name", CLASSES)
def test_class_passes_whole(reports: dict[str, ElementTree.Element], name: str) -> None:
    counts = {key: int(reports[name].attrib[key]) for key in ("failures", "errors", "skipped")}
    assert counts == {"failures": 0, "errors": 0, "skipped": 0}
    assert int(reports[name].attrib["tests"]) >= 4


def test_parity_covers_every_bundle(reports: dict[str, ElementTree.Element]) -> None:
    names = [case.attrib["name"] for case in reports["ParityTest"].iter("testcase")]
    bundles = 2 + has_default_bundle()
    for subject in ("ids are Python's", "verdicts are Python's", "golden vectors hold"):
        assert sum(name.startswith(subject) for name in names) == bundles


def test_streams_are_compared_for_every_bundle(reports: dict[str, ElementTree.Element]) -> None:
    names = [case.attrib["name"] for case in reports["StreamTest"].iter("testcase")]
    bundles = 2 + has_default_bundle()
    for subject in ("checks are Python's", "a state of Python's"):
        assert sum(name.startswith(subject) for name in names) == bundles


def test_readings_are_compared_for_every_bundle(reports: dict[str, ElementTree.Element]) -> None:
    names = [case.attrib["name"] for case in reports["NormaliseTest"].iter("testcase")]
    for subject in ("readings are Python's", "verdicts of what is hidden"):
        assert sum(name.startswith(subject) for name in names) == 2 + has_default_bundle()


def test_unicode_tables_are_those_of_the_tokenizers_package() -> None:
    run_tool("unicode_tables.py", "--check")


def test_characters_are_those_of_python() -> None:
    run_tool("python_characters.py", "--check")
