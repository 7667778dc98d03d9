"""Running the command: inside this process, and for real."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from guardlet.cli.main import app, main

SCRIPT = Path(sys.executable).with_name("guardlet")
WIDE = {"COLUMNS": "200"}


def invoke(*arguments: str | Path, stdin: str | bytes | None = None) -> Result:
    """Runs the app in this process; Guardlet's errors come back as `exception`."""
    return CliRunner(env=WIDE).invoke(app, list(map(str, arguments)), input=stdin)


def run(
    *arguments: str | Path, stdin: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs the installed `guardlet` script."""
    done = subprocess.run(
        [str(SCRIPT), *map(str, arguments)],
        input=stdin,
        capture_output=True,
        timeout=120,
        env=os.environ | WIDE | {"PYTHONIOENCODING": "utf-8"} | environment,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
    )


def error_of(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str | Path
) -> str:
    """What `main` prints for a command that fails: one line on stderr and exit code 2."""
    monkeypatch.setattr(sys, "argv", ["guardlet", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        main()
    out, err = capsys.readouterr()
    assert caught.value.code == 2
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    return err
