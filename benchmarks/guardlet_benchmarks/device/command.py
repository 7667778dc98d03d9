"""`benchmark-device`, which is also `guardlet benchmark-device`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Optional

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table as RichTable

from guardlet.cli.console import EXIT_ERROR, plain, run_app, stderr, stdout
from guardlet.cli.options import BundleArgument
from guardlet.errors import GuardletError
from guardlet_benchmarks.device.compare import Comparison, compare
from guardlet_benchmarks.device.markdown import about
from guardlet_benchmarks.device.outputs import Outputs
from guardlet_benchmarks.device.report import DeviceReport, load_report
from guardlet_benchmarks.device.request import (
    LENGTHS,
    ROUNDS,
    SUSTAINED_SECONDS,
    DeviceRequest,
    Target,
)
from guardlet_benchmarks.device.tables import Table, compared, long_run, parity, summary
from guardlet_benchmarks.device.targets import HOST, TARGETS, find_target
from guardlet_benchmarks.page.evaluation import load_evaluation

EXIT_REGRESSED = 1
_STOPPED = "stopped before its end"
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def benchmark_device(
    bundle: BundleArgument = None,
    target: Annotated[
        str, typer.Option(help="; ".join(f"{name}: {what}" for name, what in TARGETS.items()))
    ] = HOST,
    file: Annotated[Optional[Path], typer.Option(help="The report of --target ios-file.")] = None,
    engines: Annotated[
        Optional[str], typer.Option(help="Engines or artifact ids, with commas; default: all.")
    ] = None,
    lengths: Annotated[str, typer.Option(help="Tokens of a window.")] = ",".join(map(str, LENGTHS)),
    threads: Annotated[
        Optional[str], typer.Option(help="As 1,2,4; default: the target's choice.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Timed checks of each length.")] = ROUNDS,
    seconds: Annotated[
        float, typer.Option(min=0, help="Long run, shared by all; 0: none.")
    ] = SUSTAINED_SECONDS,
    peers: Annotated[
        Optional[Path],
        typer.Option(
            metavar="MODEL",
            exists=True,
            file_okay=False,
            help="Folder of the trained model, to run it in other ways beside.",
        ),
    ] = None,
    json_out: Annotated[Optional[Path], typer.Option("--json", help="Write the report.")] = None,
    html: Annotated[Optional[Path], typer.Option(help="Write it as a web page.")] = None,
    evaluation: Annotated[
        Optional[Path],
        typer.Option(help="Show this JSON of `guardlet evaluate` on the page as well."),
    ] = None,
    markdown: Annotated[Optional[Path], typer.Option(help="Write it as Markdown.")] = None,
    old: Annotated[
        Optional[Path], typer.Option("--compare", help="An older report, as JSON.")
    ] = None,
    fail_on_regression: Annotated[
        bool, typer.Option(help="With --compare: exit with 1 when something became worse.")
    ] = False,
) -> None:
    """Measure a guard on a device: how fast, how big, how warm, and is it still the same guard?"""
    if peers and target != HOST:
        raise typer.BadParameter(f"--peers goes with --target {HOST}")
    request = DeviceRequest(
        bundle=bundle,
        engines=tuple(engines.split(",")) if engines else None,
        lengths=_numbers("--lengths", lengths),
        threads=_numbers("--threads", threads) if threads else None,
        rounds=rounds,
        sustained_seconds=seconds,
        peers=peers,
    )
    before = load_report(old) if old else None
    outputs = Outputs(json_out, html, markdown, load_evaluation(evaluation) if evaluation else None)
    outputs.prepare()
    report = _measured(find_target(target, file), request, outputs)
    comparison = compare(before, report) if before else None
    outputs.write(report, comparison)
    _show(report, comparison)
    if report.incomplete:
        stderr().print(plain(f"error: incomplete: {report.incomplete}"))
        raise typer.Exit(EXIT_ERROR)
    if fail_on_regression and comparison and comparison.regressions:
        raise typer.Exit(EXIT_REGRESSED)


def _measured(measure: Target, request: DeviceRequest, outputs: Outputs) -> DeviceReport:
    """The report; one that ended early says why. Raises the target's error when there is nothing
    to report."""
    latest: DeviceReport | None = None

    def keep(report: DeviceReport) -> None:
        nonlocal latest
        latest = report
        outputs.save(replace(report, incomplete=report.incomplete or _STOPPED))

    try:
        return measure(request, keep)
    except (GuardletError, KeyboardInterrupt) as error:
        if latest is None or not latest.measurements:
            raise
        reason = _STOPPED if isinstance(error, KeyboardInterrupt) else str(error)
        return replace(latest, incomplete=reason)


def _show(report: DeviceReport, comparison: Comparison | None) -> None:
    console = stdout()
    console.print(plain(report.bundle), style="bold")
    for line in about(report):
        console.print(plain(line))
    for table in (summary(report), long_run(report), parity(report)):
        if table.rows:
            console.print(_rich(table))
    if comparison:
        for note in comparison.notes:
            console.print(plain(note), style="yellow")
        console.print(_rich(compared(comparison)))
        console.print(f"{len(comparison.regressions)} of {len(comparison.rows)} figures regressed")


def _rich(table: Table) -> RichTable:
    first, *others = table.head
    shown = RichTable(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    shown.add_column(first, no_wrap=True)
    for name in others:
        shown.add_column(name, justify="right")
    for row in table.rows:
        shown.add_row(*map(plain, row))
    return shown


def _numbers(option: str, text: str) -> tuple[int, ...]:
    """Each once, in the order given."""
    try:
        numbers = tuple(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError:
        numbers = ()
    if not numbers or min(numbers) < 1:
        raise typer.BadParameter(f"{option} takes whole numbers above 0 with commas, as 1,2,4")
    return numbers


def main() -> None:
    """Entry point of the script `benchmark-device`."""
    run_app(app)
