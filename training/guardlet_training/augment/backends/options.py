"""A back end from what a user typed, and what of it decides the rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_type_hints

from guardlet.errors import BackendError
from guardlet_training.augment.backends.backend import BackendSpec, Kind
from guardlet_training.augment.backends.revision import model_revision, short_name

CHUNKS: Mapping[Kind, int] = {"transformers": 64, "vllm": 512, "openai": 64}
"""Rows that a worker completes in one call: what is lost at most when it is killed."""
_WHERE = frozenset(
    {
        "base_url",
        "concurrency",
        "device",
        "max_retries",
        "memory_share",
        "probe",
        "requests_per_minute",
        "revision",
        "tensor_parallel",
        "timeout",
    }
)
"""Options that may differ when a run is taken up again; `revision` is in its identity resolved."""


def backend_spec(kind: Kind, model: str, pairs: Sequence[str] = (), **given: Any) -> BackendSpec:
    """`pairs` are options as NAME=VALUE, `given` are more; None stands for the default.

    Raises BackendError for an option that this kind of back end does not have, and for a value of
    the wrong type.
    """
    known = get_type_hints(import_module(f"{__package__}.{kind}").open_backend.__init__)
    known = {name: hint for name, hint in known.items() if name not in ("model", "return")}
    options = {name: value for name, value in given.items() if value is not None}
    options |= dict(_pair(pair) for pair in pairs)
    for name, value in options.items():
        if name not in known:
            raise BackendError(
                f"the back end {kind} has no option {name}; it has {', '.join(sorted(known))}"
            )
        if not _fits(value, known[name]):
            wanted = " or ".join(t.__name__ for t in _types(known[name]) if t is not type(None))
            raise BackendError(f"the option {name} of the back end {kind} must be {wanted}")
    return BackendSpec(kind, model, options)


def pinned(spec: BackendSpec) -> tuple[BackendSpec, dict[str, Any]]:
    """The back end with its revision fixed, and what of it a run's identity holds.

    Weights are not loaded; a server is asked. Raises BackendError.
    """
    if spec.kind == "openai":
        revision = _server_revision(spec)
    else:
        revision = model_revision(spec.model, spec.options.get("revision"))
        if not Path(spec.model).is_dir():
            spec = replace(spec, options={**spec.options, "revision": revision})
    return spec, {
        "backend": spec.kind,
        "model": model_name(spec),
        "revision": revision,
        "options": {name: value for name, value in spec.options.items() if name not in _WHERE},
        "versions": {name: _version(name) for name in ("guardlet", spec.kind)},
    }


def model_name(spec: BackendSpec) -> str:
    """The id of a model, or the name of its folder."""
    return short_name(spec.model)


def _server_revision(spec: BackendSpec) -> str | None:
    backend = spec.open()
    try:
        return backend.revision
    finally:
        backend.close()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        raise BackendError(f"this back end needs {package}: pip install {package}") from None


def _pair(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise BackendError("an option of a back end is written NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _types(hint: Any) -> tuple[type, ...]:
    return get_args(hint) if isinstance(hint, UnionType) else (hint,)


def _fits(value: Any, hint: Any) -> bool:
    types = _types(hint)
    whole_as_float = type(value) is int and float in types
    return value is not None and (type(value) in types or whole_as_float)
