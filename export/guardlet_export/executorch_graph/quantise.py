"""Linear layers and embedding rows of 8 or 4 bits, in the forms that ExecuTorch's kernels and its
XNNPACK backend compute with."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from guardlet_export.fast_deberta import FastDeberta

Bits = Literal[4, 8]
GROUP = 32  # weights that share a scale in 4 bits


class QuantisedEmbedding(nn.Module):
    """Embedding rows of 8 bits, one scale a row, or of 4 bits, one scale for `GROUP` columns.

    Symmetric: row = scale * integer. Two 4-bit integers share a byte, the even column in its high
    half, each plus 8 (ExecuTorch's `quantized_decomposed::embedding_byte` and `embedding_4bit`).
    """

    weight: Tensor
    scales: Tensor

    def __init__(self, rows: Tensor, bits: Bits) -> None:
        """`rows` float32 [count, width]."""
        super().__init__()
        # Importing this defines the operators.
        import executorch.exir.passes._quant_patterns_and_replacements  # noqa: F401

        self._bits = bits
        group = rows.shape[1] if bits == 8 or rows.shape[1] % GROUP else GROUP
        weight, scales = _quantise(rows.reshape(-1, group), bits)
        weight = weight.reshape(rows.shape)
        self.register_buffer("weight", weight if bits == 8 else _pack(weight))
        self.register_buffer("scales", scales.reshape(len(rows), -1))

    def forward(self, ids: Tensor) -> Tensor:
        """Integer ids [T] -> float32 [T, width]."""
        library = torch.ops.quantized_decomposed
        operator = library.embedding_byte if self._bits == 8 else library.embedding_4bit
        low, high = _limits(self._bits)
        rows: Tensor = operator(self.weight, self.scales, None, low, high, ids)
        return rows


def quantise_embedding(module: FastDeberta, bits: Bits) -> None:
    """Replaces the word embedding."""
    words = module.embeddings.words
    module.embeddings.words = QuantisedEmbedding(words.weight.detach(), bits)  # type: ignore[assignment]


def quantise_linears(module: FastDeberta, bits: Bits) -> None:
    """Weights of `bits` bits; activations become int8 as the program runs, one scale a token.

    8 bits: one scale an output channel. 4 bits: one for `GROUP` inputs of a channel, in the
    encoder layers whose width is a multiple of it; the others get 8. The classifier, two rows,
    stays float32.
    """
    from torchao.quantization import Int8DynamicActivationIntxWeightConfig, quantize_
    from torchao.quantization.granularity import PerAxis, PerGroup

    def four(layer: nn.Module, name: str) -> bool:
        in_layer = name.startswith(("layers.", "last."))
        return bits == 4 and in_layer and getattr(layer, "in_features", 1) % GROUP == 0

    def wanted(layer: nn.Module, name: str) -> bool:
        return isinstance(layer, nn.Linear) and layer is not module.classifier

    quantize_(
        module,
        Int8DynamicActivationIntxWeightConfig(
            weight_dtype=torch.int4,  # type: ignore[attr-defined]
            weight_granularity=PerGroup(GROUP),
        ),
        lambda layer, name: wanted(layer, name) and four(layer, name),
    )
    quantize_(
        module,
        Int8DynamicActivationIntxWeightConfig(
            weight_dtype=torch.int8, weight_granularity=PerAxis(0)
        ),
        lambda layer, name: wanted(layer, name) and not four(layer, name),
    )


def _quantise(rows: Tensor, bits: Bits) -> tuple[Tensor, Tensor]:
    # A row of zeros, such as padding's, needs some scale.
    largest = rows.abs().amax(1, keepdim=True).clamp(min=torch.finfo(torch.float32).tiny)
    scales = largest / _limits(bits)[1]
    return torch.round(rows / scales).to(torch.int8), scales


def _limits(bits: Bits) -> tuple[int, int]:
    return -(1 << (bits - 1)), (1 << (bits - 1)) - 1


def _pack(integers: Tensor) -> Tensor:
    shifted = (integers + 8).to(torch.uint8)
    return shifted[:, 0::2] << 4 | shifted[:, 1::2]
