"""Commands of the other packages, found by entry point and loaded when they are called.

An entry point of the group `guardlet.commands` names a typer app and, as its extra, what to
install: `train = "guardlet_training.commands.train:app [training]"`. Functions that a command of
one package asks of another are found in the same way, in a group of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NoReturn

import typer
from rich.markup import escape
from typer.core import TyperGroup
from typer.main import get_command

from guardlet.cli.console import EXIT_ERROR, stderr
from guardlet.errors import GuardletError

GROUP = "guardlet.commands"
PAGES = "guardlet.pages"
_OURS = "guardlet"


class PluginGroup(TyperGroup):
    """The command group, its own commands first, then the plug-ins by name."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *sorted(_plugins())]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command = super().get_command(ctx, cmd_name)
        if command is None and cmd_name in _plugins():
            return _load(_plugins()[cmd_name])
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As inherited, but an unknown name, which may be a prompt, is not repeated."""
        names = self.list_commands(ctx)
        if args[0] not in names:
            ctx.fail(f"no such command; there are {', '.join(names)}")
        return super().resolve_command(ctx, args)


def install_line(extra: str) -> str:
    """The line to type for the packages of an extra."""
    return f'pip install "guardlet[{extra}]"'


def load_offer(group: str, name: str) -> Any:
    """What the entry point names. Ends the command with what to install when a package is missing.

    Raises GuardletError when no installed package has such an entry point.
    """
    for point in entry_points(group=group, name=name):
        try:
            return point.load()
        except ModuleNotFoundError as error:
            if _is_ours(error):
                raise
            _explain(_extra(point))
    raise GuardletError(f"no package here offers {name} in {group}; install guardlet again")


def _plugins() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def _load(point: EntryPoint) -> Any:
    """The plug-in as a command that explains what to install when a package is missing."""
    extra = _extra(point)
    try:
        command: Any = get_command(_app(point))
    except ModuleNotFoundError as error:
        if _is_ours(error):
            raise
        return _missing(point.name, extra)
    command.name = point.name
    command.invoke = _guarded(command.invoke, extra)
    return command


def _extra(point: EntryPoint) -> str:
    return point.extras[0] if point.extras else "all"


def _app(point: EntryPoint) -> typer.Typer:
    app = point.load()
    if not isinstance(app, typer.Typer):
        raise TypeError(f"entry point {point.name} does not name a typer app")
    return app


def _guarded(invoke: Callable[[Any], Any], extra: str) -> Callable[[Any], Any]:
    def run(ctx: Any) -> Any:
        try:
            return invoke(ctx)
        except ModuleNotFoundError as error:
            if _is_ours(error):
                raise
            _explain(extra)

    return run


def _missing(name: str, extra: str) -> Any:
    app = typer.Typer()

    @app.command(
        name,
        help=f"Needs: {escape(install_line(extra))}",
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
        add_help_option=False,
    )
    def explain() -> None:
        _explain(extra)

    return get_command(app)


def _is_ours(error: ModuleNotFoundError) -> bool:
    return (error.name or "").split(".")[0].startswith(_OURS)


def _explain(extra: str) -> NoReturn:
    stderr().print(f"this command needs more packages: {install_line(extra)}", markup=False)
    raise SystemExit(EXIT_ERROR)
