"""The page in a real browser: its plots are drawn, in both schemes, on a phone and on a desk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from browser import Browser, find_browser
from report_pages import EVALUATION, attacks, incomplete

from guardlet_benchmarks.page.write import render_page

PROGRAM = find_browser()
LOOKS = [(width, dark) for width in (360, 1200) for dark in (False, True)]
FEWEST_PIXELS = 12
ATTACKED = ("base64", "different_language_wrapper", "morse")
LAYOUT = """() => {
  const box = (element) => {
    const {x, y, width, height} = element.getBoundingClientRect();
    return [x, y, width, height];
  };
  const colour = (element) => getComputedStyle(element).color.match(/\\d+/g).map(Number);
  const unique = (colours) => [...new Set(colours.map(String))].map((c) =>
    c.split(",").map(Number));
  return {
    window: innerWidth,
    width: document.documentElement.scrollWidth,
    paper: getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number),
    smallest: Math.min(...[...document.querySelectorAll("svg text")].map((t) => box(t)[3])),
    plots: [...document.querySelectorAll("svg.plot")].map((svg) => ({
      title: svg.querySelector("title").textContent,
      box: box(svg),
      colours: unique([...svg.querySelectorAll("path[class*=s]")].map(colour)),
    })),
  };
}"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="no chromium or google-chrome on the path"),
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    assert PROGRAM
    return Browser(PROGRAM, tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="module")
def looks(browser: Browser) -> list[tuple[dict[str, Any], Path]]:
    """What the browser says of the page, and a picture of it, in every look."""
    page = render_page(incomplete("the device went away"), EVALUATION, attacks(*ATTACKED))
    return [browser.look(page, LAYOUT, width, dark) for width, dark in LOOKS]


@pytest.fixture(scope="module")
def layouts(looks: list[tuple[dict[str, Any], Path]]) -> list[dict[str, Any]]:
    return [layout for layout, _ in looks]


@pytest.fixture(scope="module")
def pictures(looks: list[tuple[dict[str, Any], Path]]) -> list[Path]:
    return [picture for _, picture in looks]


def test_nothing_sticks_out_at_any_width(layouts: list[dict[str, Any]]) -> None:
    for (width, _), layout in zip(LOOKS, layouts, strict=True):
        assert layout["window"] == width
        assert layout["width"] == width
        for plot in layout["plots"]:
            left, _, wide, _ = plot["box"]
            assert left >= 0 and left + wide <= width


def test_text_in_plots_can_be_read(layouts: list[dict[str, Any]]) -> None:
    assert all(layout["smallest"] >= 9 for layout in layouts)


def test_every_plot_is_drawn_in_the_colours_of_its_series(
    browser: Browser, layouts: list[dict[str, Any]], pictures: list[Path]
) -> None:
    regions = [
        {"image": image, **plot} for image, layout in enumerate(layouts) for plot in layout["plots"]
    ]
    assert {region["title"] for region in regions} >= {
        "1 thread",
        "2 threads",
        "prompts",
        "Harmful rows found, prompts",
        "Benign rows flagged, responses",
    }
    for region, counts in zip(regions, browser.count(pictures, regions), strict=True):
        assert counts and min(counts) >= FEWEST_PIXELS, (region["title"], counts)
    assert all(len(r["colours"]) >= 3 for r in regions if "thread" in r["title"])


def test_the_schemes_differ_in_every_colour(
    browser: Browser, layouts: list[dict[str, Any]], pictures: list[Path]
) -> None:
    light, dark = layouts[:2]
    assert min(light["paper"]) > 200 and max(dark["paper"]) < 60
    for one, other in zip(light["plots"], dark["plots"], strict=True):
        assert not {tuple(c) for c in one["colours"]} & {tuple(c) for c in other["colours"]}
    corners = [
        {"image": image, "box": [0, 0, 10, 10], "colours": [layout["paper"]]}
        for image, layout in enumerate(layouts)
    ]
    assert browser.count(pictures, corners) == [[100]] * len(LOOKS)
