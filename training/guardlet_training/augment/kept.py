"""Which attempts of a stage are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from guardlet.scan.share import wilson
from guardlet_training.augment.attempts import EMPTY, REFUSED
from guardlet_training.augment.filter import THRESHOLD, filter_instructions
from guardlet_training.augment.folder import stage_rows
from guardlet_training.augment.stage import digest_of
from guardlet_training.rows import Row, load_rows, parse_record, row_record, write_rows


@dataclass(frozen=True)
class Keeping:
    """Drops what `filter_instructions` drops: near-duplicates, and what is near a prompt of the
    sources `evaluation`."""

    evaluation: Sequence[str | Path] = ()
    threshold: float = THRESHOLD

    def identity(self) -> dict[str, Any]:
        """For a run's identity. Raises DataError for a source that cannot be read."""
        sets = [
            {
                "source": Path(source).name,
                "sha256": digest_of(map(row_record, load_rows(str(source)))),
            }
            for source in self.evaluation
        ]
        return {"evaluation": sets, "threshold": self.threshold}

    def write(self, folder: Path, name: str, exemplars: Iterable[Row] = ()) -> dict[str, Any]:
        """Writes the attempts of a complete stage that were not rejected and are not dropped, also
        not as copies of `exemplars`, to `folder`/`name`, and returns the counts.

        `success_rate` is the share that is no refusal, as in the paper's Table 4, with Wilson's
        95 % interval; `usable` are those that were not rejected for any reason.
        """
        rows = list(stage_rows(folder))
        usable = [parse_record(row, row["id"]) for row in rows if row["rejected"] is None]
        kept, report = filter_instructions(
            usable, self.evaluation, exemplars=exemplars, threshold=self.threshold
        )
        write_rows(folder / name, kept)
        rejected = {REFUSED: 0, EMPTY: 0} | Counter(
            row["rejected"] for row in rows if row["rejected"] is not None
        )
        return {
            "success_rate": asdict(wilson(len(rows) - rejected[REFUSED], len(rows))),
            "rejected": rejected,
            "usable": len(usable),
            "dropped": dict(report.dropped),
            "kept": len(kept),
        }
