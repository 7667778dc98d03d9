"""Figures in the README and in the embedded guard's card are the recorded ones."""

from __future__ import annotations

from dataclasses import asdict

from repository import ROOT, files

from guardlet import Bundle
from guardlet.streaming import DEFAULT_SCHEDULE
from guardlet_benchmarks.device.report import load_report as load_device_report
from guardlet_benchmarks.mixtures import load_screening
from guardlet_benchmarks.quote import FOLDER, QUOTES, quoted
from guardlet_benchmarks.robustness import (
    BLOCK,
    INTERVALS_BLOCK,
    intervals_table,
    load_robustness,
    robustness_table,
)
from guardlet_benchmarks.streaming.tables import load_streaming
from guardlet_export.marked import replace_block
from guardlet_training.card import RESULTS, Report, load_report, results_table

RECORDED = ROOT / "benchmarks/results/guardlet-mini"


def reports() -> list[Report]:
    return [load_report(RECORDED / f"{precision}.json") for precision in ("int8", "fp32")]


def test_the_readme_quotes_the_recorded_figures() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert replace_block(readme, RESULTS, results_table(reports())) == readme


def test_tables_are_those_of_the_recorded_results() -> None:
    texts = [path.read_text(encoding="utf-8") for path in files("*.md")]
    quoting = [text for text in texts if any(f"<!-- {name} -->" in text for name in QUOTES)]
    for name in QUOTES:
        assert any(f"<!-- {name} -->" in text for text in quoting), name
    for text in quoting:
        assert quoted(text, ROOT / FOLDER) == text


def test_modes_were_measured_with_the_embedded_guard() -> None:
    streaming = load_streaming(RECORDED / "streaming.json")
    screening = load_screening(RECORDED / "screening.json")
    label = Bundle.open().manifest.label
    assert {streaming["bundle"], screening["bundle"]} == {label}
    assert streaming["schedule"] == asdict(DEFAULT_SCHEDULE)


def test_the_recorded_device_reports_are_whole() -> None:
    quoted_report = ROOT / FOLDER / QUOTES["device"].file
    recorded = sorted(quoted_report.parent.glob("*.json"))
    assert quoted_report in recorded
    for path in recorded:
        report = load_device_report(path)
        assert report.incomplete is None and report.measurements
    (embedded,) = (load_device_report(path) for path in recorded if path.stem == "guardlet-mini")
    assert embedded.bundle == Bundle.open().manifest.label


def test_the_card_quotes_the_recorded_figures() -> None:
    bundle = Bundle.open()
    assert results_table(reports()) in bundle.read_text(bundle.manifest.card)


def test_the_recorded_figures_are_of_the_embedded_guard() -> None:
    manifest = Bundle.open().manifest
    assert {report["bundle"] for report in reports()} == {manifest.label}
    fitted = set(manifest.score.operating_points["balanced"].fitted_on)
    assert all(fitted <= report["datasets"].keys() for report in reports())


def test_the_pages_quote_the_recorded_robustness() -> None:
    recorded = load_robustness(RECORDED / "robustness.json")
    tables = {
        "README.md": (robustness_table(recorded), BLOCK),
        "docs/robustness.md": (intervals_table(recorded), INTERVALS_BLOCK),
    }
    for name, (table, block) in tables.items():
        page = (ROOT / name).read_text(encoding="utf-8")
        assert replace_block(page, block, table) == page
    label = Bundle.open().manifest.label
    assert {recorded[name]["bundle"] for name in ("plain", "normalised")} == {label}
