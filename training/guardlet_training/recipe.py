"""Recipes: one YAML file that says what a guard is trained on and how."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import field
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from guardlet.bundle.schema import schema
from guardlet.errors import RecipeError
from guardlet.language import LanguageRules
from guardlet_export.tokenizer import Lengths

T = TypeVar("T")
_STRICT_KEYS = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_STRICT_KEYS)
class Source:
    """One line of the training mix. `home` is the data's public home, `why` its reason.

    `path` is relative to `data_root`, absolute, `recipe:` relative to the recipe's folder, or
    `hf://OWNER/NAME`. `where` keeps rows whose keys have the given values, `without` drops rows
    whose `source` contains one of the strings. `harmful` and `benign` cap the rows per class
    (a seeded sample), `repeat` copies the line. `form` `prompt_only` forgets responses;
    `refused` answers each row with a text of `partner` and labels it safe; `as_response` turns
    each text into the answer to a text of `partner`. `cut` is the share
    of rows whose response is cut at a random point.
    """

    path: str
    home: str
    why: str
    license: str
    where: dict[str, Any] = field(default_factory=dict)
    without: list[str] = field(default_factory=list)
    harmful: int | None = None
    benign: int | None = None
    repeat: int = 1
    form: Literal["as_is", "prompt_only", "refused", "as_response"] = "as_is"
    partner: str | None = None
    cut: float = 0.0


@dataclass(frozen=True, config=_STRICT_KEYS)
class Model:
    """The student: a hub id or a folder. `transplant` turns a BERT into a DeBERTa first; `layers`
    are the source's encoder layers to keep, by number from 0 upwards, by default all. `home` and
    `license` are how the guard names the source among what it is made of."""

    source: str
    home: str | None = None
    license: str | None = None
    transplant: bool = False
    layers: tuple[int, ...] | None = None
    dropout: float = 0.1
    attention_dropout: float = 0.1


@dataclass(frozen=True, config=_STRICT_KEYS)
class Language(LanguageRules):
    """How a text in another language is told, see docs/bundle-format.md."""


@dataclass(frozen=True, config=_STRICT_KEYS)
class Input(Lengths):
    """Token lengths of the guard's windows, see `guardlet.encoder.InputRules`. `language` depends
    on the vocabulary; without it the guard makes no claim."""

    language: Language | None = None


@dataclass(frozen=True, config=_STRICT_KEYS)
class Training:
    """Hyper-parameters; names and meaning follow the paper (section 4.1) and its code.

    `max_tokens` is the length of training windows, below `input.max_tokens` to train in less time.
    `start_share` is the share of the weights training started from in the mean that is kept at the
    end: what a second stage learns, with less of what it forgets (arXiv 2109.01903).
    """

    epochs: float = 3
    batch_size: int = 256
    micro_batch_size: int = 8
    max_tokens: int | None = None
    learning_rate: float = 3e-5
    weight_decay: float = 0.1
    warmup_steps: int = 100
    max_grad_norm: float = 1.0
    distil_weight: float = 0.5
    teacher: Literal["hard", "soft"] = "hard"
    label_smoothing: float = 0.0
    start_share: float = 0.0
    balance: Literal["label", "label_and_form", "none"] = "label"
    precision: Literal["fp32", "bf16", "auto"] = "auto"
    seed: int = 42
    checkpoint_steps: int = 500
    keep_checkpoints: int = 2


@dataclass(frozen=True, config=_STRICT_KEYS)
class Recipe:
    """Everything `guardlet train` needs."""

    name: str
    version: str
    license: str
    description: str
    model: Model
    data: list[Source]
    data_root: str = "."
    dev: str | None = None
    decontaminate: list[str] = field(default_factory=list)
    input: Input = field(default_factory=Input)
    training: Training = field(default_factory=Training)


def load_recipe(path: Path, overrides: list[str] | None = None) -> Recipe:
    """Reads a recipe and applies `key.sub=value` overrides (values are YAML).

    `extends: FILE`, beside the recipe, starts from that recipe: settings given here replace its
    own, and `data` and `decontaminate` are added to its lists. Raises RecipeError for unreadable
    YAML, unknown or missing keys, wrong types, and a name or version that no bundle could carry.
    """
    recipe = load_settings(path, Recipe, overrides)
    for key in ("name", "version"):
        pattern = schema()["properties"][key]["pattern"]
        if not re.fullmatch(pattern, getattr(recipe, key), re.ASCII):
            raise RecipeError(f"recipe {path}: {key}: a bundle's must match {pattern}")
    return recipe


def load_settings(path: Path, kind: type[T], overrides: list[str] | None = None) -> T:
    """A YAML file as the dataclass `kind`, `overrides` as for `load_recipe`, whose errors it
    raises."""
    try:
        tree = _read(path)
        for override in overrides or []:
            _apply(tree, override)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RecipeError(f"cannot read recipe {path}: {error}") from error
    try:
        return TypeAdapter(kind).validate_python(tree)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise RecipeError(f"recipe {path}: " + "; ".join(problems)) from None


def recipe_dict(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain data, every default spelled out."""
    return dataclasses.asdict(recipe)


def _read(path: Path, above: tuple[Path, ...] = ()) -> Any:
    if path.resolve() in above:
        raise RecipeError(f"recipe {path} extends itself")
    tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(tree, dict) or "extends" not in tree:
        return tree
    base = path.parent / str(tree.pop("extends"))
    return _extended(_read(base, (*above, path.resolve())), tree)


def _extended(base: Any, more: Any) -> Any:
    if isinstance(base, dict) and isinstance(more, dict):
        return base | {key: _extended(base.get(key), value) for key, value in more.items()}
    if isinstance(base, list) and isinstance(more, list):
        return base + more
    return more


def _apply(tree: Any, override: str) -> None:
    key, equals, value = override.partition("=")
    if not equals:
        raise RecipeError(f"override {override!r} is not of the form key=value")
    *parents, last = key.split(".")
    node = tree
    for parent in parents:
        node = node.setdefault(parent, {}) if isinstance(node, dict) else None
    if not isinstance(node, dict):
        raise RecipeError(f"override {key!r} does not name a recipe setting")
    node[last] = yaml.safe_load(value)
