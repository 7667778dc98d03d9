"""`guardlet check`, `info`, `verify` and `scan`; other packages add their own commands."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from io import BufferedIOBase
from typing import Annotated, Optional, cast

import typer

from guardlet.bundle import DEFAULT_OPERATING_POINT, Bundle
from guardlet.cli.console import (
    EXIT_ERROR,
    EXIT_HARMFUL,
    named_table,
    plain,
    run_app,
    stdout,
    track,
)
from guardlet.cli.options import (
    BundleArgument,
    BundleOption,
    EngineOption,
    NormaliseOption,
    PointOption,
)
from guardlet.cli.plugins import PluginGroup
from guardlet.cli.scan import scan
from guardlet.cli.stream import watch
from guardlet.errors import EngineError
from guardlet.guard import Guard
from guardlet.jvm import verify_on_jvm
from guardlet.streaming import DEFAULT_SCHEDULE
from guardlet.verdict import Verdict
from guardlet.verify import EngineReport, verify_bundle

# An unknown option or a second argument may be a prompt that begins with a dash or lacks its
# quotes. Typer would repeat it in its error; taken as an argument, it is refused without.
_SILENT = {"ignore_unknown_options": True, "allow_extra_args": True}
app = typer.Typer(
    cls=PluginGroup,
    context_settings=_SILENT,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="An on-device guard: is this prompt, or this response, harmful?",
)

STDIN = "-"


class Runtime(StrEnum):
    """Runtimes beside Python's that can be run from here."""

    JVM = "jvm"


_COLOURS = {"safe": "green", "controversial": "yellow", "harmful": "red"}


@app.command(context_settings=_SILENT)
def check(
    context: typer.Context,
    prompt: Annotated[str, typer.Argument(help="The prompt, or - to read it from stdin.")],
    response: Annotated[
        Optional[str], typer.Option("--response", "-r", help="The response to judge, or -.")
    ] = None,
    bundle: BundleOption = None,
    engine: EngineOption = None,
    operating_point: PointOption = DEFAULT_OPERATING_POINT,
    normalise: NormaliseOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 when harmful.")
    ] = False,
    stream: Annotated[
        bool, typer.Option("--stream", help="Judge the response on stdin while it arrives.")
    ] = False,
    first: Annotated[
        int, typer.Option("--first", help="With --stream: tokens before the first check.")
    ] = DEFAULT_SCHEDULE.first,
    every: Annotated[
        int, typer.Option("--every", help="With --stream: tokens between two checks.")
    ] = DEFAULT_SCHEDULE.every,
    context_tokens: Annotated[
        Optional[int],
        typer.Option("--context", help="With --stream: tokens before those that are read too."),
    ] = DEFAULT_SCHEDULE.context,
    hits: Annotated[
        int, typer.Option("--hits", help="With --stream: harmful checks in a row that flag it.")
    ] = DEFAULT_SCHEDULE.hits,
) -> None:
    """Judge a prompt, or a response in the context of its prompt."""
    if context.args:
        context.fail("give one prompt, in quotes, and known options; see guardlet check --help")
    if prompt == STDIN and response == STDIN:
        raise typer.BadParameter("only one of prompt and response can be read from stdin")
    if stream and (prompt == STDIN or response is not None):
        raise typer.BadParameter("--stream reads the response from stdin and needs a prompt")
    guard = Guard.load(bundle, engine=engine, operating_point=operating_point, normalise=normalise)
    show = _print_json if as_json else _print_verdict
    if stream:
        opened = guard.stream(prompt, first, every, context_tokens, hits)
        arriving = cast(BufferedIOBase, sys.stdin.buffer)
        harmful = watch(opened, arriving, show, stop_when_flagged=exit_code)
        raise typer.Exit(EXIT_HARMFUL if exit_code and harmful else 0)
    prompt = _read_stdin() if prompt == STDIN else prompt
    response = _read_stdin() if response == STDIN else response
    verdict = guard.check(prompt, response)
    show(verdict)
    if exit_code and verdict.harmful:
        raise typer.Exit(EXIT_HARMFUL)


