"""What commands share: consoles, progress bars and the way errors end a command."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from guardlet.errors import GuardletError

T = TypeVar("T")

EXIT_HARMFUL = 1
EXIT_ERROR = 2


def stdout() -> Console:
    return Console(highlight=False, soft_wrap=True)


def stderr() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True)


def plain(text: str) -> Text:
    """One line of `text` from outside: no markup in it counts and no control code gets through."""
    return Text("".join(char if char.isprintable() else " " for char in text))


def run_app(app: Callable[[], object]) -> None:
    """Runs a command and turns Guardlet's errors into one line on stderr."""
    try:
        app()
    except GuardletError as error:
        stderr().print(plain(f"error: {error}"))
        raise SystemExit(EXIT_ERROR) from None


def track(items: Iterable[T], description: str, total: int) -> Iterator[T]:
    """Yields `items` under a progress bar with rate and time left; no bar off a terminal."""
    console = stderr()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task(description, total=total)
        for item in items:
            yield item
            progress.advance(task)
