"""Files that are there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from guardlet.files import replacing


def test_a_finished_block_replaces_the_file(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old", encoding="utf-8")
    with replacing(target) as file:
        file.write("né")
        assert target.read_text(encoding="utf-8") == "old"
    assert target.read_bytes() == "né".encode()
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_broken_block_leaves_what_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old", encoding="utf-8")
    with pytest.raises(error), replacing(target) as file:
        file.write("half")
        raise error
    assert target.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [target]
