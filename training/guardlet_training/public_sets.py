"""Labelled sets as files: our own rows, and public sets as their authors publish them.

- Do-Not-Answer (arXiv 2308.13387): questions that should be refused, and models' responses, each
  with a human's verdict. CSV, JSON or JSON Lines.
- CyberSecEval 2 (arXiv 2404.13161): prompt injections, all attacks, and the false-refusal-rate
  prompts, all harmless. JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from guardlet.errors import DataError
from guardlet_training.records import Record, flag_of, read_records, text_of
from guardlet_training.rows import Row, load_rows

PUBLIC_SUFFIXES = (".csv", ".json")
_RESPONSE, _HARMFUL, _ACTION = "_response", "_harmful", "_action"


@dataclass(frozen=True)
class Part:
    """Rows to be measured together, under the file's name followed by `name`. `dimensions` are the
    keys of each row's `extra` that say which category it is in."""

    name: str
    rows: Sequence[Row]
    dimensions: tuple[str, ...]


@dataclass(frozen=True)
class _Layout:
    """A public set: columns that tell it, and how its records become parts."""

    title: str
    needed: tuple[str, ...]
    parts: Callable[[Sequence[Record], str], list[Part]]


def read_parts(path: Path) -> list[Part]:
    """What a file holds: one part of no name and no dimensions for our own rows.

    Raises DataError when it is missing, unreadable or in no format known here; it names file and
    record, never a text.
    """
    if path.name.endswith(PUBLIC_SUFFIXES):
        records = read_records(path)
        layout = _layout(records, str(path))
        return layout.parts(records, str(path))
    if path.suffix == ".jsonl" and (first := _first_line(path)) is not None:
        for layout in _LAYOUTS:
            if set(layout.needed) <= first.keys():
                return layout.parts(read_records(path), str(path))
    return [Part("", load_rows(str(path)), ())]


def read_rows(path: Path) -> list[Row]:
    """The rows of every part. Raises DataError as `read_parts` does."""
    return [row for part in read_parts(path) for row in part.rows]


def _layout(records: Sequence[Record], where: str) -> _Layout:
    if records:
        for layout in _LAYOUTS:
            if set(layout.needed) <= records[0].keys():
                return layout
    expected = "; ".join(f"{item.title}: {', '.join(item.needed)}" for item in _LAYOUTS)
    raise DataError(
        f"{where} has not the columns of a set known here ({expected}); write other data "
        f"as JSON Lines with prompt, response and label"
    )


def _do_not_answer(records: Sequence[Record], where: str) -> list[Part]:
    areas = ("risk_area", "types_of_harm", "specific_harms")
    models = [
        name.removesuffix(_RESPONSE)
        for name in records[0]
        if name.endswith(_RESPONSE) and name.removesuffix(_RESPONSE) + _HARMFUL in records[0]
    ]
    questions: list[Row] = []
    responses: list[Row] = []
    for number, record in enumerate(records, 1):
        at = f"{where}: record {number}"
        question = text_of(record, "question", at)
        about = _categories(record, areas)
        questions.append(Row(at, question, label=1, extra=about))
        for model in models:
            response, verdict = record.get(model + _RESPONSE), record.get(model + _HARMFUL)
            if not isinstance(response, str) or not response or verdict in (None, ""):
                continue
            action = _categories(record, (model + _ACTION,)).get(model + _ACTION, "unstated")
            more = {**about, "model": model, "action": action}
            label = flag_of(verdict, f"{at}: {model}{_HARMFUL}")
            responses.append(Row(f"{at} {model}", question, response, label, extra=more))
    parts = [Part("questions", questions, areas)]
    return (
        [*parts, Part("responses", responses, (*areas, "model", "action"))] if responses else parts
    )


def _injections(records: Sequence[Record], where: str) -> list[Part]:
    return [_prompts(records, where, "user_input", 1, _INJECTION)]


def _false_refusals(records: Sequence[Record], where: str) -> list[Part]:
    return [_prompts(records, where, "mutated_prompt", 0, _REFUSAL)]


def _prompts(
    records: Sequence[Record], where: str, column: str, label: int, dimensions: tuple[str, ...]
) -> Part:
    rows = []
    for number, record in enumerate(records, 1):
        at = f"{where}: record {number}"
        text = text_of(record, column, at)
        rows.append(Row(at, text, label=label, extra=_categories(record, dimensions)))
    present = tuple(name for name in dimensions if any(name in row.extra for row in rows))
    return Part("", rows, present)


_INJECTION = ("injection_variant", "injection_type", "risk_category", "speaking_language")
_REFUSAL = ("attack_type", "mutation_type", "speaking_language")
_LAYOUTS = (
    _Layout("Do-Not-Answer", ("question", "risk_area", "types_of_harm"), _do_not_answer),
    _Layout(
        "CyberSecEval prompt injection",
        ("user_input", "injection_variant", "injection_type"),
        _injections,
    ),
    _Layout("CyberSecEval false refusals", ("mutated_prompt", "base_prompt"), _false_refusals),
)


def _categories(record: Record, names: Sequence[str]) -> dict[str, str]:
    return {name: str(value) for name in names if (value := record.get(name)) not in (None, "")}


def _first_line(path: Path) -> Record | None:
    """The first record; None leaves the error to the reader of our own rows."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            record = json.loads(next((line for line in file if line.strip()), "null"))
    except (OSError, ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None
