"""From a classifier to the files of a Core ML artifact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from guardlet_export.coreml.convert import convert
from guardlet_export.coreml.formats import CoreMLFormat
from guardlet_export.coreml.layout import length_name
from guardlet_export.coreml.package import SUFFIX, join_packages, write_package
from guardlet_export.deberta_weights import read_weights


def emit_coreml(
    model: Any,
    folder: Path,
    form: CoreMLFormat,
    max_tokens: int,
    lengths: tuple[int, ...] | None = None,
) -> Path:
    """Writes a DebertaV2ForSequenceClassification into `folder` and returns the artifact's entry.

    `lengths` are the input lengths, by default those of the format. The entry is an .mlpackage with
    a function for each length (iOS 18), or a folder with a package for each. Raises
    UnsupportedModelError.
    """
    lengths = lengths or form.lengths(max_tokens)
    weights = read_weights(model, max(lengths))
    folder.mkdir(parents=True, exist_ok=True)
    if form.functions:
        entry = folder / f"{form.name}{SUFFIX}"
        models = {length_name(length): convert(weights, length, form) for length in lengths}
        join_packages(models, length_name(max(lengths)), entry)
        return entry
    entry = folder / form.name
    entry.mkdir()
    for length in lengths:
        write_package(convert(weights, length, form), entry / f"{length_name(length)}{SUFFIX}")
    return entry