@app.command()
def info(
    bundle: BundleArgument = None,
) -> None:
    """Show what a bundle holds."""
    opened = Bundle.open(bundle)
    manifest = opened.manifest
    console = stdout()
    languages = ", ".join(manifest.languages)
    console.print(f"[bold]{manifest.label}[/] ", plain(f"{manifest.license}  {languages}"))
    console.print(plain(manifest.description))
    rules = manifest.input
    console.print(
        f"windows of {rules.max_tokens} tokens, {rules.stride} shared, at most {rules.max_windows}"
    )
    models = named_table("artifact", "engine", "precision", "MB", "max |Δscore|", "flips", "needs")
    for item in manifest.artifacts:
        models.add_row(
            item.id,
            item.engine,
            plain(item.precision),
            f"{item.size / 1e6:.1f}",
            _number(item.parity.get("max_score_delta")),
            str(item.parity.get("verdict_flips", "-")),
            plain(", ".join(f"{k} >= {v}" for k, v in item.requires.items())),
        )
    points = named_table("operating point", "harmful from", "controversial from", "rule")
    for name, point in manifest.score.operating_points.items():
        limits = f"{point.threshold:.3f}", f"{point.controversial:.3f}"
        points.add_row(plain(name), *limits, plain(point.rule))
    console.print(models, points)


@app.command()
def verify(
    bundle: BundleArgument = None,
    runtime: Annotated[
        Optional[Runtime], typer.Option("--runtime", help="Prove this runtime as well.")
    ] = None,
) -> None:
    """Check every file, then the golden vectors through every engine that can run here."""
    opened = Bundle.open(bundle)
    for entry in track(opened.manifest.files, "files", len(opened.manifest.files)):
        opened.check(entry)
    console = stdout()
    console.print(f"{opened.manifest.label}: {len(opened.manifest.files)} files intact")
    reports = verify_bundle(opened, track)
    if runtime is Runtime.JVM:
        reports += verify_on_jvm(opened)
    table = named_table(
        "artifact", "cases", "tokens", "max |Δscore|", "mean |Δscore|", "flips", "result"
    )
    for report in reports:
        table.add_row(*_report_row(report))
    console.print(table)
    if all(report.skipped for report in reports):
        raise EngineError("no artifact of this bundle can run here, so nothing was proven")
    if not all(report.passed for report in reports):
        raise typer.Exit(EXIT_ERROR)


app.command()(scan)


def _read_stdin() -> str:
    """Standard input as UTF-8 whatever the locale, broken bytes as U+FFFD."""
    return sys.stdin.buffer.read().decode("utf-8", "replace")


def _report_row(report: EngineReport) -> list[str]:
    if report.skipped:
        return [report.artifact, "-", "-", "-", "-", "-", f"skipped: {report.skipped}"]
    return [
        f"{report.artifact} by {report.evaluator}" if report.evaluator else report.artifact,
        str(report.cases),
        "identical" if not report.token_mismatches else f"{report.token_mismatches} differ",
        f"{report.max_score_delta:.4f} (limit {report.tolerance:g})",
        f"{report.mean_score_delta:.5f}",
        str(report.verdict_flips),
        "[green]ok[/]" if report.passed else "[red]FAILED[/]",
    ]


def _print_json(verdict: Verdict) -> None:
    typer.echo(json.dumps(verdict.to_dict()))


def _print_verdict(verdict: Verdict) -> None:
    colour = _COLOURS[verdict.level]
    stdout().print(
        f"[bold {colour}]{verdict.level}[/]  {verdict.judged} score {verdict.score:.3f}  "
        f"({verdict.tokens} tokens, {verdict.latency_ms:.1f} ms, {verdict.engine}"
        f"{', truncated' if verdict.truncated else ''}"
        f"{f', {verdict.decoding} undone' if verdict.decoding else ''})"
    )
    if not verdict.language_supported:
        stdout().print("language: not one this guard reads; do not rely on the score")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def main() -> None:
    """Entry point of the script `guardlet`."""
    run_app(app)
