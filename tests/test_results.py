"""Figures in the README and in the embedded guard's card are the recorded ones."""

from __future__ import annotations

from repository import ROOT

from guardlet import Bundle
from guardlet_benchmarks.device.report import load_report as load_device_report
from guardlet_benchmarks.quote import DEVICE, RECORDED_DEVICE, quoted
from guardlet_export.marked import replace_block
from guardlet_training.card import RESULTS, Report, load_report, results_table

RECORDED = ROOT / "benchmarks/results/guardlet-mini"


def reports() -> list[Report]:
    return [load_report(RECORDED / f"{precision}.json") for precision in ("int8", "fp32")]


def test_the_readme_quotes_the_recorded_figures() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert replace_block(readme, RESULTS, results_table(reports())) == readme


def test_the_readme_quotes_the_recorded_times() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = quoted(load_device_report(ROOT / RECORDED_DEVICE))
    assert replace_block(readme, DEVICE, table) == readme


def test_the_recorded_device_reports_are_whole() -> None:
    recorded = sorted((ROOT / RECORDED_DEVICE).parent.glob("*.json"))
    assert ROOT / RECORDED_DEVICE in recorded
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
