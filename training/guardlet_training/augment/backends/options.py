"""A back end from what a user typed, and what of it decides the rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import NoneType, UnionType
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
        options[name] = _typed(name, value, known[name])
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


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise BackendError("an option of a back end is written NAME=VALUE")
    return name, value


def _typed(name: str, value: Any, hint: Any) -> Any:
    """The value, read as JSON where the option is no text. Numbers are above 0, `max_retries` may
    be 0. Raises BackendError."""
    types = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    if isinstance(value, str) and str not in types:
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    whole_as_float = type(value) is int and float in types
    if value is None or not (type(value) in types or whole_as_float):
        wanted = " or ".join(kind.__name__ for kind in types if kind is not NoneType)
        raise BackendError(f"the option {name} of a back end must be {wanted}")
    if type(value) in (int, float) and (value < 0 or (value == 0 and name != "max_retries")):
        raise BackendError(f"the option {name} of a back end must be above 0")
    return value
