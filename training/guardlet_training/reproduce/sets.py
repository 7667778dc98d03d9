"""The four evaluation sets of HarmAug (arXiv 2410.01524, section 4.1), as its code reads them.

| set | judged | harmful when | rows | harmful |
|---|---|---|---|---|
| OAI, OpenAI's moderation evaluation | prompt | `toxicity`, or any category | 1,680 | 522 |
| ToxicChat 0124, test, annotated by hand or not | `user_input` | `toxicity` | 5,083 | |
| HarmBench, the authors' file | response | `label` is `unsafe` | 602 | 273 |
| WildGuardMix, test | response | `response_harm_label` is `harmful`; no label is not | 1,725 | |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from guardlet.errors import DataError
from guardlet_training.records import (
    HUB_PREFIX,
    Record,
    flag_of,
    hub_records,
    read_records,
    text_of,
)
from guardlet_training.rows import Row

# The categories of OpenAI's own release, which has no column that sums them up.
_CATEGORIES = ("S", "H", "V", "HR", "SH", "S3", "H2", "V2")


@dataclass(frozen=True)
class EvaluationSet:
    """A set of the paper's table. `config` is its configuration on the hub, `harmful` how many of
    its `rows` are; None where the paper's code does not say."""

    name: str
    title: str
    read: Callable[[Record, str], tuple[str, str | None, int]]
    rows: int
    harmful: int | None = None
    config: str | None = None
    split: str = "test"


def load_set(
    wanted: EvaluationSet, source: str, warn: Callable[[str], None] | None = None
) -> list[Row]:
    """The rows of a set from a CSV, JSON, JSON Lines or Parquet file, or from `hf://OWNER/NAME`.

    Raises DataError when it cannot be read, and when it has not as many rows, or harmful rows, as
    the paper's; `warn` is told that instead where it is given. Errors name records, never texts.
    """
    if source.startswith(HUB_PREFIX):
        name = source.removeprefix(HUB_PREFIX)
        records = list(hub_records(name, wanted.split, wanted.config))
    else:
        records = read_records(Path(source))
    rows = []
    for number, record in enumerate(records, 1):
        prompt, response, label = wanted.read(record, f"{source}: record {number}")
        rows.append(Row(f"{wanted.name}-{number}", prompt, response, label, source=wanted.title))
    problem = _miscount(wanted, rows)
    if problem and warn is None:
        raise DataError(f"{source}: {problem}; figures on it are not the paper's")
    if problem and warn:
        warn(f"{source}: {problem}")
    return rows


def _miscount(wanted: EvaluationSet, rows: list[Row]) -> str | None:
    harmful = sum(row.target for row in rows)
    if len(rows) != wanted.rows:
        return f"{wanted.title} has {wanted.rows} rows in the paper, this has {len(rows)}"
    if wanted.harmful not in (None, harmful):
        return f"{wanted.title} has {wanted.harmful} harmful rows in the paper, this has {harmful}"
    return None


def _oai(record: Record, at: str) -> tuple[str, str | None, int]:
    if "toxicity" in record:
        label = flag_of(record["toxicity"], f"{at}: toxicity")
    elif any(name in record for name in _CATEGORIES):
        # A category that was not judged is null, or empty in CSV.
        values = {name: record.get(name) or 0 for name in _CATEGORIES}
        label = max(flag_of(value, f"{at}: {name}") for name, value in values.items())
    else:
        raise DataError(f"{at} has neither toxicity nor a category such as S or H")
    return text_of(record, "prompt", at), None, label


def _toxic_chat(record: Record, at: str) -> tuple[str, str | None, int]:
    return (
        text_of(record, "user_input", at),
        None,
        flag_of(record.get("toxicity"), f"{at}: toxicity"),
    )


def _harmbench(record: Record, at: str) -> tuple[str, str | None, int]:
    label = record.get("label")
    if label not in ("safe", "unsafe"):
        raise DataError(f'{at}: "label" must be safe or unsafe')
    return text_of(record, "prompt", at), text_of(record, "response", at), int(label == "unsafe")


def _wildguardmix(record: Record, at: str) -> tuple[str, str | None, int]:
    label = record.get("response_harm_label") or None
    if label not in ("harmful", "unharmful", None):
        raise DataError(f'{at}: "response_harm_label" must be harmful, unharmful or null')
    response = record.get("response") or None
    if not isinstance(response, str | None):
        raise DataError(f'{at}: "response" must be a string or null')
    return text_of(record, "prompt", at), response, int(label == "harmful")


SETS: Mapping[str, EvaluationSet] = {
    item.name: item
    for item in (
        EvaluationSet("oai", "OAI", _oai, 1680, 522, split="train"),
        EvaluationSet("toxicchat", "ToxicChat", _toxic_chat, 5083, config="toxicchat0124"),
        EvaluationSet("harmbench", "HarmBench", _harmbench, 602, 273),
        EvaluationSet("wildguardmix", "WildGuardMix", _wildguardmix, 1725, config="wildguardtest"),
    )
}
