"""Blocks between markers."""

from __future__ import annotations

import pytest

from guardlet.errors import DataError
from guardlet_export.marked import replace_block


def test_a_block_is_replaced_between_its_markers() -> None:
    text = "before\n<!-- results -->\nold\n<!-- /results -->\nafter\n<!-- other -->\n"
    table = "| \\1 new |\n"
    replaced = replace_block(text, "results", table)
    expected = f"before\n<!-- results -->\n{table}<!-- /results -->\nafter\n<!-- other -->\n"
    assert replaced == expected
    assert replace_block(replaced, "results", table) == replaced


@pytest.mark.parametrize(
    "text",
    [
        "no block",
        "<!-- results -->\nno end",
        "<!-- /results -->\n<!-- results -->\n",
        "<!-- results -->\n<!-- /results -->\n" * 2,
        "<!-- other -->\n<!-- /other -->\n",
    ],
)
def test_there_must_be_one_block(text: str) -> None:
    with pytest.raises(DataError, match="one <!-- results -->"):
        replace_block(text, "results", "table\n")
