"""The files a run writes, each whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guardlet.errors import DataError
from guardlet.files import write_text
from guardlet_benchmarks.device.compare import Comparison
from guardlet_benchmarks.device.markdown import comparison_markdown, markdown
from guardlet_benchmarks.device.report import DeviceReport
from guardlet_benchmarks.page import write_page


@dataclass(frozen=True)
class Outputs:
    """Where each form goes; None for nowhere. The page shows `evaluation` as well."""

    json: Path | None
    html: Path | None
    markdown: Path | None
    evaluation: Mapping[str, Any] | None = None

    def prepare(self) -> None:
        """Makes the folders, so that a long run does not end at a file it cannot write.

        Raises DataError.
        """
        for path in filter(None, (self.json, self.html, self.markdown)):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise DataError(f"cannot write {path}: {error.strerror}") from None
            if path.is_dir():
                raise DataError(f"cannot write {path}: it is a folder")

    def save(self, report: DeviceReport) -> None:
        """The JSON alone: what there is so far."""
        if self.json:
            write_text(self.json, json.dumps(report.to_json(), indent=1) + "\n")

    def write(self, report: DeviceReport, comparison: Comparison | None) -> None:
        """Every form. Raises DataError when a file cannot be written."""
        self.save(report)
        if self.markdown:
            text = markdown(report)
            if comparison:
                text += "\n" + comparison_markdown(comparison)
            write_text(self.markdown, text)
        if self.html:
            write_page(self.html, report, self.evaluation)
