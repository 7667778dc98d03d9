"""What the documentation says is true: links, Python blocks, commands, keys and examples."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from cli_runner import guardlet
from repository import ROOT, commands, files, prose

from guardlet import Verdict, errors
from guardlet.cli.main import app
from guardlet.encoder import window_spans
from guardlet.vectors import Vector

FORMAT = (ROOT / "docs/bundle-format.md").read_text(encoding="utf-8")
SCHEMA = json.loads((ROOT / "runtime/guardlet/bundle/schema.json").read_text(encoding="utf-8"))
GUIDES = ("README.md", "CONTRIBUTING.md")
MARKDOWN = files("*.md")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_PYTHON = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_ROW = re.compile(
    r"^\| (\d+) \| (\d+) \| (\d+) \| (\d+) \| ([\d -]+) \| (yes|no) \|$", re.MULTILINE
)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def anchors(path: Path) -> set[str]:
    """Anchors of a Markdown file's headings, made as the usual hosts make them."""
    headings = re.findall(r"^#+ (.+)$", prose(path.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def properties(tree: Any) -> Iterator[str]:
    """Every key that a JSON Schema names."""
    if isinstance(tree, dict):
        yield from tree.get("properties", {})
        for value in tree.values():
            yield from properties(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from properties(value)


@pytest.mark.parametrize("path", MARKDOWN, ids=relative)
def test_links_resolve(path: Path) -> None:
    text = _CODE.sub("", prose(path.read_text(encoding="utf-8")))
    for link in _LINK.findall(text):
        if re.match(r"https?://", link):
            continue
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        assert target.exists(), f"{link} leads nowhere"
        assert not anchor or anchor in anchors(target), f"{link} has no such heading"


def test_the_guides_link_to_every_page() -> None:
    linked = {
        (ROOT / guide).parent / link.partition("#")[0]
        for guide in GUIDES
        for link in _LINK.findall((ROOT / guide).read_text(encoding="utf-8"))
    }
    assert set(files("docs/*.md")) <= linked


@pytest.mark.parametrize("code", _PYTHON.findall((ROOT / "README.md").read_text(encoding="utf-8")))
def test_python_blocks_run(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out


def test_make_targets_exist() -> None:
    spoken = [
        code.split()
        for guide in GUIDES
        for code in _CODE.findall((ROOT / guide).read_text(encoding="utf-8"))
        if code.startswith("make ")
    ]
    listed = [words for guide in GUIDES for words in commands(guide) if words[0] == "make"]
    assert listed and spoken
    for words in listed + spoken:
        subprocess.run([words[0], "--dry-run", *words[1:]], cwd=ROOT, check=True)


def demo_lines() -> list[list[str]]:
    """The `guardlet` commands that `make demo` would run."""
    plan = subprocess.run(
        ["make", "--dry-run", "demo"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    lines = map(shlex.split, plan.replace("\\\n", " ").splitlines())
    return [words[1:] for words in lines if words and words[0].endswith("/guardlet")]


def test_the_demo_runs() -> None:
    lines = demo_lines()
    assert len(lines) >= 3
    for words in lines:
        assert "score" in guardlet(*words)


def light_commands() -> Iterator[Any]:
    for guide in GUIDES:
        for program, *words in commands(guide):
            if program == "guardlet" and words[0] in ("check", "info", "verify"):
                marks = [pytest.mark.slow] if words[0] == "verify" else []
                yield pytest.param(words, marks=marks, id=" ".join(words))


@pytest.mark.parametrize("words", light_commands())
def test_commands_on_the_embedded_guard_run(words: list[str]) -> None:
    assert guardlet(*words)


@pytest.mark.parametrize("path", MARKDOWN, ids=relative)
def test_commands_in_the_text_exist_with_their_options(path: Path) -> None:
    group = typer.main.get_command(app)
    context = typer.Context(group)
    for code in _CODE.findall(prose(path.read_text(encoding="utf-8"))):
        if not code.startswith("guardlet "):
            continue
        _, name, *arguments = code.split()
        command = group.get_command(context, name)  # type: ignore[attr-defined]
        while isinstance(command, typer.core.TyperGroup) and arguments:
            command = command.get_command(context, arguments.pop(0))
        assert command is not None, code
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in arguments if word.startswith("-")} <= known, code


def test_extras_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {
        extra.strip()
        for path in MARKDOWN
        for group in re.findall(r"guardlet\[([\w, ]+)\]", path.read_text(encoding="utf-8"))
        for extra in group.split(",")
    }
    assert named <= set(project["optional-dependencies"])


def test_source_files_that_the_architecture_names_exist() -> None:
    known = [f"/{relative(path)}" for path in files("*")]
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    named = {code for code in _CODE.findall(text) if code.endswith((".py", ".jsonl", ".toml", "/"))}
    assert len(named) > 20
    for name in named:
        where = f"/{name}"
        assert any(where in path if name.endswith("/") else path.endswith(where) for path in known)


def test_every_key_of_the_manifest_is_documented() -> None:
    keys = set(properties(SCHEMA)) | set(
        SCHEMA["properties"]["score"]["properties"]["operating_points"]["required"]
    )
    assert len(keys) > 40
    assert sorted(key for key in keys if f"`{key}`" not in FORMAT) == []


def test_every_field_of_a_verdict_and_of_a_vector_is_documented() -> None:
    fields = {*Verdict.__dataclass_fields__, *Vector.__dataclass_fields__}
    assert sorted(name for name in fields if f"| `{name}` |" not in FORMAT) == []


def test_the_errors_named_exist_and_every_bundle_error_is_named() -> None:
    named = set(re.findall(r"\*\*(\w+Error)\*\*", FORMAT))
    assert all(issubclass(getattr(errors, name), errors.GuardletError) for name in named)
    bundle = {kind.__name__ for kind in errors.BundleError.__subclasses__()}
    ours = {name for name in bundle if hasattr(errors, name)}
    assert ours <= named


def test_limits_of_numbers_are_those_of_the_schema() -> None:
    rules = SCHEMA["properties"]["input"]["properties"]
    for name in ("max_tokens", "max_windows", "max_chars"):
        row = f"| `{name}` | {rules[name]['minimum']} to {rules[name]['maximum']:,} |"
        assert row in FORMAT
    temperature = SCHEMA["properties"]["score"]["properties"]["temperature"]
    limits = f"from {temperature['minimum']} to {temperature['maximum']}"
    assert f"`temperature` (number {limits})" in FORMAT
    assert f"{SCHEMA['$defs']['file']['properties']['bytes']['maximum']:,}" in FORMAT
    assert f"{rules['pad']['maximum']:,}" in FORMAT


def test_the_worked_spans_are_right() -> None:
    rows = _ROW.findall(FORMAT)
    assert len(rows) >= 5
    for *numbers, spans, dropped in rows:
        expected = [tuple(map(int, span.split("-"))) for span in spans.split()]
        assert window_spans(*map(int, numbers)) == (expected, dropped == "yes")
