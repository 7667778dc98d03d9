"""What a page says, that nothing in a report can break it, and that it needs no network."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from report_pages import (
    ATTACKS,
    CATEGORISED,
    EVALUATION,
    FULL_REPORT,
    LENGTHS,
    attacks,
    evaluation,
    incomplete,
    judged,
    measured,
)
from repository import ROOT

from guardlet.errors import DataError
from guardlet_benchmarks.device.outputs import Outputs
from guardlet_benchmarks.device.report import DeviceReport
from guardlet_benchmarks.device.statistics import summarise
from guardlet_benchmarks.page import write_page
from guardlet_benchmarks.page.evaluation import load_evaluation
from guardlet_benchmarks.page.write import render_page

EVIL = "</title><script>alert('x')</script>\"&"
SVG = re.compile(r'<svg class="plot".*?</svg>', re.DOTALL)


def plots(page: str) -> dict[str, ElementTree.Element]:
    """The page's plots by title; every one must be XML."""
    found = [ElementTree.fromstring(svg) for svg in SVG.findall(page)]
    return {svg.findtext("title", ""): svg for svg in found}


def headings(page: str) -> list[str]:
    return re.findall(r"<h[23]>(.*?)</h[23]>", page)


def coordinates(svg: ElementTree.Element) -> list[float]:
    numbers = (re.findall(r"-?[\d.]+", path.get("d", "")) for path in svg.iter("path"))
    return [float(n) for found in numbers for n in found]


def test_a_device_report_has_all_its_sections() -> None:
    page = render_page(FULL_REPORT, None)
    assert headings(page) == [
        "On Toaster 3000",
        "Latency by length and engine",
        "Size by precision",
        "Load, first check and memory",
        "Sustained run",
        "Parity",
        "All times",
    ]
    for words in (
        "<h1>guardlet-mini@1.0.0</h1>",
        "2030-01-01T12:00:00Z",
        "Crumb X1, 2 cores, 8 GiB",
        "the machine was calm",
        "optimum-fp32 (peer)",
        "other ways to run the same weights",
        "2 of 264 golden verdicts differ",
    ):
        assert words in page
    assert list(plots(page)) == ["1 thread", "2 threads", "Size by precision"]
    assert "warning" not in page.split("</style>")[1]


def test_an_evaluation_has_figures_curves_and_calibration() -> None:
    page = render_page(None, EVALUATION)
    assert headings(page) == [
        "On labelled sets",
        "Figures by set",
        "Precision and recall",
        "Calibration",
    ]
    sets = ["prompts", "responses_in_their_context", "dialogues", "jailbreaks"]
    assert [s.findtext("title") for s in map(ElementTree.fromstring, SVG.findall(page))] == sets * 2
    assert f"{EVALUATION['mean']['auprc']:.3f}" in page
    assert f"ECE {EVALUATION['datasets']['prompts']['ece']:.3f}" in page
    assert "Sets of one class are left out" in page


def test_attacks_have_bars_of_both_kinds_for_each_target() -> None:
    page = render_page(None, None, ATTACKS)
    assert headings(page) == ["Under attack", "Prompts by attack", "Responses by attack"]
    assert list(plots(page)) == [
        f"{kind}, {target}"
        for target in ("prompts", "responses")
        for kind in ("Harmful rows found", "Benign rows flagged")
    ]
    told = plots(page)["Harmful rows found, prompts"].findtext("desc", "")
    assert "base64: attacked 30% (22% to 40%), attacked, normalised 75% (66% to 82%)" in told
    for svg in plots(page).values():
        width, height = map(float, svg.get("viewBox", "").split()[2:])
        assert all(abs(number) <= max(width, height) for number in coordinates(svg))


def test_the_recorded_attacks_make_a_page() -> None:
    recorded = ROOT / "benchmarks/results/guardlet-mini/robustness.json"
    page = render_page(None, None, json.loads(recorded.read_text(encoding="utf-8")))
    assert "suffix_noise" in page.replace("<wbr>", "")


def test_attacks_on_no_rows_of_a_label_leave_gaps() -> None:
    gone = json.loads(json.dumps(attacks("base64")))
    none = {"hits": 0, "rows": 0, "rate": None, "low": None, "high": None}
    for report in gone.values():
        for outcome in report["outcomes"]:
            outcome |= {"benign_before": none, "benign_after": none}
    page = render_page(None, None, gone)
    assert "base64: no rows" in plots(page)["Benign rows flagged, prompts"].findtext("desc", "")
    assert "of benign rows flagged" not in page


@pytest.mark.parametrize(
    "change",
    [
        {"normalised": attacks("hex")["normalised"]},
        {"normalised": {}},
        {"plain": attacks("base64")["plain"] | {"outcomes": [{"transform": "base64"}]}},
    ],
)
def test_malformed_or_mixed_attacks_are_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="guardlet attack"):
        write_page(tmp_path / "page.html", attacks=attacks("base64") | change)
    assert list(tmp_path.iterdir()) == []


def test_a_set_has_a_table_for_each_dimension_of_its_categories() -> None:
    page = render_page(None, CATEGORISED)
    assert headings(page)[-2:] == ["prompts by risk area", "prompts by language"]
    short, long = page.split("<h3>prompts by ")[1:]
    assert "fraud" in short and "<details>" not in short
    assert "language 20" in long and "<details>" in long
    assert "<wbr>privacy</th><td>30</td><td>30</td>" in short


