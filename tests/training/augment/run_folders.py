"""Runs of `guardlet augment`."""

from __future__ import annotations

from typer.testing import CliRunner

from guardlet_training.commands.augment import app


def augment(*arguments: object) -> str:
    """What a sub-command that must end well prints; errors of Guardlet are raised."""
    runner = CliRunner(env={"COLUMNS": "200"})
    result = runner.invoke(app, [str(word) for word in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output
