"""Figures in the README and in the embedded guard's card are the recorded ones."""

from __future__ import annotations

from repository import ROOT

from guardlet import Bundle
from guardlet_benchmarks.robustness import (
    BLOCK,
    INTERVALS_BLOCK,
    intervals_table,
    load_robustness,
    robustness_table,
)
from guardlet_training.card import Report, load_report, replace_results, results_table

RECORDED = ROOT / "benchmarks/results/guardlet-mini"


def reports() -> list[Report]:
    return [load_report(RECORDED / f"{precision}.json") for precision in ("int8", "fp32")]


def test_the_readme_quotes_the_recorded_figures() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert replace_results(readme, results_table(reports())) == readme


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
        assert replace_results(page, table, block) == page
    label = Bundle.open().manifest.label
    assert {recorded[name]["bundle"] for name in ("plain", "normalised")} == {label}
