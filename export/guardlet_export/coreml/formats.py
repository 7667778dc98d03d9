"""The Core ML artifacts that can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Weights = Literal["float32", "float16", "int8", "palette6", "palette4"]

SUFFIX = ".mlpackage"
_SHORT = 128
_BUCKETS = (64, 128, 256)


@dataclass(frozen=True)
class CoreMLFormat:
    """How weights are stored, and the lowest iOS that loads the result.

    iOS 18 shares the weights of several lengths, as functions of one package. Before it every
    length is a package that holds all weights, so there are only two: a short one for the usual
    message and the longest. Activations are float16, but for float32 weights.
    """

    name: str
    weights: Weights
    ios: int = 16

    @property
    def functions(self) -> bool:
        """Whether the lengths are functions of one package."""
        return self.ios >= 18

    @property
    def entry(self) -> str:
        """Path of the artifact in a bundle: a package, or a folder of packages."""
        return f"coreml/{self.name}{SUFFIX if self.functions else ''}"

    def lengths(self, max_tokens: int) -> tuple[int, ...]:
        """The input lengths to write by default, ascending, for windows of `max_tokens`."""
        shorter = _BUCKETS if self.functions else (_SHORT,)
        return (*(length for length in shorter if length < max_tokens), max_tokens)


FORMATS = {
    form.name: form
    for form in (
        CoreMLFormat("fp32", "float32"),
        CoreMLFormat("fp16", "float16"),
        CoreMLFormat("int8", "int8"),
        CoreMLFormat("6bit", "palette6"),
        CoreMLFormat("fp16-ios18", "float16", ios=18),
        CoreMLFormat("int8-ios18", "int8", ios=18),
        CoreMLFormat("4bit-ios18", "palette4", ios=18),
    )
}
