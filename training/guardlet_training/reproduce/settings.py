"""What `guardlet reproduce harmaug` does, as its recipe file says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from guardlet_training.recipe import Input, Model, Training

Arm = Literal["kd", "eda", "no_prefix", "harmaug"]
Kind = Literal["transformers", "vllm", "openai"]
_STRICT_KEYS = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_STRICT_KEYS)
class Data:
    """The human-seeded half, D: WildGuardMix's training rows in its columns, from a file or
    `hf://OWNER/NAME`. `rows` is how many to expect, for the plan."""

    source: str
    rows: int
    license: str


@dataclass(frozen=True, config=_STRICT_KEYS)
class Generate:
    """How instructions are invented, see `guardlet augment generate`."""

    model: str
    backend: Kind = "transformers"
    options: dict[str, Any] = field(default_factory=dict)
    count: int = 100_000
    k: int = 3
    temperature: float = 1.0
    top_p: float = 1.0
    max_new_tokens: int = 64


@dataclass(frozen=True, config=_STRICT_KEYS)
class Respond:
    """Which models answer them, see `guardlet augment respond`."""

    refusing: str
    compliant: str
    backend: Kind = "transformers"
    options: dict[str, Any] = field(default_factory=dict)
    temperature: float = 1.0
    top_p: float = 1.0
    max_new_tokens: int = 256


@dataclass(frozen=True, config=_STRICT_KEYS)
class Eda:
    """How words of D are changed, see `guardlet augment eda`. `synonyms` is a thesaurus, relative
    to the recipe's file; None for WordNet."""

    count: int = 4
    alpha: float = 0.1
    synonyms: str | None = None


@dataclass(frozen=True, config=_STRICT_KEYS)
class Load:
    """What a row costs in a step: `tokens` through `parameters` (of the model, without embeddings
    for a student), at `teraflops` a second that the GPU really does there."""

    parameters: float
    tokens: float
    teraflops: float


@dataclass(frozen=True, config=_STRICT_KEYS)
class Loads:
    """Of every step, for the plan alone; `gpu` is what they are meant for."""

    gpu: str
    generate: Load
    refuse: Load
    comply: Load
    label: Load
    train: Load


@dataclass(frozen=True, config=_STRICT_KEYS)
class Student:
    """What a recipe of `guardlet train` says of the student; its data and seed are each arm's."""

    model: Model
    input: Input
    training: Training


@dataclass(frozen=True, config=_STRICT_KEYS)
class Reproduction:
    """`teachers` label everything, the first is measured too. `sets` are paths, relative to this
    file, or hub ids, by name; None has to be replaced on the command line."""

    student: Student
    data: Data
    generate: Generate
    respond: Respond
    teachers: list[str]
    sets: dict[str, str | None]
    loads: Loads
    eda: Eda = field(default_factory=Eda)
    arms: list[Arm] = field(default_factory=lambda: ["kd", "eda", "no_prefix", "harmaug"])
    seeds: list[int] = field(default_factory=lambda: [42, 123, 456])


TITLES: Mapping[str, str] = {
    "teacher": "teacher",
    "kd": "student, D only",
    "eda": "+ EDA",
    "no_prefix": "+ HarmAug without the prefix",
    "harmaug": "+ HarmAug",
}
