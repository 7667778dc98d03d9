"""The model card and the README's table, from recorded evaluations."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from cli_runner import guardlet, invoke
from folders import contents

from guardlet import Bundle
from guardlet.errors import BundleError, DataError
from guardlet_training.card import load_report, render_card, results_table

NUMBERS = {"f1": 0.75, "precision": 0.7, "recall": 0.8, "fpr": 0.1234, "auprc": 0.9, "auroc": 0.95}
BENIGN = dict.fromkeys(NUMBERS) | {"fpr": 0.25}


def evaluation(engine: str = "onnx-int8", **changes: float) -> dict[str, Any]:
    return {
        "bundle": "tiny@1.0.0",
        "engine": engine,
        "operating_point": "balanced",
        "datasets": {
            "mixed": {"rows": 40, "harmful": 12} | NUMBERS | changes,
            "benign": {"rows": 9, "harmful": 0} | BENIGN,
        },
        "mean": NUMBERS | changes,
    }


def save(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_table_of_one_evaluation() -> None:
    assert results_table([evaluation()]) == (
        "| set (onnx-int8) | rows | AUPRC | F1 | recall | FPR |\n"
        "|---|---|---|---|---|---|\n"
        "| mixed | 40 | 0.900 | 0.750 | 0.800 | 0.123 |\n"
        "| benign | 9 | - | - | - | 0.250 |\n"
        "| **mean** | | 0.900 | 0.750 | 0.800 | 0.123 |\n"
    )


def test_evaluations_stand_side_by_side() -> None:
    table = results_table([evaluation(), evaluation("onnx-fp32", f1=0.5)])
    assert "| set (onnx-int8 / onnx-fp32) |" in table
    assert "| mixed | 40 | 0.900 / 0.900 | 0.750 / 0.500 |" in table
    assert "| benign | 9 | - | - | - | 0.250 / 0.250 |" in table


def test_a_mean_that_lacks_a_figure() -> None:
    report = evaluation()
    del report["mean"]["auprc"]
    assert "| **mean** | | - | 0.750 |" in results_table([report])


def test_evaluations_of_different_sets_are_refused() -> None:
    other = evaluation()
    del other["datasets"]["benign"]
    for reports in ([evaluation(), other], [other, evaluation()]):
        with pytest.raises(DataError, match="different sets"):
            results_table(reports)


@pytest.mark.parametrize(
    "content", ["", "[1]", '"x"', '{"datasets": {}, "mean": {}}', "{", "\ud800"]
)
def test_a_file_that_is_no_evaluation_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(DataError, match=r"report\.json"):
        load_report(path)


def test_a_missing_evaluation_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.json"):
        load_report(tmp_path / "gone.json")


def test_the_card_says_what_the_manifest_says(tiny_bundle: Path) -> None:
    manifest = Bundle.open(tiny_bundle).manifest
    card = render_card(manifest, [evaluation()], "## Limits\n\nMany.\n")
    _, header, body = card.split("---\n", 2)
    assert yaml.safe_load(header) == {
        "license": "apache-2.0",
        "language": ["en"],
        "pipeline_tag": "text-classification",
        "tags": ["safety", "guardrail", "moderation", "deberta", "guardlet"],
    }
    assert body.startswith("# tiny@1.0.0\n")
    for text in (
        manifest.description,
        results_table([evaluation()]),
        "3 prompt harmful",
        "- nothing (CC0-1.0)",
        "| strict | 0.5 | not calibrated |",
        "windows of 40 tokens",
        "temperature 1",
    ):
        assert text.lower() in body.lower()
    assert body.endswith("## Limits\n\nMany.\n")


@pytest.fixture
def bundle(tiny_bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_bundle, tmp_path / "bundle"))


def test_the_command_rewrites_card_and_readme(bundle: Path, tmp_path: Path) -> None:
    before = contents(bundle)
    limits, readme = tmp_path / "limits.md", tmp_path / "README.md"
    limits.write_text("## Limits\n\nNone für now.\n", encoding="utf-8")
    readme.write_text("# Hi\n<!-- results -->\n<!-- /results -->\n", encoding="utf-8")
    report = save(tmp_path / "report.json", evaluation())
    guardlet("card", bundle, report, "--limits", limits, "--readme", readme)
    after = contents(bundle)
    assert after.keys() == before.keys()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"README.md", "guardlet.json"}
    assert "None für now." in after["README.md"].decode()
    assert results_table([evaluation()]) in readme.read_text(encoding="utf-8")
    opened = Bundle.open(bundle)
    for entry in opened.manifest.files:
        opened.check(entry)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"bundle", "limits.md", "README.md", "report.json"}


def test_a_readme_without_a_block_changes_nothing(bundle: Path, tmp_path: Path) -> None:
    before = contents(bundle)
    readme = tmp_path / "README.md"
    readme.write_text("no block\n", encoding="utf-8")
    report = save(tmp_path / "report.json", evaluation())
    with pytest.raises(DataError):
        invoke("card", bundle, report, "--limits", readme, "--readme", readme)
    assert contents(bundle) == before
    assert readme.read_text(encoding="utf-8") == "no block\n"


def test_an_altered_bundle_gets_no_new_card(bundle: Path, tmp_path: Path) -> None:
    (bundle / "vectors.jsonl").write_text("altered", encoding="utf-8")
    before = contents(bundle)
    report = save(tmp_path / "report.json", evaluation())
    with pytest.raises(BundleError):
        invoke("card", bundle, report, "--limits", report)
    assert contents(bundle) == before


def test_a_missing_limits_file_is_a_usage_error(bundle: Path, tmp_path: Path) -> None:
    report = save(tmp_path / "report.json", evaluation())
    result = invoke("card", bundle, report, "--limits", tmp_path / "gone.md")
    assert result.exit_code == 2
    assert "gone.md" in result.output