def test_both_stand_on_one_page() -> None:
    both = render_page(FULL_REPORT, EVALUATION)
    one, other = render_page(FULL_REPORT, None), render_page(None, EVALUATION)
    assert headings(both) == headings(one) + headings(other)
    assert "This part is about" not in both
    mixed = render_page(FULL_REPORT, EVALUATION | {"bundle": "other@2.0.0"})
    assert "<h1>guardlet-mini@1.0.0 and other@2.0.0</h1>" in mixed
    assert mixed.count("This part is about") == 2


def test_noise_and_an_early_end_are_said_before_any_figure() -> None:
    page = render_page(incomplete("the device went away"), None)
    first_figure = page.index('class="tiles"')
    for words in ("incomplete: the device went away", "noisy: compare these figures with care"):
        assert 0 < page.index(words) < first_figure


def test_a_report_without_figures_still_makes_a_page() -> None:
    page = render_page(replace(FULL_REPORT, measurements=(), incomplete="unplugged"), None)
    assert headings(page) == ["On Toaster 3000"]
    assert "incomplete: unplugged" in page


@pytest.mark.parametrize("times", [[0.0], [5.0], [0.0, 0.0, 3.0], [1e-4] * 5 + [1e5]])
@pytest.mark.parametrize("lengths", [(128,), (1, 128)])
def test_odd_times_stay_within_the_plot(times: list[float], lengths: tuple[int, ...]) -> None:
    odd = replace(
        measured("a", "onnx", "int8", 0.1),
        lengths=tuple(summarise(n, times) for n in lengths),
        bytes=0,
    )
    found = plots(render_page(replace(FULL_REPORT, measurements=(odd,)), None))
    assert all(-20 <= number <= 400 for number in coordinates(found["1 thread"]))


def test_an_evaluation_without_curves_is_read_and_says_so() -> None:
    recorded = ROOT / "benchmarks/results/guardlet-mini/int8.json"
    page = render_page(None, load_evaluation(recorded))
    assert headings(page) == ["On labelled sets", "Figures by set"]
    assert "--curves" in page and "ECE" not in page


def evil_report() -> DeviceReport:
    bad = replace(measured(EVIL, EVIL, EVIL, 0.1), peer=True)
    device = replace(FULL_REPORT.device, name=EVIL, os=EVIL, power=EVIL, versions={EVIL: EVIL})
    return replace(FULL_REPORT, bundle=EVIL, device=device, measurements=(bad,), incomplete=EVIL)


def test_nothing_in_a_report_becomes_markup() -> None:
    sets = evaluation(**{EVIL: judged(80, 0.5, 1.0)})
    sets["datasets"][EVIL]["categories"] = {EVIL: {EVIL: judged(20, 0.5, 1.0)}}
    more = {"engine": EVIL, "operating_point": EVIL}
    page = render_page(evil_report(), sets | more, attacks(EVIL))
    assert "<script" not in page and "x')</" not in page
    assert page.count("</title>") == 1 + len(SVG.findall(page))
    assert EVIL in plots(page)
    assert page.count("alert(&#39;x&#39;)") > 10


def test_the_page_needs_no_network_and_runs_nothing() -> None:
    page = render_page(FULL_REPORT, EVALUATION, ATTACKS)
    assert not re.search(
        r"https?:|url\(|@import|@font-face|<(script|link|img|iframe)|\bon\w+=", page
    )
    assert "default-src 'none'" in page
    assert 'name="viewport" content="width=device-width' in page
    assert "prefers-color-scheme: dark" in page


def test_plots_and_tables_say_what_they_show() -> None:
    page = render_page(FULL_REPORT, EVALUATION)
    for svg in map(ElementTree.fromstring, SVG.findall(page)):
        assert svg.get("role") == "img"
        assert svg.findtext("title") and svg.findtext("desc")
    assert page.count("<table") == page.count("<caption>") == 5
    latency = plots(page)["1 thread"].findtext("desc", "")
    assert all(f"ms at {tokens} tokens" in latency for tokens in LENGTHS)


def test_series_differ_by_more_than_colour() -> None:
    marks = [
        (path.get("d"), path.get("class"))
        for path in plots(render_page(FULL_REPORT, None))["1 thread"].iter("path")
        if "mark" in path.get("class", "")
    ]
    assert len(set(marks)) == len({shape for shape, _ in marks}) == 4
    peers = plots(render_page(FULL_REPORT, None))["2 threads"]
    assert any("peer" in path.get("class", "") for path in peers.iter("path"))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("datasets",), []),
        (("bundle",), 3),
        (("datasets", "prompts", "rows"), "many"),
        (("datasets", "prompts", "f1"), 7),
        (("datasets", "prompts", "curve"), []),
        (("datasets", "prompts", "reliability", 0), {"count": 1}),
        (("mean", "f1"), None),
    ],
)
def test_a_malformed_evaluation_is_refused(
    tmp_path: Path, place: tuple[str | int, ...], value: object
) -> None:
    tree = json.loads(json.dumps(EVALUATION))
    inner: Any = tree
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    with pytest.raises(DataError, match=rf"{place[0]}.* is malformed"):
        write_page(tmp_path / "page.html", None, tree)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"datasets": {}, "mean": {}}'])
def test_a_file_that_is_no_evaluation_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "e.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"e\.json is not an evaluation"):
        load_evaluation(tmp_path / "e.json")


def test_the_file_is_the_page(tmp_path: Path) -> None:
    target = tmp_path / "new" / "page.html"
    write_page(target, FULL_REPORT, EVALUATION)
    assert target.read_text(encoding="utf-8") == render_page(FULL_REPORT, EVALUATION)


def test_the_page_of_a_run_shows_an_evaluation_as_well(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    Outputs(None, target, None, EVALUATION).write(FULL_REPORT, None)
    assert target.read_text(encoding="utf-8") == render_page(FULL_REPORT, EVALUATION)
