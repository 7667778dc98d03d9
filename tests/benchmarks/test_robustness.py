"""The robustness record and the table that is made of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from guardlet.errors import DataError
from guardlet_benchmarks.robustness import (
    BLOCK,
    INTERVALS_BLOCK,
    intervals_table,
    load_robustness,
    main,
    robustness_table,
)
from guardlet_training.attacks import TRANSFORMS
from guardlet_training.rows import Row, write_rows

PAGES = {"README.md": BLOCK, "page.md": INTERVALS_BLOCK}


def page(block: str, content: str) -> str:
    return f"# A\n<!-- {block} -->\n{content}<!-- /{block} -->\n"


@pytest.fixture(scope="module")
def recorded(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with record.json, README.md and page.md, all written by the benchmark."""
    folder = tmp_path_factory.mktemp("robustness")
    rows = [
        Row(f"{i}", f"apple {i}", "kettle" if i % 4 > 1 else None, label=i % 2) for i in range(8)
    ]
    write_rows(folder / "rows.jsonl", rows)
    for name, block in PAGES.items():
        (folder / name).write_text(page(block, "old\n"), encoding="utf-8")
    paths = [str(folder / name) for name in ("rows.jsonl", "record.json", *PAGES)]
    options = ("--data", "--json", "--readme", "--page")
    places = [word for pair in zip(options, paths, strict=True) for word in pair]
    main([*places, "--bundle", str(tiny_bundle), "--rows", "1"])
    return folder


def test_prompts_meet_every_attack_that_is_for_them(recorded: Path) -> None:
    record = load_robustness(recorded / "record.json")
    for name in ("plain", "normalised"):
        attacks = [(item["transform"], item["target"]) for item in record[name]["outcomes"]]
        assert attacks == [(item.name, item.targets[0]) for item in TRANSFORMS.values()]
        assert record[name]["normalised"] is (name == "normalised")
        assert all(item["harmful_after"]["rows"] == 1 for item in record[name]["outcomes"])


def test_the_pages_get_their_tables(recorded: Path) -> None:
    record = load_robustness(recorded / "record.json")
    tables = {"README.md": robustness_table(record), "page.md": intervals_table(record)}
    for name, table in tables.items():
        assert (recorded / name).read_text(encoding="utf-8") == page(PAGES[name], table)
        assert table.count("\n") == len(TRANSFORMS) + 2


def test_a_row_of_each_table(recorded: Path) -> None:
    record = load_robustness(recorded / "record.json")
    share = {"hits": 0, "rows": 1, "rate": 0.0, "low": 0.0, "high": 0.5}
    for name in ("plain", "normalised"):
        for kind in ("harmful_before", "harmful_after", "benign_before", "benign_after"):
            record[name]["outcomes"][0][kind] = share
    record["normalised"]["outcomes"][0]["harmful_after"] = share | {"rate": 0.25}
    assert robustness_table(record).splitlines()[2] == (
        "| base64 | prompts | 0 % | 0 % | 25 % | 0 % | 0 % | 0 % |"
    )
    assert intervals_table(record).splitlines()[2] == (
        "| base64 | 0 % (0 to 50) | 25 % (0 to 50) | 25.0 | 0 % (0 to 50) | 0 % (0 to 50) | 0.0 |"
    )


def test_shares_of_no_rows_are_dashes(recorded: Path) -> None:
    record = load_robustness(recorded / "record.json")
    none = {"hits": 0, "rows": 0, "rate": None, "low": None, "high": None}
    record["plain"]["outcomes"][0]["benign_after"] = none
    first = robustness_table(record).splitlines()[2]
    assert first.split(" | ")[6] == "-"
    assert intervals_table(record).splitlines()[2].endswith(" | - |")


@pytest.mark.parametrize("content", ["", "[]", '{"plain": {}}', "{}"])
def test_other_files_are_refused(content: str, tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"other\.json"):
        load_robustness(file)
