"""What Python's `re` and `unicodedata` take characters for, as far as normalisation asks.

The form is that of unicode_tables.py; this file writes its table again as well, or compares:

    python android-demo/tooling/python_characters.py --check

The table is of one version of Unicode. A Python with another knows other characters, so there it
has nothing to compare.
"""

from __future__ import annotations

import argparse
import re
import sys
import unicodedata
from pathlib import Path

from unicode_tables import CODE_POINTS, becomes, ranges, write_or_compare

TARGET = (
    Path(__file__).parents[1] / "guardlet/src/main/resources/dev/guardlet/normalise/unicode.txt"
)
UNICODE = "14.0.0"


def table() -> str:
    """The text of the table file."""
    lines = {"letter": _set(r"[^\W\d_]"), "digit": _set(r"\d"), "narrow": _narrow()}
    return "".join(f"{name}: {' '.join(items)}\n" for name, items in lines.items())


def _set(expression: str) -> list[str]:
    pattern = re.compile(expression)
    return ranges([c for c in CODE_POINTS if pattern.match(chr(c))])


def _narrow() -> list[str]:
    plain = ((c, unicodedata.normalize("NFKC", chr(c))) for c in CODE_POINTS if c > 0x7F)
    return [becomes(c, text) for c, text in plain if text.isascii() and text.isalnum()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    if unicodedata.unidata_version != UNICODE:
        print(f"this Python has another version of Unicode than {UNICODE}", file=sys.stderr)
        return 0 if check else 1
    return write_or_compare(TARGET, table(), check, "this Python")


if __name__ == "__main__":
    raise SystemExit(main())
