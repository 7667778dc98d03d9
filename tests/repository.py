"""The files of this repository, as tests about the whole of it need them."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
_FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_COMMAND = re.compile(r"^ {4}((?:guardlet|make) .*)$", re.MULTILINE)


def files(*patterns: str) -> list[Path]:
    """Absolute paths of what git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = (ROOT / name for name in listed.split("\0") if name)
    return sorted(path for path in paths if path.is_file())


def prose(markdown: str) -> str:
    """Without fenced blocks."""
    return _FENCE.sub("", markdown)


def commands(file: str) -> list[list[str]]:
    """The `guardlet` and `make` lines of a Markdown file's indented blocks, as a shell in the
    repository's folder would split them."""
    text = prose((ROOT / file).read_text(encoding="utf-8"))
    lines = [shlex.split(line, comments=True) for line in _COMMAND.findall(text)]
    return [[name for word in words for name in _expanded(word)] for words in lines]


def _expanded(word: str) -> list[str]:
    found = sorted(ROOT.glob(word)) if "*" in word else []
    return [path.relative_to(ROOT).as_posix() for path in found] or [word]
