"""From modules of fixed lengths to the bytes of one ExecuTorch program."""

from __future__ import annotations

from pathlib import Path

import torch

from guardlet_export.fast_deberta import FastDeberta


def write_program(
    modules: dict[int, FastDeberta], vocabulary: int, type_ids: bool, target: Path
) -> None:
    """Writes a .pte with a method `forward_N` for each length N, run by XNNPACK where it can.

    Methods take int64 [1, N] `input_ids`, `attention_mask` and, with `type_ids`,
    `token_type_ids`, in that order. `get_vocab_size` gives `vocabulary`, the number of embedding
    rows. Equal constants of different lengths are stored once.
    """
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import EdgeCompileConfig, to_edge_transform_and_lower

    with torch.no_grad():
        methods = {
            f"forward_{length}": torch.export.export(
                module.eval(), _example(length, type_ids), strict=False
            )
            for length, module in modules.items()
        }
    edge = to_edge_transform_and_lower(
        methods,
        partitioner=[XnnpackPartitioner()],
        constant_methods={"get_vocab_size": vocabulary},
        # The check knows only ATen operators, and rows and tables are read by others.
        compile_config=EdgeCompileConfig(_check_ir_validity=False),
    )
    with target.open("wb") as file:
        edge.to_executorch().write_to_file(file)


def _example(length: int, type_ids: bool) -> tuple[torch.Tensor, ...]:
    # Each a tensor of its own: torch.export takes one tensor given twice for one input.
    count = 3 if type_ids else 2
    return tuple(torch.ones((1, length), dtype=torch.int64) for _ in range(count))
