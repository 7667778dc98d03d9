"""From a classifier to the files of a Core ML artifact."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from torch.nn.functional import pad

from guardlet_export.coreml.convert import PALETTE_ROWS, convert
from guardlet_export.coreml.formats import SUFFIX, CoreMLFormat
from guardlet_export.coreml.layout import length_name
from guardlet_export.coreml.package import join_packages, write_package
from guardlet_export.deberta_weights import read_weights


def emit_coreml(
    model: Any,
    entry: Path,
    form: CoreMLFormat,
    max_tokens: int,
    lengths: tuple[int, ...] | None = None,
) -> None:
    """Writes a DebertaV2ForSequenceClassification as the artifact `entry`.

    That is an .mlpackage with a function for each length (iOS 18), or a folder with a package for
    each; see docs/coreml.md. `lengths` are by default those of the format. Raises
    UnsupportedModelError.
    """
    lengths = lengths or form.lengths(max_tokens)
    weights = read_weights(model, max(lengths))
    if form.weights == "palette4":
        # Palettes are for whole groups of rows; no text has the ids of the rows added here.
        missing = -len(weights.words) % PALETTE_ROWS
        weights = replace(weights, words=pad(weights.words, (0, 0, 0, missing)))
    if form.functions:
        models = {length_name(length): convert(weights, length, form) for length in lengths}
        join_packages(models, length_name(max(lengths)), entry)
        return
    entry.mkdir()
    for length in lengths:
        write_package(convert(weights, length, form), entry / f"{length_name(length)}{SUFFIX}")
