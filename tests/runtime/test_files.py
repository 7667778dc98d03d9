"""Files and folders that are there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from guardlet.errors import DataError
from guardlet.files import making_folder, replacing, write_text


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


def test_a_finished_block_makes_the_folder(tmp_path: Path) -> None:
    target = tmp_path / "new/folder"
    with making_folder(target) as folder:
        (folder / "a.txt").touch()
        assert not target.exists()
    assert [path.name for path in target.iterdir()] == ["a.txt"]
    assert target.stat().st_mode & 0o777 == 0o755
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_broken_block_leaves_no_folder(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), making_folder(tmp_path / "folder") as folder:
        (folder / "a.txt").touch()
        raise error
    assert not list(tmp_path.iterdir())


def test_text_is_written_with_its_folder(tmp_path: Path) -> None:
    write_text(tmp_path / "new/a.txt", "né")
    assert (tmp_path / "new/a.txt").read_bytes() == "né".encode()


@pytest.mark.parametrize("place", ["file/a.txt", "folder"])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataError, match=f"cannot write .*{place}: "):
        write_text(tmp_path / place, "text")
