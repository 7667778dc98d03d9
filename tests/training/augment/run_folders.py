"""Runs of `guardlet augment`, and what they leave in their folders."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from guardlet_training.commands.augment import app


def augment(*arguments: object) -> str:
    """What a sub-command that must end well prints; errors of Guardlet are raised."""
    runner = CliRunner(env={"COLUMNS": "200"})
    result = runner.invoke(app, [str(word) for word in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def contents(out: Path) -> dict[str, bytes]:
    """Every file below the folder."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }
