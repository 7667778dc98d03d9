"""Finding and replacing values in decoded JSON."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

Keys = tuple[Any, ...]


def places(tree: Any, path: Keys = ()) -> Iterator[Keys]:
    """The path to every value in a decoded tree, itself first."""
    yield path
    if isinstance(tree, dict | list):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from places(value, (*path, key))


def at(tree: Any, path: Keys) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def put(tree: Any, path: Keys, value: Any) -> Any:
    """A copy of the tree with another value at `path`."""
    if not path:
        return value
    changed = copy.deepcopy(tree)
    at(changed, path[:-1])[path[-1]] = value
    return changed
