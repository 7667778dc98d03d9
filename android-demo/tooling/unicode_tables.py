"""The Unicode properties that the frozen tokenizers use, asked of the `tokenizers` package itself.

A tokenizer's normaliser carries the Unicode tables of the day it was compiled, several versions at
once. The tables of a phone are others and change with the system, so the Kotlin library brings the
ones it needs. Run this file to write them again, with `--check` to compare:

    python android-demo/tooling/unicode_tables.py --check

The file holds one property a line, `name: items`; an item is a code point or a range of them in
hexadecimal, for mappings followed by `=` and the code points it becomes, joined by dots.
"""

from __future__ import annotations

import argparse
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from character_map import custom_map

TARGET = (
    Path(__file__).parents[1] / "guardlet/src/main/resources/dev/guardlet/tokenizer/unicode.txt"
)
_SURROGATES = range(0xD800, 0xE000)
_HANGUL_SYLLABLES = range(0xAC00, 0xD7A4)
_ACUTE = "\u0301"
CODE_POINTS = [c for c in range(0x110000) if c not in _SURROGATES]


def tables() -> str:
    """The text of the table file."""
    lines = {
        **_bert_sets(),
        **_cluster_sets(),
        "combining": _combining(),
        "decompose": _mapping(_normalizer("NFD"), skip=_HANGUL_SYLLABLES),
        "lowercase": _mapping(_normalizer("Lowercase")),
    }
    return "".join(f"{name}: {' '.join(items)}\n" for name, items in lines.items())


def _bert_sets() -> dict[str, list[str]]:
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer

    def normalizer(**chosen: bool) -> Callable[[str], str]:
        parts = ("clean_text", "handle_chinese_chars", "strip_accents", "lowercase")
        made = BertNormalizer(**{part: chosen.get(part, False) for part in parts})
        return lambda text: str(made.normalize_str(text))

    clean, strip = normalizer(clean_text=True), normalizer(strip_accents=True)
    chinese, split = normalizer(handle_chinese_chars=True), BertPreTokenizer().pre_tokenize_str

    def pieces(c: str) -> int:
        return len(split(f"a{c}a"))

    return {
        "removed": _set(lambda c: clean(f"a{c}a") == "aa"),
        "spaced": _set(lambda c: clean(f"a{c}a") == "a a"),
        "chinese": _set(lambda c: chinese(c) == f" {c} "),
        "mark": _set(lambda c: strip(c) == ""),
        "whitespace": _set(lambda c: pieces(c) == 2),
        "punctuation": _set(lambda c: pieces(c) == 3),
    }


def _cluster_sets() -> dict[str, list[str]]:
    """How characters join to grapheme clusters, seen through a character map: a cluster whose
    first character is in the map is replaced whole."""
    joins = _replacer({"a": "b"})
    # A map cannot hold NUL, nor a character that becomes itself.
    replaced = _replacer({chr(c): "b" for c in CODE_POINTS if c not in (0, ord("a"), ord("b"))})

    def breaks(c: str) -> bool:
        return c == "\0" or (c != "b" and len(c.encode()) < 4 and replaced(c + _ACUTE) == "bb")

    return {
        "extends": _set(lambda c: joins(f"a{c}") == "b"),
        "prepends": _set(lambda c: c != "b" and replaced(f"{c}a") == "b"),
        "breaks": _set(breaks),
    }


def _replacer(rules: Mapping[str, str]) -> Callable[[str], str]:
    from tokenizers.normalizers import Precompiled

    charsmap = Precompiled(custom_map(rules))
    return lambda text: str(charsmap.normalize_str(text))


def _combining() -> list[str]:
    """Canonical combining classes, by the order in which NFD puts pairs of characters."""
    nfd = _normalizer("NFD")
    low, high = "\u0334", "\u0301"

    def combines(c: int) -> bool:
        text = chr(c)
        return nfd(text) == text and (
            nfd(text + low) != text + low or nfd(high + text) != high + text
        )

    left = [c for c in CODE_POINTS if combines(c)]
    examples = {unicodedata.combining(chr(c)): chr(c) for c in left}
    examples.pop(0, None)

    def keeps_order(text: str, example: str) -> bool:
        return all(nfd(pair) == pair for pair in (text + example, example + text))

    items = []
    for value, example in sorted(examples.items()):
        members = [c for c in left if keeps_order(chr(c), example)]
        left = [c for c in left if c not in members]
        items += [f"{item}={value:x}" for item in ranges(members)]
    if left:
        raise ValueError(f"U+{left[0]:04X} has a combining class without a known example")
    return items


def _normalizer(name: str) -> Callable[[str], str]:
    from tokenizers import normalizers

    made = getattr(normalizers, name)()
    return lambda text: str(made.normalize_str(text))


def _mapping(change: Callable[[str], str], skip: Iterable[int] = ()) -> list[str]:
    left_out = set(skip)
    pairs = ((c, change(chr(c))) for c in CODE_POINTS if c not in left_out)
    return [becomes(c, text) for c, text in pairs if text != chr(c)]


def becomes(code_point: int, text: str) -> str:
    """The item of a mapping."""
    return f"{code_point:x}={'.'.join(f'{ord(part):x}' for part in text)}"


def _set(belongs: Callable[[str], bool]) -> list[str]:
    return ranges([c for c in CODE_POINTS if belongs(chr(c))])


def ranges(members: list[int]) -> list[str]:
    """Ascending code points as items of a set."""
    items: list[str] = []
    start = previous = -2
    for c in [*members, -2]:
        if c != previous + 1:
            if start >= 0:
                items.append(f"{start:x}" if start == previous else f"{start:x}-{previous:x}")
            start = c
        previous = c
    return items


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    return write_or_compare(TARGET, tables(), check, "this version of tokenizers")


def write_or_compare(target: Path, text: str, check: bool, source: str) -> int:
    """Writes a table file, or says where it differs from what `source` does; an exit code."""
    if not check:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="ascii")
    elif target.read_text(encoding="ascii") != text:
        print(f"{target} differs from what {source} does", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
