"""guardlet.json's text to a decoded tree that keeps schema.json, or an error."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from guardlet.errors import FormatVersionError, ManifestError, UnsafePathError

FORMAT_VERSION = 1
MANIFEST_FILE = "guardlet.json"
_LONGEST_REASON = 200


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of guardlet.json."""
    text = (files("guardlet.bundle") / "schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def decode(text: str) -> dict[str, Any]:
    """The checked tree. Raises FormatVersionError, UnsafePathError or ManifestError."""
    try:
        tree = load_json(text)
        _check_format(tree)
        check_schema(tree)
    except (ValueError, RecursionError) as error:
        raise malformed(f"not valid JSON: {error}") from None
    checked: dict[str, Any] = tree
    return checked


def load_json(text: str) -> Any:
    """json.loads without what JSON does not have. Raises ValueError or RecursionError."""
    return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique_keys)


def check_schema(tree: Any) -> None:
    """Raises UnsafePathError or ManifestError, naming the bad key."""
    for error in _validator().iter_errors(tree):
        where = "/".join(map(str, error.absolute_path)) or "the top level"
        if error.validator == "pattern" and error.schema is schema()["$defs"]["path"]:
            raise UnsafePathError(
                f"{MANIFEST_FILE}: {where} is not a plain path inside the bundle; "
                f"do not use this bundle"
            )
        raise malformed(f"{where}: {error.message[:_LONGEST_REASON]} ({error.validator})")


def malformed(reason: str) -> ManifestError:
    return ManifestError(f"{MANIFEST_FILE}: {reason}; get the bundle again or export it again")


def _check_format(tree: Any) -> None:
    version = tree.get("format_version") if isinstance(tree, dict) else None
    if type(version) is not int:
        raise malformed("no integer format_version")
    if version != FORMAT_VERSION:
        raise FormatVersionError(
            f"the bundle has format {version}, this library reads format {FORMAT_VERSION}: "
            + ("update guardlet" if version > FORMAT_VERSION else "export the bundle again")
        )


@cache
def _validator() -> Any:
    """jsonschema made stricter where Python would let through what other readers refuse."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    integers = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, x: type(x) is int)
    strict = extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, {"pattern": _whole_match}, type_checker=integers
    )
    return strict(schema())


def _whole_match(_validator: Any, pattern: str, value: Any, _schema: Any) -> Iterator[Any]:
    """Python's `$` also matches before a final newline, and its `\\d` any script's digits."""
    from jsonschema import ValidationError

    if isinstance(value, str) and not re.fullmatch(pattern, value, re.ASCII):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Readers differ in which of two equal keys they take."""
    tree = dict(pairs)
    if len(tree) != len(pairs):
        raise ValueError("an object has the same key twice")
    return tree
