"""Recording a shape's device report, and quoting a report in a README."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from device_reports import REPORT
from tokenizers import Tokenizer

from guardlet.errors import DataError
from guardlet_benchmarks import quote, record
from guardlet_benchmarks.device.report import load_report
from guardlet_benchmarks.shape_bundle import save_tokenizer


@pytest.mark.slow
def test_a_tiny_shape_is_recorded_beside_its_peers(tmp_path: Path) -> None:
    options = ["--lengths", "16,64", "--rounds", "2", "--seconds", "0", "--precisions", "int8"]
    record.main(["--only", "tiny", *options, "--out", str(tmp_path)])
    report = load_report(tmp_path / "tiny.json")
    assert report.bundle == "tiny-shape@1.0.0" and report.incomplete is None
    names = [m.artifact for m in report.measurements]
    assert names == ["onnx-int8", "pytorch-eager", "optimum-fp32", "optimum-int8"]
    assert all([n.tokens for n in m.lengths] == [16, 64] for m in report.measurements)
    assert report.measurements[0].parity and report.measurements[0].parity.passed


def test_an_unknown_shape_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        record.main(["--only", "guardlet-mini,gigantic"])
    assert "no shape gigantic" in capsys.readouterr().err


def test_the_tokenizer_is_small_enough_and_always_the_same(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        save_tokenizer(tmp_path / name, 600)
    first, second = ((tmp_path / name).read_text("utf-8") for name in ("a.json", "b.json"))
    tokenizer = Tokenizer.from_str(first)
    assert first == second and tokenizer.get_vocab_size() == 600
    assert tokenizer.encode("the cat").tokens[0] == "\u2581the"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    (folder / "devices").mkdir(parents=True)
    report = json.dumps(REPORT.to_json())
    (folder / "devices" / "guardlet-mini.json").write_text(report, encoding="utf-8")
    return folder


def test_a_report_is_quoted_between_its_markers(tmp_path: Path, results: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("a\n<!-- device -->\nold\n<!-- /device -->\nz\n", encoding="utf-8")
    quote.main([str(readme), "--results", str(results)])
    text = readme.read_text(encoding="utf-8")
    assert text.startswith("a\n<!-- device -->\n| artifact | threads | MB |")
    assert "| onnx-int8 | 1 | 24.0 | 200 | 20.0 | 100 | 3.34 | 12.94 |" in text
    assert "guardlet-mini@1.0.0, Crumb X1, onnxruntime 1.22.0, 2030-01-01; the machine" in text
    assert text.endswith(".\n<!-- /device -->\nz\n") and "old" not in text


def test_a_file_without_a_block_is_left_alone(tmp_path: Path, results: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("nothing here\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"<!-- device -->.*<!-- screening -->"):
        quote.main([str(readme), "--results", str(results)])
    assert readme.read_text(encoding="utf-8") == "nothing here\n"


@pytest.mark.parametrize("name", [name for name in quote.QUOTES if name != "device"])
def test_results_that_are_not_there_are_named(name: str, results: Path) -> None:
    text = f"<!-- {name} -->\nold\n<!-- /{name} -->\n"
    with pytest.raises(DataError, match=r"\.json"):
        quote.quoted(text, results)
