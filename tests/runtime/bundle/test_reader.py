"""Bundles that were moved, cut, altered or made to harm are refused, each with its own error."""

from __future__ import annotations

import os
import shutil
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from runtime_helpers import edit_manifest, onnx_model, write_tiny

from guardlet import Bundle
from guardlet.bundle import MANIFEST_FILE, Artifact, FileEntry
from guardlet.errors import (
    BundleError,
    BundleNotFoundError,
    IntegrityError,
    ManifestError,
    MissingFileError,
    SizeMismatchError,
    UnsafePathError,
)

AGAIN = "get the bundle again"
REFUSE = "do not use this bundle"
MODEL = "onnx/model.onnx"


def entry_of(bundle: Bundle, path: str) -> FileEntry:
    return next(entry for entry in bundle.manifest.files if entry.path == path)


def assert_refused(folder: Path, path: str, error: type[BundleError], advice: str) -> None:
    """Both ways to a file's content refuse it, naming the file and what to do."""
    bundle = Bundle.open(folder)
    for way in (bundle.read, bundle.check):
        with pytest.raises(error, match=advice) as caught:
            way(entry_of(bundle, path))
        assert path in str(caught.value)


def test_a_good_bundle_opens_and_reads(bundle_folder: Path) -> None:
    bundle = Bundle.open(bundle_folder)
    assert bundle.manifest.label == "tiny@1.2.3"
    assert bundle.folder == bundle_folder.resolve()
    for entry in bundle.manifest.files:
        path = bundle_folder / entry.path
        assert bundle.check(entry) == path
        assert bundle.read(entry) == path.read_bytes()
    assert bundle.read(bundle.manifest.artifacts[0].files[0]) == onnx_model()
    assert bundle.read_text(bundle.manifest.card) == "# tiny\n"


def test_a_bundle_opens_by_string_by_relative_path_and_through_a_link_to_its_folder(
    bundle_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bundle_folder.parent)
    relative = Bundle.open(bundle_folder.name)
    (tmp_path / "link").symlink_to(bundle_folder, target_is_directory=True)
    assert relative == Bundle.open(str(bundle_folder)) == Bundle.open(tmp_path / "link")
    monkeypatch.chdir(tmp_path)
    assert relative.read(relative.manifest.card)


@pytest.mark.parametrize("name", ["", "absent", "absent/deeper", "file", "file/x", "x" * 5000])
def test_no_bundle_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("{}")
    with pytest.raises(BundleNotFoundError, match="give the folder of a Guardlet bundle"):
        Bundle.open(tmp_path / name)


@pytest.mark.parametrize("make", ["folder", "fifo", "dangling"])
def test_a_manifest_that_is_no_file_is_not_there(broken: Path, make: str) -> None:
    file = broken / MANIFEST_FILE
    file.unlink()
    if make == "folder":
        file.mkdir()
    elif make == "fifo":
        os.mkfifo(file)
    else:
        file.symlink_to(broken / "absent")
    with pytest.raises(BundleNotFoundError):
        Bundle.open(broken)


def test_a_linked_manifest_is_refused(broken: Path, tmp_path: Path) -> None:
    moved = (broken / MANIFEST_FILE).rename(tmp_path / "elsewhere.json")
    (broken / MANIFEST_FILE).symlink_to(moved)
    with pytest.raises(UnsafePathError, match=REFUSE):
        Bundle.open(broken)


@pytest.mark.parametrize("size", [(4 << 20) + 1, 1 << 40])
def test_a_huge_manifest_is_refused_unread(broken: Path, size: int) -> None:
    os.truncate(broken / MANIFEST_FILE, size)
    with pytest.raises(ManifestError, match="larger than 4194304 bytes"):
        Bundle.open(broken)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1"])
def test_a_manifest_in_another_encoding_is_refused(broken: Path, encoding: str) -> None:
    file = broken / MANIFEST_FILE
    file.write_bytes(file.read_text(encoding="utf-8").encode(encoding))
    with pytest.raises(ManifestError, match="not UTF-8"):
        Bundle.open(broken)


@pytest.mark.parametrize("where", ["tokenizer", "vectors", "card", "file", "entry"])
@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "a/../../secret",
        "a/..",
        "..",
        ".",
        "./a",
        "/etc/passwd",
        "//host/share",
        "a\\b",
        "..\\secret",
        "C:/secret",
        "C:secret",
        "a//b",
        "a/",
        "",
        " a",
        "a ",
        "a\n",
        "a\x00",
        "~/a",
        "$HOME/a",
        "file:a",
        ".hidden",
        "a/.git/config",
        "na\u00efve",
        "a\uff0f..\uff0fb",
        "a\u202eb",
    ],
)
def test_a_path_that_is_not_plain_is_refused(broken: Path, where: str, path: str) -> None:
    def change(tree: dict) -> None:
        if where == "entry":
            tree["artifacts"][0]["entry"] = path
        elif where == "file":
            tree["artifacts"][0]["files"][0]["path"] = path
        else:
            tree[where]["path"] = path

    edit_manifest(broken, change)
    with pytest.raises(UnsafePathError, match=REFUSE):
        Bundle.open(broken)


