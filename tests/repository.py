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
    """The `guardlet` and `make` lines of a Markdown file's indented blocks, as words."""
    text = prose((ROOT / file).read_text(encoding="utf-8"))
    return [shlex.split(line, comments=True) for line in _COMMAND.findall(text)]
