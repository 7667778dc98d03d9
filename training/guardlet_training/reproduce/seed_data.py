"""D, the human-seeded half of the paper's training data: WildGuardMix's training split."""

from __future__ import annotations

from pathlib import Path

from guardlet.errors import DataError
from guardlet_training.records import HUB_PREFIX, hub_records, read_records, text_of
from guardlet_training.reproduce.settings import Data
from guardlet_training.rows import Row

CONFIG = "wildguardtrain"
_HARM = ("harmful", "unharmful", None, "")


def seed_rows(data: Data) -> tuple[list[Row], list[Row]]:
    """All rows, not labelled since the teacher is to label them, and the exemplars: the different
    prompts that people or GPT-4 called harmful.

    Raises DataError when the source cannot be read or has no harmful prompt.
    """
    if data.source.startswith(HUB_PREFIX):
        records = list(hub_records(data.source.removeprefix(HUB_PREFIX), "train", CONFIG))
    else:
        records = read_records(Path(data.source))
    rows, exemplars = [], {}
    for number, record in enumerate(records, 1):
        at = f"{data.source}: record {number}"
        prompt, response = text_of(record, "prompt", at), record.get("response") or None
        category, harm = record.get("subcategory"), record.get("prompt_harm_label")
        if not isinstance(response, str | None) or not isinstance(category, str | None):
            raise DataError(f'{at}: "response" and "subcategory" must be strings or null')
        if harm not in _HARM:
            raise DataError(f'{at}: "prompt_harm_label" must be harmful, unharmful or null')
        row = Row(
            f"wildguardmix-{number:06d}",
            prompt,
            response,
            category=category,
            source="wildguardmix",
            license=data.license,
        )
        rows.append(row)
        if harm == "harmful" and prompt not in exemplars:
            exemplars[prompt] = Row(row.id, prompt, label=1, source=row.source, license=row.license)
    if not exemplars:
        raise DataError(f"{data.source} has no prompt whose prompt_harm_label is harmful")
    return rows, list(exemplars.values())
