"""Measuring a guard on labelled files."""

from __future__ import annotations

import gzip
import json
import tomllib
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from cli_runner import guardlet, invoke
from repository import ROOT
from training_helpers import made_up_rows

from guardlet import Bundle, Encoder, Guard
from guardlet.cli.console import track
from guardlet.cli.plugins import PAGES
from guardlet.engines import choose_artifact, open_engine
from guardlet.errors import DataError, GuardletError
from guardlet_training.evaluate import (
    curves,
    evaluate,
    expand,
    judge_sets,
    report,
    score_set,
)
from guardlet_training.metrics import compute_metrics
from guardlet_training.rows import Row, write_rows

SECRET = "a-text-no-error-may-show"
METRICS = {"rows", "harmful", "f1", "precision", "recall", "fpr", "auprc", "auroc"}


@pytest.fixture(scope="session")
def guard(tiny_bundle: Path) -> Guard:
    return Guard.load(tiny_bundle, threads=1)


def save(path: Path, rows: list[Row]) -> Path:
    write_rows(path, rows)
    return path


def test_files_and_folders_become_named_sets(tmp_path: Path) -> None:
    folder = tmp_path / "sets"
    folder.mkdir()
    packed = folder / "b.jsonl.gz"
    packed.write_bytes(gzip.compress(save(folder / "a.jsonl", made_up_rows(2)).read_bytes()))
    (folder / "notes.md").write_text("no data", encoding="utf-8")
    single = save(tmp_path / "c.jsonl", made_up_rows(2))
    assert expand([single, folder]) == {"c": single, "a": folder / "a.jsonl", "b": packed}


@pytest.mark.parametrize("other", ["again/a.jsonl", "again/a.jsonl.gz", "a.jsonl"])
def test_two_sets_of_one_name_are_refused(tmp_path: Path, other: str) -> None:
    with pytest.raises(DataError, match="called a"):
        expand([tmp_path / "a.jsonl", tmp_path / other])


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=tmp_path.name):
        expand([tmp_path])


def test_metrics_are_those_of_the_guards_scores(guard: Guard, tmp_path: Path) -> None:
    rows = made_up_rows(25)
    files = {"one": save(tmp_path / "one.jsonl", rows)}
    results = evaluate(judge_sets(guard, files, track), 0.4)
    scores = [guard.check(row.prompt, row.response).score for row in rows]
    assert results == {"one": compute_metrics([row.target for row in rows], scores, 0.4)}


def test_rows_without_label_or_readable_text_are_left_out(guard: Guard, tmp_path: Path) -> None:
    rows = [
        Row("a", "apple", label=1),
        Row("b", "bridge", label=0),
        Row("no-label", "candle"),
        Row("soft", "dragon", soft_label=0.9),
        Row("blank", "  ", label=1),
        Row("invisible", "\u200b\ufeff", response="\x00", label=1),
        Row("only-a-response", "", response="engine", label=0),
    ]
    judged = judge_sets(guard, {"s": save(tmp_path / "s.jsonl", rows)}, track)
    assert judged["s"].labels == [1, 0, 1, 0]
    assert len(judged["s"].scores) == 4


def test_a_file_without_usable_rows_is_named(guard: Guard, tmp_path: Path) -> None:
    path = save(tmp_path / "none.jsonl", [Row("a", SECRET), Row("b", " ", label=1)])
    with pytest.raises(DataError, match=r"none\.jsonl has no labelled rows") as caught:
        judge_sets(guard, {"none": path}, track)
    assert SECRET not in str(caught.value)


def test_score_set_keeps_the_logits_of_every_window(tiny_bundle: Path, tmp_path: Path) -> None:
    bundle = Bundle.open(tiny_bundle)
    encoder = Encoder(bundle.read(bundle.manifest.tokenizer).decode(), bundle.manifest.input)
    engine = open_engine(bundle, choose_artifact(bundle, None), 1)
    rows = [
        Row("short", "apple", label=1),
        Row("long", "bridge " * 90, label=0),
        Row("pair", "candle", response="dragon " * 50, soft_label=0.7),
    ]
    scored = score_set(save(tmp_path / "s.jsonl", rows), "s", encoder, engine, track)
    assert scored.labels.tolist() == [1, 0, 1]
    windows = [encoder.encode(row.prompt, row.response).windows for row in rows]
    assert [item.shape for item in scored.logits] == [(len(w), 2) for w in windows]
    assert len(windows[1]) > 1
    assert scored.logits[1][-1].tolist() == engine.logits(windows[1][-1]).tolist()


def assert_is_report(figures: dict[str, Any], guard: Guard, names: list[str]) -> None:
    assert set(figures) == {"bundle", "engine", "operating_point", "datasets", "mean"}
    assert figures["bundle"] == "tiny@1.0.0"
    assert figures["engine"] == guard.engine_label
    assert list(figures["datasets"]) == names
    assert all(set(metrics) == METRICS for metrics in figures["datasets"].values())
    assert set(figures["mean"]) <= METRICS - {"rows", "harmful"}


def test_report(guard: Guard, tmp_path: Path) -> None:
    benign = [Row(str(i), "apple", label=0) for i in range(3)]
    files = {
        "mixed": save(tmp_path / "mixed.jsonl", made_up_rows(20)),
        "benign": save(tmp_path / "benign.jsonl", benign),
    }
    results = evaluate(judge_sets(guard, files, track), 0.5)
    figures = report(guard, results)
    assert_is_report(figures, guard, ["mixed", "benign"])
    assert figures["datasets"]["mixed"] == asdict(results["mixed"])
    assert figures["datasets"]["benign"]["f1"] is None
    assert json.loads(json.dumps(figures)) == figures