def test_a_linked_file_is_refused_even_with_the_right_content(broken: Path) -> None:
    moved = (broken / MODEL).rename(broken / "moved")
    (broken / MODEL).symlink_to(moved)
    assert_refused(broken, MODEL, UnsafePathError, REFUSE)


def test_a_link_out_of_the_bundle_is_refused(broken: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (broken / "README.md").unlink()
    (broken / "README.md").symlink_to(tmp_path / "secret")
    assert_refused(broken, "README.md", UnsafePathError, REFUSE)


def test_a_linked_folder_is_refused(broken: Path, tmp_path: Path) -> None:
    shutil.move(broken / "onnx", tmp_path / "onnx")
    (broken / "onnx").symlink_to(tmp_path / "onnx", target_is_directory=True)
    assert_refused(broken, MODEL, UnsafePathError, REFUSE)


@pytest.mark.parametrize("target", ["tokenizer.json", "absent", "/dev/zero", "/dev/stdin"])
def test_any_link_is_refused_wherever_it_leads(broken: Path, target: str) -> None:
    (broken / "tokenizer.json").unlink()
    (broken / "tokenizer.json").symlink_to(target)
    assert_refused(broken, "tokenizer.json", UnsafePathError, REFUSE)


@pytest.mark.parametrize("make", ["folder", "fifo", "socket"])
def test_what_is_no_regular_file_is_refused_unopened(
    broken: Path, make: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = broken / "tokenizer.json"
    path.unlink()
    if make == "folder":
        path.mkdir()
    elif make == "fifo":
        os.mkfifo(path)
    else:
        monkeypatch.chdir(broken)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    assert_refused(broken, "tokenizer.json", UnsafePathError, REFUSE)


def test_a_missing_file_is_named(broken: Path) -> None:
    (broken / "vectors.jsonl").unlink()
    assert_refused(broken, "vectors.jsonl", MissingFileError, AGAIN)


def test_a_missing_folder_is_a_missing_file(broken: Path) -> None:
    shutil.rmtree(broken / "onnx")
    assert_refused(broken, MODEL, MissingFileError, AGAIN)


def test_a_file_in_a_folders_place_is_a_missing_file(broken: Path) -> None:
    shutil.rmtree(broken / "onnx")
    (broken / "onnx").write_text("no folder")
    assert_refused(broken, MODEL, MissingFileError, AGAIN)


@pytest.mark.parametrize("size", [0, 1, -1, 1 << 40])
def test_a_file_of_another_size_is_refused(broken: Path, size: int) -> None:
    path = broken / "tokenizer.json"
    os.truncate(path, size if size >= 0 else path.stat().st_size - 1)
    assert_refused(broken, "tokenizer.json", SizeMismatchError, AGAIN)


def test_a_file_that_grew_by_a_byte_is_refused(broken: Path) -> None:
    with (broken / MODEL).open("ab") as file:
        file.write(b"\n")
    assert_refused(broken, MODEL, SizeMismatchError, AGAIN)


@pytest.mark.parametrize("offset", [0, 500, -1])
def test_one_altered_bit_is_refused(broken: Path, offset: int) -> None:
    content = bytearray((broken / MODEL).read_bytes())
    content[offset] ^= 1
    (broken / MODEL).write_bytes(content)
    assert_refused(broken, MODEL, IntegrityError, AGAIN)


def test_two_files_that_changed_places_are_refused(broken: Path) -> None:
    write_tiny(broken, swap=True, model=b"a" * 9, tokenizer="b" * 9)
    (broken / "tokenizer.json").rename(broken / "kept")
    (broken / MODEL).rename(broken / "tokenizer.json")
    (broken / "kept").rename(broken / MODEL)
    assert_refused(broken, MODEL, IntegrityError, AGAIN)
    assert_refused(broken, "tokenizer.json", IntegrityError, AGAIN)


def test_files_of_several_chunks_are_checked_whole(tmp_path: Path) -> None:
    model = bytes(range(256)) * (3 << 12) + b"end"
    write_tiny(tmp_path / "big", model=model)
    bundle = Bundle.open(tmp_path / "big")
    assert bundle.read(entry_of(bundle, MODEL)) == model
    with (tmp_path / "big" / MODEL).open("r+b") as file:
        file.seek(len(model) - 2)
        file.write(b"N")
    assert_refused(tmp_path / "big", MODEL, IntegrityError, AGAIN)


def test_an_artifact_is_checked_file_by_file(broken: Path) -> None:
    bundle = Bundle.open(broken)
    (one,) = bundle.manifest.artifacts
    assert bundle.check_artifact(one) == bundle.folder / MODEL
    two: Artifact = replace(one, entry="onnx", files=(*one.files, bundle.manifest.card))
    assert bundle.check_artifact(two) == bundle.folder / "onnx"
    (broken / "README.md").write_text("# TINY\n")
    with pytest.raises(IntegrityError, match="README"):
        bundle.check_artifact(two)


def test_text_that_is_not_utf8_is_refused_whatever_its_hash_says(tmp_path: Path) -> None:
    write_tiny(tmp_path / "odd", model=b"\xff\xfe")
    bundle = Bundle.open(tmp_path / "odd")
    with pytest.raises(ManifestError, match=f"{MODEL} is not UTF-8"):
        bundle.read_text(entry_of(bundle, MODEL))
