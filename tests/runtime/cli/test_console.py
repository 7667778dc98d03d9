"""Progress bars, plain text and where each stream goes."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from guardlet.cli.console import plain, stderr, stdout, track

BAR = """
from guardlet.cli.console import track
for item in track(range(3), "golden vectors", 3):
    pass
"""


def test_items_pass_through_in_order_without_a_bar(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track(iter("abc"), "letters", 3)) == ["a", "b", "c"]
    assert list(track([], "nothing", 0)) == []
    assert capsys.readouterr() == ("", "")


def test_an_exception_passes_through_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyError):
        for item in track([1, 2], "numbers", 2):
            raise KeyError(item)
    assert capsys.readouterr() == ("", "")


def on_terminal(code: str) -> tuple[str, str]:
    """What `code` prints to stdout, a pipe, and to stderr, a terminal."""
    master, slave = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=slave, env=environment
    )
    os.close(slave)
    shown = os.read(master, 1 << 16).decode("utf-8")
    os.close(master)
    assert done.returncode == 0
    return done.stdout.decode("utf-8"), shown


def test_a_terminal_gets_a_bar_on_stderr_only() -> None:
    out, shown = on_terminal(BAR)
    assert out == ""
    assert "golden vectors" in shown
    assert "3/3" in shown


def test_streams_are_separate_and_lines_are_not_broken(capsys: pytest.CaptureFixture[str]) -> None:
    stdout().print("a" * 300)
    stderr().print("b" * 300)
    assert capsys.readouterr() == ("a" * 300 + "\n", "b" * 300 + "\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é \U0001f600", "plain é \U0001f600"),
        ("[bold]x[/] [/nothing]", "[bold]x[/] [/nothing]"),
        ("a\nb\r\tc", "a b  c"),
        ("\x1b[2Ja\x07\x00\x9b", " [2Ja   "),
        ("\u202eevil\u200b\ud800\u2028", " evil   "),
    ],
)
def test_plain_text_is_one_line_without_markup_or_control_codes(
    text: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stdout().print(plain(text))
    assert capsys.readouterr().out == shown + "\n"
