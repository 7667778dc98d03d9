"""Commands of other packages: found, loaded late, and explained when something is missing."""

from __future__ import annotations

import os
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from cli_helpers import invoke, run

from guardlet.cli.plugins import GROUP, install_line, load_offer
from guardlet.errors import GuardletError

GREET = """
import typer

app = typer.Typer()

@app.command()
def greet(name: str) -> None:
    "Say hello."
    typer.echo(f"hello {name}")
"""
SEVERAL = """
import typer

app = typer.Typer()

@app.callback()
def stages() -> None:
    "Several stages."

@app.command()
def first(name: str) -> None:
    "The first one."
    typer.echo(f"first {name}")

@app.command()
def second() -> None:
    import no_such_package.deeper
"""
LATE = """
import typer

app = typer.Typer()

@app.command()
def late() -> None:
    import no_such_package.deeper
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages whose commands are good, absent, late and odd."""
    info = tmp_path / "guests-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: guests\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[{GROUP}]\n"
        "absent = no_such_package:app [training]\n"
        "bare = no_such_package:app\n"
        "greet = greet_for_guardlet:app\n"
        "half = half_for_guardlet:app [export]\n"
        "late = late_for_guardlet:app [export]\n"
        "several = several_for_guardlet:app [export]\n"
    )
    (tmp_path / "greet_for_guardlet.py").write_text(GREET)
    (tmp_path / "half_for_guardlet.py").write_text("import no_such_package\n")
    (tmp_path / "late_for_guardlet.py").write_text(LATE)
    (tmp_path / "several_for_guardlet.py").write_text(SEVERAL)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_a_guest_command_runs(site: Path) -> None:
    result = invoke("greet", "you")
    assert (result.exit_code, result.stdout) == (0, "hello you\n")


def test_a_guest_may_have_sub_commands(site: Path) -> None:
    result = invoke("several", "first", "you")
    assert (result.exit_code, result.stdout) == (0, "first you\n")
    assert "The first one." in invoke("several", "--help").stdout
    assert "Several stages." in invoke("--help").stdout
    missing = invoke("several", "second")
    assert (missing.exit_code, "guardlet[export]" in missing.stderr) == (2, True)


def test_help_lists_our_commands_first_then_all_others(site: Path) -> None:
    text = invoke("--help").stdout
    names = ["check", "info", "verify", "absent", "bare", "greet", "half", "late"]
    places = [text.index(f"│ {name} ") for name in names]
    assert places[:4] == sorted(places[:4])
    assert places[3:] == sorted(places[3:])
    assert "Say hello." in text
    assert f"Needs: {install_line('training')}" in text


@pytest.mark.parametrize(
    ("name", "extra"),
    [("absent", "training"), ("bare", "all"), ("half", "export"), ("late", "export")],
)
def test_a_command_whose_package_is_missing_says_what_to_install(
    site: Path, name: str, extra: str
) -> None:
    result = invoke(name)
    assert result.exit_code == 2
    line = f'this command needs more packages: pip install "guardlet[{extra}]"\n'
    assert (result.stdout, result.stderr) == ("", line)


@pytest.mark.parametrize(
    "arguments", [("--help",), ("file", "--option", "value"), ("-x", "--", "y")]
)
def test_it_says_so_whatever_else_was_typed(site: Path, arguments: tuple[str, ...]) -> None:
    result = invoke("absent", *arguments)
    assert result.exit_code == 2
    assert "guardlet[training]" in result.stderr


def test_the_script_says_so_without_a_traceback(site: Path) -> None:
    search = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    done = run("absent", PYTHONPATH=search)
    assert done.returncode == 2
    assert done.stderr == 'this command needs more packages: pip install "guardlet[training]"\n'
    assert run("greet", "you", PYTHONPATH=search).stdout == "hello you\n"


def test_a_module_of_ours_that_is_missing_is_a_bug_and_shows(site: Path) -> None:
    (site / "half_for_guardlet.py").write_text("import guardlet.no_such_module\n")
    assert isinstance(invoke("half").exception, ModuleNotFoundError)


def test_an_entry_point_that_is_no_app_is_a_bug_and_shows(site: Path) -> None:
    (site / "half_for_guardlet.py").write_text("app = print\n")
    with pytest.raises(TypeError, match="half does not name a typer app"):
        raise invoke("half").exception or AssertionError


def test_a_guest_cannot_take_the_name_of_one_of_ours(site: Path, bundle_folder: Path) -> None:
    points = site / "guests-1.0.dist-info" / "entry_points.txt"
    points.write_text(f"[{GROUP}]\ninfo = greet_for_guardlet:app\n")
    assert "tiny@1.2.3" in invoke("info", bundle_folder).stdout


def test_our_own_packages_name_an_extra_for_each_command() -> None:
    points = {point.name: point for point in entry_points(group=GROUP)}
    assert {"calibrate", "card", "evaluate", "export", "train"} <= points.keys()
    for name, point in points.items():
        assert len(point.extras) == 1, name
        assert invoke(name, "--help").exit_code == 0


OFFERS = "guardlet.offers-of-a-test"


@pytest.fixture
def offers(site: Path) -> None:
    """That folder's packages offer functions as well."""
    (site / "guests-1.0.dist-info" / "entry_points.txt").write_text(
        f"[{OFFERS}]\n"
        "fine = greet_for_guardlet:greet\n"
        "absent = no_such_package:function [training]\n"
        "ours = guardlet.no_such_module:function [export]\n"
    )


@pytest.mark.usefixtures("offers")
def test_an_offer_is_found_by_name() -> None:
    assert load_offer(OFFERS, "fine").__name__ == "greet"


@pytest.mark.usefixtures("offers")
def test_an_offer_that_lacks_a_package_says_what_to_install(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as caught:
        load_offer(OFFERS, "absent")
    assert caught.value.code == 2
    assert 'pip install "guardlet[training]"' in capsys.readouterr().err


@pytest.mark.usefixtures("offers")
def test_an_offer_of_ours_that_is_missing_is_a_bug_and_shows() -> None:
    with pytest.raises(ModuleNotFoundError):
        load_offer(OFFERS, "ours")


def test_an_unknown_offer_is_an_error() -> None:
    with pytest.raises(GuardletError, match=f"odd in {OFFERS}"):
        load_offer(OFFERS, "odd")
