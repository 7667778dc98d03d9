"""Writing a bundle: whole or not at all, and nothing foreign is overwritten."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from runtime_helpers import write_tiny

from guardlet import Bundle, Guard
from guardlet.bundle import FileEntry, Manifest, write_bundle
from guardlet.errors import (
    BundleExistsError,
    BundleNotFoundError,
    BundleWriteError,
    IntegrityError,
    ManifestError,
    MissingFileError,
    UnsafePathError,
)


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Every path under the folder, with the content of files."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def parts(bundle_folder: Path) -> tuple[Manifest, dict[str, bytes]]:
    bundle = Bundle.open(bundle_folder)
    return bundle.manifest, {entry.path: bundle.read(entry) for entry in bundle.manifest.files}


def test_a_bundle_is_all_there_is(tmp_path: Path) -> None:
    write_tiny(tmp_path / "deep" / "er" / "mine")
    assert [path.name for path in (tmp_path / "deep" / "er").iterdir()] == ["mine"]
    assert Guard.load(tmp_path / "deep" / "er" / "mine").check("make bomb").harmful
    assert stat.S_IMODE((tmp_path / "deep" / "er" / "mine").stat().st_mode) == 0o755


def test_the_same_parts_give_the_same_bytes(tmp_path: Path) -> None:
    write_tiny(tmp_path / "one")
    write_tiny(tmp_path / "two")
    assert snapshot(tmp_path / "one") == snapshot(tmp_path / "two")


def test_entries_hold_size_and_hash(tmp_path: Path) -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    with pytest.raises(BundleNotFoundError), write_bundle(tmp_path / "b") as writer:
        assert writer.add_text("a/b.txt", "") == FileEntry("a/b.txt", 0, empty)
        assert writer.add_text("c.txt", "é").bytes == 2
        (writer.folder / "a/b.txt").write_text("more")
        assert writer.entry("a/b.txt").bytes == 4


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("existing", [False, True])
def test_an_exception_leaves_nothing_new(
    tmp_path: Path, error: type[BaseException], existing: bool
) -> None:
    folder = tmp_path / "mine"
    if existing:
        write_tiny(folder)
    before = snapshot(tmp_path)
    with pytest.raises(error), write_bundle(folder, replace=True) as writer:
        writer.add_text("onnx/model.onnx", "half of it")
        assert snapshot(tmp_path) != before
        raise error
    assert snapshot(tmp_path) == before


def test_an_exception_while_a_file_is_made_leaves_nothing(tmp_path: Path) -> None:
    def make(path: Path) -> None:
        path.write_text("half of it")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), write_bundle(tmp_path / "mine") as writer:
        writer.add("onnx/model.onnx", make)
    assert snapshot(tmp_path) == {}


def test_without_a_manifest_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(BundleNotFoundError), write_bundle(tmp_path / "mine") as writer:
        writer.add_text("README.md", "no manifest follows")
    assert snapshot(tmp_path) == {}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"name": "Not A Name"}, ManifestError),
        ({"labels": ("harmful",)}, ManifestError),
        ({"artifacts": ()}, ManifestError),
        ({"card": FileEntry("../README.md", 1, "0" * 64)}, UnsafePathError),
        ({"card": FileEntry("absent.md", 1, "0" * 64)}, MissingFileError),
        ({"card": FileEntry("README.md", 7, "0" * 64)}, IntegrityError),
    ],
)
def test_a_bundle_that_could_not_be_read_is_not_written(
    tmp_path: Path, change: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        write_tiny(tmp_path / "mine", **change)
    assert snapshot(tmp_path) == {}


def test_numbers_that_json_lacks_are_not_written(bundle: Bundle, tmp_path: Path) -> None:
    score = replace(bundle.manifest.score, temperature=float("nan"))
    with pytest.raises(ManifestError, match="NaN"):
        write_tiny(tmp_path / "mine", score=score)
    assert snapshot(tmp_path) == {}


def test_a_file_altered_after_it_was_added_is_noticed(bundle_folder: Path, tmp_path: Path) -> None:
    manifest, files = parts(bundle_folder)
    with pytest.raises(IntegrityError), write_bundle(tmp_path / "mine") as writer:
        for path, content in files.items():
            writer.add(path, lambda target, content=content: target.write_bytes(content))
        writer.finish(manifest)
        (writer.folder / "README.md").write_text("# TINY\n")
    assert snapshot(tmp_path) == {}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_one_error_and_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(BundleWriteError, match=r"cannot write .*mine: No space left on device"),
        write_bundle(tmp_path / "mine") as writer,
    ):
        writer.add_text("README.md", "# Tiny")
        writer.add("onnx/model.onnx", lambda _: Path("/dev/full").write_bytes(b"weights"))
    assert snapshot(tmp_path) == {}


def test_a_place_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    with pytest.raises(BundleWriteError, match=r"Not a directory|exists"):
        write_tiny(tmp_path / "file/mine")
    assert snapshot(tmp_path) == {"file": b"precious"}


def test_an_existing_bundle_is_kept_unless_replaced(tmp_path: Path) -> None:
    write_tiny(tmp_path / "mine")
    before = snapshot(tmp_path)
    with pytest.raises(BundleExistsError, match="choose another folder or replace"):
        write_tiny(tmp_path / "mine", version="2.0.0")
    assert snapshot(tmp_path) == before


def test_replace_swaps_the_whole_folder(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    write_tiny(folder)
    (folder / "stale.bin").write_text("of the old one")
    write_tiny(folder, swap=True, version="2.0.0")
    assert Bundle.open(folder).manifest.version == "2.0.0"
    assert not (folder / "stale.bin").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_replace_through_a_link_swaps_what_it_leads_to(tmp_path: Path) -> None:
    write_tiny(tmp_path / "real")
    (tmp_path / "link").symlink_to("real")
    write_tiny(tmp_path / "link", swap=True, version="2.0.0")
    assert (tmp_path / "link").is_symlink()
    assert Bundle.open(tmp_path / "real").manifest.version == "2.0.0"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real"]


def test_the_current_folder_can_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tiny(tmp_path / "mine")
    monkeypatch.chdir(tmp_path / "mine")
    write_tiny(Path(), swap=True, version="2.0.0")
    assert Bundle.open(tmp_path / "mine").manifest.version == "2.0.0"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("swap", [False, True])
@pytest.mark.parametrize("make", ["empty", "foreign", "file"])
def test_a_folder_that_is_no_bundle_is_never_replaced(
    tmp_path: Path, make: str, swap: bool
) -> None:
    target = tmp_path / "mine"
    if make == "file":
        target.write_text("precious")
    else:
        target.mkdir()
    if make == "foreign":
        (target / "thesis.txt").write_text("precious")
    before = snapshot(tmp_path)
    with pytest.raises(BundleExistsError):
        write_tiny(target, swap=swap)
    assert snapshot(tmp_path) == before