def test_curves_stand_beside_the_figures_when_asked_for(
    guard: Guard, tiny_bundle: Path, tmp_path: Path
) -> None:
    judged = judge_sets(guard, {"s": save(tmp_path / "s.jsonl", made_up_rows(20))}, track)
    results = evaluate(judged, 0.5)
    extra = curves(judged, Bundle.open(tiny_bundle).manifest)
    figures = report(guard, results, extra)["datasets"]["s"]
    assert figures == json.loads(json.dumps({**asdict(results["s"]), **asdict(extra["s"])}))
    assert set(figures) - METRICS == {"curve", "reliability", "ece", "ece_uncalibrated"}


def test_the_bundles_temperature_is_the_one_that_is_undone(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    files = {"s": save(tmp_path / "s.jsonl", made_up_rows(20))}
    bundle = Bundle.open(tiny_bundle)
    manifest = bundle.manifest
    encoder = Encoder(bundle.read_text(manifest.tokenizer), manifest.input)
    engine = open_engine(bundle, choose_artifact(bundle, None), 1)
    warm, cold = (
        Guard(encoder, engine, replace(manifest.score, temperature=t), "balanced")
        for t in (2.5, 1.0)
    )
    warm_manifest = replace(manifest, score=replace(manifest.score, temperature=2.5))
    warm_curves = curves(judge_sets(warm, files, track), warm_manifest)["s"]
    cold_curves = curves(judge_sets(cold, files, track), manifest)["s"]
    assert warm_curves.ece_uncalibrated == pytest.approx(cold_curves.ece, abs=1e-12)
    assert warm_curves.ece != pytest.approx(cold_curves.ece, abs=1e-3)


def test_the_command_prints_and_writes_the_report(
    guard: Guard, tiny_bundle: Path, tmp_path: Path
) -> None:
    data = save(tmp_path / "made-up.jsonl", made_up_rows(20))
    out = tmp_path / "new-folder" / "report.json"
    printed = guardlet(
        "evaluate", data, "--bundle", tiny_bundle, "-p", "strict", "--json", out, "--engine", "onnx"
    )
    assert "made-up" in printed and "mean" in printed
    figures = json.loads(out.read_text(encoding="utf-8"))
    assert_is_report(figures, guard, ["made-up"])
    assert figures["operating_point"] == "strict"
    assert [path.name for path in out.parent.iterdir()] == ["report.json"]
    assert not any(row.prompt in printed for row in made_up_rows(20))


def test_the_command_adds_curves_when_asked_to(tiny_bundle: Path, tmp_path: Path) -> None:
    data = save(tmp_path / "made-up.jsonl", made_up_rows(20))
    out = tmp_path / "report.json"
    guardlet("evaluate", data, "--bundle", tiny_bundle, "--json", out, "--curves")
    figures = json.loads(out.read_text(encoding="utf-8"))["datasets"]["made-up"]
    assert figures["curve"][0]["recall"] == 1
    assert sum(item["count"] for item in figures["reliability"]) == figures["rows"]


def test_the_command_writes_a_page_with_curves(
    tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer_pages(tmp_path / "site", monkeypatch)
    data = save(tmp_path / "made-up.jsonl", made_up_rows(20))
    out, page = tmp_path / "report.json", tmp_path / "new" / "page.html"
    guardlet("evaluate", data, "--bundle", tiny_bundle, "--html", page, "--json", out)
    text = page.read_text(encoding="utf-8")
    assert "<h1>tiny@1.0.0</h1>" in text
    assert text.count("<title>made-up</title>") == 2
    assert "curve" in json.loads(out.read_text(encoding="utf-8"))["datasets"]["made-up"]


def offer_pages(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What pyproject.toml says of pages, also where these sources are not what is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = folder / "pages-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pages\nVersion: 1.0\n")
    points = "\n".join(f"{n} = {v}" for n, v in project["entry-points"][PAGES].items())
    (info / "entry_points.txt").write_text(f"[{PAGES}]\n{points}\n")
    monkeypatch.syspath_prepend(folder)


def test_the_threshold_is_that_of_the_operating_point(tiny_bundle: Path, tmp_path: Path) -> None:
    rows = made_up_rows(12)
    data = save(tmp_path / "rows.jsonl", rows)
    out = tmp_path / "report.json"
    guardlet("evaluate", data, "--bundle", tiny_bundle, "--json", out)
    guard = Guard.load(tiny_bundle)
    flagged = [guard.check(row.prompt, row.response).harmful for row in rows]
    recall = sum(f for f, row in zip(flagged, rows, strict=True) if row.target) / 4
    assert json.loads(out.read_text())["datasets"]["rows"]["recall"] == recall


@pytest.mark.parametrize(
    "arguments", [["gone.jsonl"], ["rows.jsonl", "-p", "odd"], ["rows.jsonl", "--engine", "odd"]]
)
def test_mistakes_end_in_an_error_and_no_file(
    tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    save(tmp_path / "rows.jsonl", made_up_rows(3))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GuardletError):
        invoke("evaluate", *arguments, "--bundle", tiny_bundle, "--json", "report.json")
    assert not (tmp_path / "report.json").exists()
