"""Python's ONNX Runtime in the version of the Java library.

int8 models round activations while they run, and two versions of ONNX Runtime may round one of
them to different sides: on the fixtures' random models scores of 1.29 and 1.31 differ by up to
4e-3. To tell whether Kotlin does what Python does, both have to use one version.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

_POM = Path(__file__).parents[1] / "pom.xml"


def java_version() -> str:
    """The version of onnxruntime that the library is built and tested with."""
    found = re.search(r"<onnxruntime.version>(.+?)</", _POM.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{_POM} has no onnxruntime.version")
    return found.group(1)


def environment(folder: Path) -> dict[str, str]:
    """Environment of a Python process that imports that version, installed into `folder` if
    another is installed here."""
    import onnxruntime

    variables = dict(os.environ)
    version = java_version()
    if onnxruntime.__version__ != version:
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        subprocess.run(
            [*pip, "--no-deps", "--target", str(folder), f"onnxruntime=={version}"], check=True
        )
        earlier = [variables["PYTHONPATH"]] if "PYTHONPATH" in variables else []
        variables["PYTHONPATH"] = os.pathsep.join([str(folder), *earlier])
    return variables
