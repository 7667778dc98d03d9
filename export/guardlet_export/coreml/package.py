"""Writing .mlpackage folders that are the same, byte for byte, every time."""

from __future__ import annotations

import json
import shutil
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from guardlet_export.coreml.convert import quiet
from guardlet_export.coreml.formats import SUFFIX

_AUTHOR = "com.apple.CoreML"
_DATE = "com.github.apple.coremltools.conversion_date"
_ITEMS = {"model.mlmodel": "Model Specification", "weights": "Model Weights"}


def write_package(model: Any, package: Path) -> None:
    """Saves a coremltools MLModel."""
    with tempfile.TemporaryDirectory(dir=package.parent) as folder, quiet():
        saved = Path(folder) / f"model{SUFFIX}"
        model.save(str(saved))
        _rewrite(saved, package)


def join_packages(models: Mapping[str, Any], default: str, package: Path) -> None:
    """Saves MLModels as functions of one package that share equal weights (iOS 18)."""
    from coremltools.models import utils

    with tempfile.TemporaryDirectory(dir=package.parent) as folder, quiet():
        descriptor = utils.MultiFunctionDescriptor()
        for name, model in models.items():
            single = str(Path(folder) / f"{name}{SUFFIX}")
            model.save(single)
            descriptor.add_function(single, "main", name)
        descriptor.default_function_name = default
        joined = Path(folder) / f"joined{SUFFIX}"
        utils.save_multifunction(descriptor, str(joined))
        _rewrite(joined, package)


def _rewrite(saved: Path, package: Path) -> None:
    """Moves what Core ML reads, without the date, random identifiers and order of hash tables."""
    from coremltools.proto import Model_pb2

    source, target = saved / "Data" / _AUTHOR, package / "Data" / _AUTHOR
    target.mkdir(parents=True)
    model = Model_pb2.Model.FromString((source / "model.mlmodel").read_bytes())
    model.description.metadata.userDefined.pop(_DATE, None)
    (target / "model.mlmodel").write_bytes(model.SerializeToString(deterministic=True))
    shutil.move(source / "weights", target / "weights")
    (package / "Manifest.json").write_text(_manifest(), encoding="utf-8")


def _manifest() -> str:
    identifiers = {name: str(uuid.uuid5(uuid.NAMESPACE_URL, name)) for name in _ITEMS}
    entries = {
        identifiers[name]: {
            "author": _AUTHOR,
            "description": f"CoreML {what}",
            "name": name,
            "path": f"{_AUTHOR}/{name}",
        }
        for name, what in _ITEMS.items()
    }
    tree = {
        "fileFormatVersion": "1.0.0",
        "itemInfoEntries": entries,
        "rootModelIdentifier": identifiers["model.mlmodel"],
    }
    return json.dumps(tree, indent=4) + "\n"
