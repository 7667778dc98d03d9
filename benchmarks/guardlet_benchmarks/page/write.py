"""From reports to a file a browser opens without a network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from guardlet.files import write_text
from guardlet_benchmarks.device.report import DeviceReport
from guardlet_benchmarks.page.attacks import attacks_part
from guardlet_benchmarks.page.device import device_part
from guardlet_benchmarks.page.evaluation import evaluation_part
from guardlet_benchmarks.page.parts import Part


def write_page(
    target: Path,
    report: DeviceReport | None = None,
    evaluation: Mapping[str, Any] | None = None,
    attacks: Mapping[str, Any] | None = None,
) -> None:
    """Writes the page of any of a device report, an evaluation (`guardlet evaluate --json`) and
    reports of attacks (`guardlet attack --json`), `plain` and `normalised`.

    Raises DataError when one of the latter is malformed or the file cannot be written.
    """
    write_text(target, render_page(report, evaluation, attacks))


def render_page(
    report: DeviceReport | None,
    evaluation: Mapping[str, Any] | None,
    attacks: Mapping[str, Any] | None = None,
) -> str:
    """The page's HTML. Whatever comes from a report is escaped. Raises DataError."""
    parts: list[Part] = []
    if report:
        parts.append(device_part(report))
    if evaluation is not None:
        parts.append(evaluation_part(evaluation))
    if attacks is not None:
        parts.append(attacks_part(attacks))
    environment = Environment(
        loader=PackageLoader("guardlet_benchmarks.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    bundles = list(dict.fromkeys(part.bundle for part in parts))
    title = " and ".join(bundles) or "Guardlet"
    return environment.get_template("page.html.j2").render(title=title, parts=parts)
