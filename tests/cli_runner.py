"""Runs `guardlet` commands in this process, which loads torch only once."""

from __future__ import annotations

from typer.testing import CliRunner, Result

from guardlet.cli.main import app


def invoke(*arguments: object) -> Result:
    """The result of a command; errors of Guardlet are raised."""
    words = [str(item) for item in arguments]
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, words, catch_exceptions=False)


def guardlet(*arguments: object) -> str:
    """What a command that must end well prints."""
    result = invoke(*arguments)
    assert result.exit_code == 0, result.output
    return result.output
