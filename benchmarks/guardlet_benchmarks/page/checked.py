"""What a page shows has the form of a schema that lies beside this file."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema

from guardlet.errors import DataError


def require_form(tree: Any, schema: str, otherwise: str) -> None:
    """Raises DataError, which begins with `otherwise`, unless `tree` is as SCHEMA.schema.json says.

    It names the place, not the value.
    """
    text = (files(__package__) / f"{schema}.schema.json").read_text(encoding="utf-8")
    for error in jsonschema.Draft202012Validator(json.loads(text)).iter_errors(tree):
        where = "/".join(map(str, error.absolute_path)) or "the top level"
        raise DataError(f"{otherwise}: {where} is malformed")
