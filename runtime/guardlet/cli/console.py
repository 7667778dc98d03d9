"""What commands share: consoles, progress bars and the way errors end a command."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column, Table
from rich.text import Text

from guardlet.errors import GuardletError

T = TypeVar("T")

EXIT_HARMFUL = 1
EXIT_ERROR = 2
EXIT_STOPPED = 130


def stdout() -> Console:
    return Console(highlight=False, soft_wrap=True)


def stderr() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True)


def plain(text: str) -> Text:
    """One line of `text` from outside: no markup in it counts and no control code gets through."""
    return Text("".join(char if char.isprintable() else " " for char in text))


def named_table(name: str | Text, *headers: str) -> Table:
    """A table without lines whose first column holds names, which stay whole; a narrow terminal
    breaks the other columns into more lines, without losing a letter."""
    others = (Column(header, overflow="fold") for header in headers)
    return Table(Column(name, no_wrap=True), *others, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))


def run_app(app: Callable[[], object]) -> None:
    """Runs a command and turns Guardlet's errors into one line on stderr."""
    try:
        app()
    except GuardletError as error:
        stderr().print(plain(f"error: {error}"))
        raise SystemExit(EXIT_ERROR) from None


@contextmanager
def progress_bar(
    description: str, total: int | None, done: int = 0
) -> Iterator[Callable[[int], None]]:
    """A function that moves a bar on by so many items; beside the bar are the items of `total`,
    the rate since `done` and the time left. There is no bar off a terminal."""
    console = stderr()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task(description, total=total, completed=done)
        yield lambda count: progress.advance(task, count)


class _Rate(ProgressColumn):
    """Items a second, of late."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.1f}/s")


def track(items: Iterable[T], description: str, total: int) -> Iterator[T]:
    """Yields `items` under a progress bar with rate and time left; no bar off a terminal."""
    with progress_bar(description, total) as advance:
        for item in items:
            yield item
            advance(1)


@contextmanager
def resumable() -> Iterator[None]:
    """Lets Ctrl-C end a command that goes on when it is given again, and says so."""
    try:
        yield
    except KeyboardInterrupt:
        stderr().print("stopped; the same command goes on from here", markup=False)
        raise typer.Exit(EXIT_STOPPED) from None
