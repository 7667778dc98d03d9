"""EDA over a file of rows, as a stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from guardlet.errors import DataError
from guardlet.jobs import Engine
from guardlet_training.augment.eda import variants
from guardlet_training.augment.folder import stage_rows
from guardlet_training.augment.seeds import row_seed
from guardlet_training.augment.stage import (
    Item,
    ItemRows,
    StageReport,
    Worker,
    digest_of,
    run_stage,
)
from guardlet_training.augment.synonyms import Synonyms, SynonymSource
from guardlet_training.rows import load_rows, row_record

ALPHA = 0.1
COUNT = 4
"""New rows of each: what EDA's authors advise for sets of more than 5,000 (their Table 3)."""


@dataclass(frozen=True)
class EdaJob:
    """`rows` is a source as `load_rows` takes it. `alpha` is the share of a text's words that
    changes, `count` the new rows of each row; `responses` says that responses change too."""

    rows: str
    synonyms: SynonymSource = field(default_factory=SynonymSource)
    alpha: float = ALPHA
    count: int = COUNT
    responses: bool = False
    seed: int = 42


def eda(job: EdaJob, out: Path, *, engine: Engine = "local", workers: int = 1) -> StageReport:
    """Writes `count` changed rows of every row to `out`/rows.jsonl, without the rows themselves.

    Labels, hard and soft, and all other keys stay; `eda` names the operation. A text that has
    nothing to change stays as it is: `unchanged` counts these, and a training mix leaves them out
    beside their originals. Raises DataError for rows or synonyms that cannot be used, and what
    `run_stage` raises.
    """
    if not 0 < job.alpha < 1 or job.count < 1:
        raise DataError("alpha must be between 0 and 1, and there must be one new row or more")
    items = [row_record(row) for row in load_rows(job.rows)]
    identity = {
        "stage": "eda",
        "rows_sha256": digest_of(items),
        "alpha": job.alpha,
        "responses": job.responses,
        "seed": job.seed,
        **job.synonyms.identity(),
    }
    return run_stage(
        items,
        EdaSource(job),
        out,
        identity=identity,
        rows_per_item=job.count,
        title="eda",
        engine=engine,
        workers=workers,
        chunk=256,
        finish=lambda folder: _figures(folder, items, job.count),
    )


@dataclass(frozen=True)
class EdaSource:
    """Opens workers that hold the synonyms."""

    job: EdaJob

    @contextmanager
    def open(self) -> Iterator[Worker]:
        """Raises DataError."""
        yield partial(self._all, self.job.synonyms.open())

    def _all(self, synonyms: Synonyms, items: Sequence[Item]) -> list[ItemRows]:
        return [list(self._rows(synonyms, item)) for item in items]

    def _rows(self, synonyms: Synonyms, item: Item) -> Iterator[dict[str, Any]]:
        job, rng = self.job, Random(row_seed(self.job.seed, item["id"]))
        prompts = variants(item["prompt"], job.count, job.alpha, rng, synonyms)
        responses = [item["response"]] * job.count
        if job.responses and item["response"]:
            made = variants(item["response"], job.count, job.alpha, rng, synonyms)
            responses = [text for _, text in made]
        for number, ((name, prompt), response) in enumerate(zip(prompts, responses, strict=True)):
            changed = {"id": f"{item['id']}-eda{number}", "prompt": prompt, "response": response}
            yield {**item, **changed, "eda": name}


def _figures(folder: Path, items: Sequence[Item], count: int) -> dict[str, Any]:
    prompts = (item["prompt"] for item in items for _ in range(count))
    rows = zip(stage_rows(folder), prompts, strict=True)
    return {"unchanged": sum(row["prompt"] == prompt for row, prompt in rows)}
