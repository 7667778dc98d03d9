"""One input length of the fast DeBERTa as a Core ML model."""

from __future__ import annotations

import contextlib
import errno
import io
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import torch

from guardlet_export.coreml.formats import CoreMLFormat, Weights
from guardlet_export.deberta_weights import DebertaWeights
from guardlet_export.fast_deberta import FastDeberta

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OUTPUT = "logits"

# Weights smaller than this stay as they are: they are few and often matter more.
_COMPRESS_FROM = 512
# Rows that share a palette. Fewer rows cost bytes, more rows cost accuracy.
PALETTE_ROWS = 16


def convert(weights: DebertaWeights, length: int, form: CoreMLFormat) -> Any:
    """A coremltools MLModel for inputs int32 [1, length] and output float32 [1, labels].

    Inputs are INPUTS, without token types where the model has none. Raises OSError when the
    temporary weights cannot be written.
    """
    with quiet(), _failed_writes_as_os_errors():
        import coremltools as ct

        module = FastDeberta(weights, length).eval()
        names = INPUTS if weights.types is not None else INPUTS[:2]
        sample = tuple(torch.ones((1, length), dtype=torch.int32) for _ in names)
        program = torch.export.export(module, sample, strict=False).run_decompositions({})
        _drop_aliases(program)
        full = form.weights == "float32"
        model = ct.convert(
            program,
            convert_to="mlprogram",
            outputs=[ct.TensorType(name=OUTPUT, dtype=float)],
            minimum_deployment_target=getattr(ct.target, f"iOS{form.ios}"),
            compute_precision=ct.precision.FLOAT32 if full else ct.precision.FLOAT16,
            skip_model_load=True,
        )
        return _compress(model, form.weights)


@contextlib.contextmanager
def _failed_writes_as_os_errors() -> Iterator[None]:
    """coremltools' weight writer raises a RuntimeError that only its text tells apart."""
    try:
        yield
    except RuntimeError as error:
        if "FileWriter" not in str(error):
            raise
        raise OSError(errno.EIO, "coremltools cannot write weights; is the disk full?") from error


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keeps coremltools' progress bars and version warnings from the terminal."""
    logger = logging.getLogger("coremltools")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _drop_aliases(program: Any) -> None:
    """torch writes a slice of everything as aten.alias, which coremltools does not know."""
    graph = program.graph
    for node in list(graph.nodes):
        if node.target is torch.ops.aten.alias.default:
            node.replace_all_uses_with(node.args[0])
            graph.erase_node(node)


def _compress(model: Any, weights: Weights) -> Any:
    import coremltools.optimize.coreml as cto

    if weights == "int8":
        quantise = cto.OpLinearQuantizerConfig(
            mode="linear_symmetric", dtype="int8", weight_threshold=_COMPRESS_FROM
        )
        config = cto.OptimizationConfig(global_config=quantise)
        return cto.linear_quantize_weights(model, config)
    if weights in ("palette6", "palette4"):
        grouped = {"granularity": "per_grouped_channel", "group_size": PALETTE_ROWS}
        palette = cto.OpPalettizerConfig(
            mode="kmeans",
            nbits=int(weights[-1]),
            weight_threshold=_COMPRESS_FROM,
            **(grouped if weights == "palette4" else {}),
        )
        config = cto.OptimizationConfig(global_config=palette)
        return cto.palettize_weights(model, config)
    return model
