"""ExecuTorch programs: a method for each of a few fixed lengths, sharing their weights."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guardlet.errors import EngineError
from guardlet_export.deberta_weights import read_weights
from guardlet_export.executorch_graph.lower import write_program
from guardlet_export.executorch_graph.position_tables import PositionTables
from guardlet_export.executorch_graph.quantise import Bits, quantise_embedding, quantise_linears
from guardlet_export.fast_deberta import FastDeberta

_LENGTHS = (64, 128, 256, 512)


@dataclass(frozen=True)
class ExecutorchFormat:
    """How an ExecuTorch program holds its weights; None is float32. Position tables are int8
    where the linear layers are not float32."""

    name: str
    linears: Bits | None
    embedding: Bits | None

    @property
    def entry(self) -> str:
        return f"executorch/model_xnnpack_{self.name.replace('-', '_')}.pte"


FORMATS = {
    form.name: form
    for form in (
        ExecutorchFormat("fp32", None, None),
        ExecutorchFormat("int8", 8, 8),
        ExecutorchFormat("int8-emb4", 8, 4),
        ExecutorchFormat("8da4w", 4, 8),
    )
}


def emit_executorch(
    model: Any,
    target: Path,
    max_tokens: int,
    form: ExecutorchFormat,
    method_lengths: tuple[int, ...] | None = None,
) -> None:
    """Writes a DebertaV2ForSequenceClassification as the .pte file `target`.

    `method_lengths` end with `max_tokens`; by default `lengths(max_tokens)`. Raises
    UnsupportedModelError for models the fast graph cannot compute, and EngineError when ExecuTorch
    is not installed.
    """
    if missing := missing_packages():
        raise EngineError(
            f'an ExecuTorch export needs {" and ".join(missing)}: pip install "guardlet[export]"'
        )
    weights = read_weights(model.float().eval(), max_tokens)
    chosen = method_lengths or lengths(max_tokens)
    modules = {length: FastDeberta(weights, length, _block(length)) for length in chosen}
    tables = PositionTables(modules[max_tokens], int8=form.linears is not None)
    for module in modules.values():
        tables.share_with(module)
        if form.linears:
            quantise_linears(module, form.linears)
        if form.embedding:
            quantise_embedding(module, form.embedding)
    write_program(modules, len(weights.words), weights.types is not None, target)


def missing_packages() -> list[str]:
    """What an export needs and this installation lacks."""
    return [name for name in ("executorch", "torchao") if not importlib.util.find_spec(name)]


def lengths(max_tokens: int) -> tuple[int, ...]:
    """The lengths a program has methods for: 64, 128, 256 and 512 below `max_tokens`, and that."""
    return (*(length for length in _LENGTHS if length < max_tokens), max_tokens)


def _block(length: int) -> int:
    """Tokens whose relative scores are worked out at a time: more of them compute more products
    that nobody reads, fewer copy more of the position tables."""
    return max(64, length // 4)
