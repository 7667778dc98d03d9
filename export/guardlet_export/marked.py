"""Blocks of a text file that a command rewrites, between `<!-- name -->` and `<!-- /name -->`."""

from __future__ import annotations

import re

from guardlet.errors import DataError


def replace_block(text: str, name: str, content: str) -> str:
    """`text` with what stands between the markers of `name` replaced by `content`, which ends in
    a line feed. Raises DataError when there is not exactly one such block."""
    block = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    replaced, count = block.subn(lambda match: match[1] + content + match[2], text)
    if count != 1:
        raise DataError(f"the file needs one <!-- {name} --> ... <!-- /{name} --> block")
    return replaced
