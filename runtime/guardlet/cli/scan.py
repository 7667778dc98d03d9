"""`guardlet scan`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from guardlet.bundle import DEFAULT_OPERATING_POINT
from guardlet.cli.console import EXIT_HARMFUL, named_table, plain, resumable, stderr, stdout
from guardlet.cli.options import BundleOption, PointOption

if TYPE_CHECKING:
    from guardlet.scan import GuardSource, Progress, Rates


class ScanEngine(StrEnum):
    LOCAL = "local"
    RAY = "ray"


def scan(
    data: Annotated[list[Path], typer.Argument(help=".jsonl, .jsonl.gz, .csv or .parquet files.")],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            help="Your folder for the results. flagged.jsonl in it repeats the rows that were "
            "flagged, text and all; the other files hold no text.",
        ),
    ],
    text_fields: Annotated[
        Optional[str],
        typer.Option(help="Column to judge, or PROMPT,RESPONSE; default: known chat forms."),
    ] = None,
    answers_only: Annotated[
        bool, typer.Option("--answers-only", help="Leave out the prompts of rows with answers.")
    ] = False,
    bundle: BundleOption = None,
    operating_point: PointOption = DEFAULT_OPERATING_POINT,
    workers: Annotated[
        Optional[int], typer.Option(min=1, help="Processes; default: one a core.")
    ] = None,
    engine: Annotated[
        ScanEngine, typer.Option(help="Processes of this machine, or a Ray cluster.")
    ] = ScanEngine.LOCAL,
    rates: Annotated[
        Optional[str], typer.Option(help="The guard's rates, like recall=.85,fpr=.05.")
    ] = None,
    evaluation: Annotated[
        Optional[Path], typer.Option(help="Take them from a report of guardlet evaluate.")
    ] = None,
    alarm_share: Annotated[
        Optional[float],
        typer.Option(min=0, max=1, help="Alarm above this share; default: 0 when rates are given."),
    ] = None,
    fail_on_alarm: Annotated[
        bool, typer.Option("--fail-on-alarm", help="Exit with 1 on an alarm.")
    ] = False,
) -> None:
    """Find harmful rows in a fine-tuning or chat file of any size.

    A scan that was stopped goes on when the same command is given again.
    """
    from guardlet.jobs.processes import usable_cores
    from guardlet.scan import GuardSource, ScanJob, run_scan

    if rates and evaluation:
        raise typer.BadParameter("give --rates or --evaluation, not both")
    source = GuardSource.of(bundle, operating_point)
    job = ScanJob(
        data=data,
        guard=source,
        text_fields=_fields(text_fields),
        answers_only=answers_only,
        workers=workers or usable_cores(),
        engine=engine.value,
        rates=_rates(source, rates, evaluation),
        alarm_share=alarm_share,
    )
    with resumable(), _bar() as advance:
        summary = run_scan(job, out, advance)
    _print(summary, out)
    if fail_on_alarm and summary["alarm"]:
        raise typer.Exit(EXIT_HARMFUL)


def _fields(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    names = tuple(name.strip() for name in text.split(","))
    if len(names) > 2 or not all(names):
        raise typer.BadParameter("--text-fields takes one column, or PROMPT,RESPONSE")
    return names


def _rates(source: GuardSource, text: str | None, evaluation: Path | None) -> Rates | None:
    from guardlet.scan import parse_rates, rates_of_evaluation

    if evaluation:
        return rates_of_evaluation(evaluation, source.label, source.operating_point)
    return parse_rates(text) if text else None


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    """A progress bar over the bytes of the files, with rows and rows a second of this run."""
    console = stderr()
    columns = (
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} rows"),
        TextColumn("{task.fields[rate]:,.0f} rows/s"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("scan", total=None, rows=0, rate=0.0)
        begun = time.monotonic()

        def advance(seen: Progress) -> None:
            rate = seen.new / max(time.monotonic() - begun, 1e-9)
            bar.update(task, total=seen.total, completed=seen.read, rows=seen.rows, rate=rate)

        yield advance


def _print(summary: dict[str, Any], out: Path) -> None:
    console = stdout()
    table = named_table("file", "form", "rows", "harmful", "controversial", "skipped")
    for file in summary["inputs"]:
        counts = (f"{file[key]:,}" for key in ("rows", "harmful", "controversial"))
        skipped = ", ".join(f"{n:,} {why}" for why, n in sorted(file["skipped"].items()))
        table.add_row(plain(file["file"]), plain(file["format"]), *counts, skipped or "-")
    console.print(table)
    for why, found in summary["skipped"].items():
        lines = ", ".join(f"{row['file']}:{row['line']}" for row in found["first"][:5])
        more = ", ..." if found["rows"] > 5 else ""
        console.print(plain(f"{why}, so not judged: {lines}{more}"))
    console.print(f"flagged: {_share(summary['share'])} of {summary['judged']:,} judged rows")
    if summary["corrected_share"]:
        console.print(f"harmful, as the guard errs: {_share(summary['corrected_share'])}")
    console.print(_alarm(summary))
    console.print(plain(f"written to {out}"))


def _share(share: dict[str, float]) -> str:
    return f"{share['estimate']:.2%} (95 % interval {share['lower']:.2%} to {share['upper']:.2%})"


def _alarm(summary: dict[str, Any]) -> str:
    if summary["alarm"] is None:
        return "no alarm was asked for: give --rates, --evaluation or --alarm-share"
    limit = f"more than {summary['alarm_share']:.2%} of the rows are harmful"
    if summary["alarm"]:
        return f"[bold red]ALARM[/]: {limit}"
    return f"[green]no alarm[/]: it is not shown that {limit}"
