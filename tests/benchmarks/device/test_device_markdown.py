"""Markdown of a device report."""

from __future__ import annotations

from dataclasses import replace

from device_reports import MEASUREMENT, REPORT

from guardlet_benchmarks.device.markdown import lines, markdown
from guardlet_benchmarks.device.report import Noise
from guardlet_benchmarks.device.tables import Table, summary


def test_everything_measured_is_there() -> None:
    text = markdown(REPORT)
    for words in (
        "## guardlet-mini@1.0.0 on Toaster 3000",
        "Crumb X1, 2 cores, 8 GiB",
        "thermal: 40 °C -> 48 °C",
        "the machine was calm",
        "| onnx-int8 | 1 | 24.0 | 200 | 20.0 | 100 | 3.34 | 12.94 |",
        "| onnx-int8 | 1 | 32 | 3.34 | 3.29 to 3.40 |",
        "| onnx-int8 | 1 | 128 | 60 | 17.0 | 16.5 | 97.0% |",
        "| onnx-int8 | 1 | 264 | 0 | 0.0600 (limit 0.101) | 0.00500 | 2 | ok |",
    ):
        assert words in text


def test_what_is_not_known_is_left_out() -> None:
    bare = replace(MEASUREMENT, memory_bytes=None, sustained=None, parity=None, peer=True)
    text = markdown(replace(REPORT, measurements=(bare,), noise=None))
    assert "long run" not in text and "parity" not in text and "machine was" not in text
    assert "| onnx-int8 (peer) | 1 | 24.0 | 200 | 20.0 | - |" in text


def test_noise_and_an_early_end_are_said() -> None:
    text = markdown(replace(REPORT, noise=Noise(0.4, True), incomplete="unplugged"))
    assert "noisy: compare these figures with care" in text and "incomplete: unplugged" in text


def test_lengths_are_the_union_of_all_artifacts() -> None:
    other = replace(MEASUREMENT, artifact="onnx-fp32", lengths=MEASUREMENT.lengths[:1])
    table = summary(replace(REPORT, measurements=(MEASUREMENT, other)))
    assert table.head[-2:] == ("p50 ms at 32", "p50 ms at 128")
    assert table.rows[1][-1] == "-"


def test_a_cell_cannot_end_its_row() -> None:
    text = lines(Table(("a", "b"), (("x|y\nz", "<script>"),)))
    assert text.splitlines()[2] == "| x\\|y z | &lt;script> |"
