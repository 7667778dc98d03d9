"""Two reports side by side."""

from __future__ import annotations

from dataclasses import replace

from device_reports import MEASUREMENT, REPORT, with_measurement

from guardlet_benchmarks.device.compare import Row, compare
from guardlet_benchmarks.device.markdown import comparison_markdown
from guardlet_benchmarks.device.report import DeviceReport, Noise
from guardlet_benchmarks.device.statistics import summarise


def regressed(new: DeviceReport, old: DeviceReport = REPORT) -> list[str]:
    return [row.figure for row in compare(old, new).regressions]


def slower(factor: float) -> DeviceReport:
    lengths = tuple(
        summarise(length.tokens, [factor * ms for ms in length.samples_ms])
        for length in MEASUREMENT.lengths
    )
    return with_measurement(lengths=lengths)


def test_a_report_beside_itself_has_no_regression() -> None:
    comparison = compare(REPORT, REPORT)
    assert comparison.regressions == () and comparison.notes == ()
    figures = [row.figure for row in comparison.rows]
    assert figures == [
        "file size",
        "load",
        "first check",
        "peak memory",
        "p50 at 32 tokens",
        "p50 at 128 tokens",
        "retention",
        "parity failed",
        "verdict flips",
    ]


def test_medians_regress_beyond_the_band_only() -> None:
    assert regressed(slower(1.08)) == []
    assert regressed(slower(1.3)) == ["p50 at 32 tokens", "p50 at 128 tokens"]
    assert regressed(slower(0.5)) == []
    assert sum(row.improved for row in compare(REPORT, slower(0.5)).rows) == 2


def test_wide_intervals_widen_the_band() -> None:
    def wide(middle: float) -> DeviceReport:
        samples = [middle * (0.7 + 0.6 * (i % 11) / 10) for i in range(33)]
        return with_measurement(lengths=(summarise(32, samples),))

    (row,) = (row for row in compare(wide(10), wide(12)).rows if row.figure.startswith("p50"))
    assert row.band > 0.2 and not row.regressed
    assert compare(wide(10), wide(20)).regressions[0].figure == "p50 at 32 tokens"


def test_a_noisy_machine_widens_the_band_and_is_named() -> None:
    noisy = replace(slower(1.3), noise=Noise(0.5, True))
    comparison = compare(REPORT, noisy)
    assert comparison.regressions == ()
    assert any("the new report comes from a noisy machine" in note for note in comparison.notes)


def test_each_other_figure_can_regress() -> None:
    parity = MEASUREMENT.parity
    long_run = MEASUREMENT.sustained
    assert parity and long_run
    cases = {
        "file size": with_measurement(bytes=25_000_000),
        "load": with_measurement(load_ms=400.0),
        "first check": with_measurement(first_check_ms=40.0),
        "peak memory": with_measurement(memory_bytes=120_000_000),
        "retention": with_measurement(sustained=replace(long_run, retention=0.7)),
        "parity failed": with_measurement(parity=replace(parity, passed=False)),
        "verdict flips": with_measurement(parity=replace(parity, verdict_flips=3)),
    }
    for figure, report in cases.items():
        assert regressed(report) == [figure]
        assert regressed(REPORT, report) == []


def test_flips_from_none_are_a_regression_without_a_rate() -> None:
    row = Row("onnx-int8, 1 thread", "verdict flips", "", 0, 1, 0.0)
    assert row.regressed and not row.improved
    assert not Row("onnx-int8, 1 thread", "verdict flips", "", 0, 0, 0.0).regressed


def test_peers_are_nobodys_regression() -> None:
    peer = replace(MEASUREMENT, artifact="pytorch", peer=True)
    old = replace(REPORT, measurements=(MEASUREMENT, peer))
    new = replace(REPORT, measurements=(MEASUREMENT, replace(peer, load_ms=1e6)))
    assert regressed(new, old) == []


def test_what_differs_is_said_in_words() -> None:
    other = replace(
        REPORT,
        bundle="guardlet-mini@2.0.0",
        device=replace(REPORT.device, name="Kettle"),
        measurements=(replace(MEASUREMENT, threads=2),),
        incomplete="unplugged",
    )
    comparison = compare(REPORT, other)
    assert comparison.rows == ()
    text = " ".join(comparison.notes)
    for words in (
        "different bundles: guardlet-mini@1.0.0, now guardlet-mini@2.0.0",
        "now python on Kettle",
        "the new report is incomplete: unplugged",
        "not measured this time: onnx-int8, 1 thread",
        "nothing was measured in both",
    ):
        assert words in text


def test_markdown_shows_the_worst_first_with_its_band() -> None:
    text = comparison_markdown(compare(REPORT, slower(2.0)))
    assert text.startswith("## Compared: 2 regressions\n")
    rows = [line for line in text.splitlines() if line.startswith("| onnx-int8")]
    assert "p50 at" in rows[0] and "REGRESSED" in rows[0] and "10.0%" in rows[0]
    assert "REGRESSED" not in rows[2]


def test_markdown_of_one_regression_is_singular() -> None:
    text = comparison_markdown(compare(REPORT, with_measurement(bytes=48_000_000)))
    assert text.startswith("## Compared: 1 regression\n")
    assert "+100.0%" in text
