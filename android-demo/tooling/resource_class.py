"""The app's `R` as Kotlin, for a type check without the Android Gradle plugin.

    python android-demo/tooling/resource_class.py FILE

Holds what the plugin would generate from `res/`: a layout a file, an id for each `@+id/`, a string
for each entry. A name the sources use and no resource has fails to compile, as in a real build.
"""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

RESOURCES = Path(__file__).parents[1] / "app/app/src/main/res"
_ID = "{http://schemas.android.com/apk/res/android}id"


def resource_class(resources: Path = RESOURCES) -> str:
    """Kotlin source of `dev.guardlet.demo.R`."""
    layouts = sorted((resources / "layout").glob("*.xml"))
    groups = {
        "layout": [file.stem for file in layouts],
        "id": sorted({name for file in layouts for name in _ids(file)}),
        "string": sorted(_strings(resources / "values" / "strings.xml")),
    }
    lines = ["package dev.guardlet.demo", "", "object R {"]
    for number, (group, names) in enumerate(groups.items(), 1):
        lines.append(f"    object {group} {{")
        lines += [f"        const val {name} = {number << 16 | i}" for i, name in enumerate(names)]
        lines.append("    }")
    return "\n".join([*lines, "}", ""])


def _ids(layout: Path) -> list[str]:
    values = (element.get(_ID, "") for element in ElementTree.parse(layout).iter())
    return [value.removeprefix("@+id/") for value in values if re.fullmatch(r"@\+id/\w+", value)]


def _strings(file: Path) -> list[str]:
    return [element.attrib["name"] for element in ElementTree.parse(file).iter("string")]


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(resource_class(), encoding="utf-8")
