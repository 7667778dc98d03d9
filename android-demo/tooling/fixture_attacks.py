"""Bundles that must be refused, each with the name of the error Python refuses it with."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guardlet import Bundle, Guard
from guardlet.errors import GuardletError

Tree = dict[str, Any]
_MODEL = ("artifacts", 0, "files", 0)


@dataclass(frozen=True)
class Attack:
    """`folder` holds the bundle, `error` is the class Python raises when it is loaded whole."""

    folder: str
    error: str


def write_attacks(bundle: Path, target: Path) -> list[Attack]:
    """One folder in `target` for every attack on a copy of `bundle`."""
    attacks = []
    for name, change in _attacks():
        folder = target / name
        shutil.copytree(bundle, folder)
        change(folder)
        attacks.append(Attack(name, _error_of(folder)))
    return attacks


def _error_of(folder: Path) -> str:
    try:
        bundle = Bundle.open(folder)
        for entry in bundle.manifest.files:
            bundle.check(entry)
        Guard.load(bundle)
    except GuardletError as error:
        return type(error).__name__
    raise AssertionError(f"{folder.name} was not refused")


def _attacks() -> Iterator[tuple[str, Callable[[Path], object]]]:
    yield "no-folder", shutil.rmtree
    yield "no-manifest", lambda folder: (folder / "guardlet.json").unlink()
    yield "manifest-is-folder", _manifest_folder
    yield "manifest-link", lambda folder: _link(folder / "guardlet.json")
    yield "manifest-not-json", lambda folder: _write_manifest(folder, b"{not json}")
    yield "manifest-array", lambda folder: _write_manifest(folder, b"[]")
    yield "manifest-empty", lambda folder: _write_manifest(folder, b"")
    yield "manifest-not-utf8", lambda folder: _write_manifest(folder, b'{"name": "\xff"}')
    yield "manifest-huge", lambda folder: _write_manifest(folder, b" " * ((4 << 20) + 1))
    yield "manifest-deep", lambda folder: _write_manifest(folder, b"[" * 100_000)
    yield "tokenizer-missing", lambda folder: (folder / "tokenizer.json").unlink()
    yield "tokenizer-altered", lambda folder: _flip(folder / "tokenizer.json")
    yield "tokenizer-link", lambda folder: _link(folder / "tokenizer.json")
    yield "model-missing", lambda folder: (folder / "onnx/model_quantized.onnx").unlink()
    yield "model-altered", lambda folder: _flip(folder / "onnx/model_quantized.onnx")
    yield "model-longer", lambda folder: _append(folder / "onnx/model_quantized.onnx")
    yield "model-shorter", lambda folder: _truncate(folder / "onnx/model_quantized.onnx")
    yield "model-is-folder", lambda folder: _folder_for(folder / "onnx/model.onnx")
    yield "folder-link", lambda folder: _link(folder / "onnx")
    yield "folder-is-file", _file_for_folder
    yield "tokenizer-not-utf8", lambda folder: _replace_file(folder, ("tokenizer",), b"\xff{}")
    yield "tokenizer-not-json", lambda folder: _replace_file(folder, ("tokenizer",), b"{]")
    yield "model-not-onnx", lambda folder: _replace_file(folder, _MODEL, b"no model at all")
    yield "model-outside-weights", _outside_weights
    yield "same-key", lambda folder: _double_key(folder / "guardlet.json")
    yield "vectors-missing", lambda folder: (folder / "vectors.jsonl").unlink()
    for name, change in _tree_attacks():
        yield name, _edit(change)


def _tree_attacks() -> Iterator[tuple[str, Callable[[Tree], object]]]:
    for value in (2, 0, 10**30):
        yield f"format-{value}", _set(("format_version",), value)
    for index, wrong in enumerate(("1", None, 1.5, 1.0, True, [1])):
        yield f"format-type-{index}", _set(("format_version",), wrong)
    for index, path in enumerate(
        ("../tokenizer.json", "/etc/passwd", "a/../b", "./a", "a//b", "a\\b", "C:/a", ".hidden", "")
    ):
        yield f"path-{index}", _set(("tokenizer", "path"), path)
    yield "path-long", _set(("tokenizer", "path"), "a" * 256)
    yield "path-number", _set(("tokenizer", "path"), 7)
    yield "artifact-path", _set(("artifacts", 0, "files", 0, "path"), "../model.onnx")
    yield "entry-path", _set(("artifacts", 0, "entry"), "/model.onnx")
    yield "entry-elsewhere", _set(("artifacts", 0, "entry"), "tokenizer.json")
    yield "same-id", _set(("artifacts", 1, "id"), "onnx-int8")
    yield "same-file", _set(("vectors", "path"), "tokenizer.json")
    yield "short-artifact", _set(("artifacts", 0, "max_length"), 8)
    yield "no-artifacts", _set(("artifacts",), [])
    yield "unknown-engine", _set(("artifacts", 0, "engine"), "tensorflow")
    yield "extra-key", _set(("surprise",), 1)
    yield "extra-file-key", _set(("tokenizer", "url"), "x")
    yield "bytes-negative", _set(("tokenizer", "bytes"), -1)
    yield "bytes-huge", _set(("tokenizer", "bytes"), 1 << 40)
    yield "bytes-text", _set(("tokenizer", "bytes"), "7")
    yield "bytes-bool", _set(("tokenizer", "bytes"), True)
    yield "bytes-fraction", _set(("tokenizer", "bytes"), 7.5)
    yield "bytes-other", _set(("tokenizer", "bytes"), 7)
    yield "hash-other", _set(("tokenizer", "sha256"), "0" * 64)
    yield "hash-short", _set(("tokenizer", "sha256"), "0" * 63)
    yield "hash-upper", _set(("tokenizer", "sha256"), "A" * 64)
    yield "temperature-zero", _set(("score", "temperature"), 0)
    yield "bias-huge", _set(("score", "response_bias"), 101)
    yield "bias-text", _set(("score", "response_bias"), "0")
    yield "bias-null", _set(("score", "response_bias"), None)
    yield "aggregation-mean", _set(("score", "aggregation"), "mean")
    yield "threshold-high", _set(("score", "operating_points", "balanced", "threshold"), 1.1)
    yield "threshold-low", _set(("score", "operating_points", "balanced", "threshold"), 0)
    yield "harmful-index", _set(("labels", "harmful"), 2)
    yield "one-label", _set(("labels", "names"), ["safe"])
    yield "name-newline", _set(("name",), "guard\n")
    yield "path-newline", _set(("tokenizer", "path"), "tokenizer.json\n")
    yield "version-digits", _set(("version",), "١.٢.٣")
    yield "bytes-float", _set(("tokenizer", "bytes"), 7.0)
    yield "threshold-nan", _set(("score", "operating_points", "strict", "threshold"), float("nan"))
    yield "temperature-infinite", _set(("score", "temperature"), float("inf"))
    yield "tolerance-text", _set(("artifacts", 0, "parity", "tolerance"), "wide")
    yield "name-upper", _set(("name",), "Guard")
    yield "version-word", _set(("version",), "new")
    yield "stride-wide", _set(("input", "stride"), 60)
    yield "stride-huge", _set(("input", "stride"), 10**20)
    yield "budget-huge", _set(("input", "prompt_budget"), 10**20)
    yield "tokens-few", _set(("input", "max_tokens"), 7)
    yield "start-empty", _set(("input", "start"), [])
    for index, wrong in enumerate((True, [], {}, {"min_tokens": 8})):
        yield f"language-{index}", _set(("input", "language"), wrong)
    yield "language-few", _set(("input", "language", "min_tokens"), 1)
    yield "language-share", _set(("input", "language", "max_foreign"), 1.5)
    yield "without-language", lambda tree: tree["input"].pop("language")
    for key in ("name", "input", "score", "tokenizer", "artifacts", "provenance"):
        yield f"without-{key}", lambda tree, key=key: tree.pop(key)  # type: ignore[misc]
    yield "without-balanced", lambda tree: tree["score"]["operating_points"].pop("balanced")


def _replace_file(folder: Path, keys: tuple[str | int, ...], content: bytes) -> None:
    """A file of other content that the manifest agrees with."""
    manifest = folder / "guardlet.json"
    tree = json.loads(manifest.read_text(encoding="utf-8"))
    entry = tree
    for key in keys:
        entry = entry[key]
    (folder / entry["path"]).write_bytes(content)
    entry.update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    manifest.write_text(json.dumps(tree), encoding="utf-8")


def _outside_weights(folder: Path) -> None:
    """The model keeps its weights in a file that nobody checked."""
    import onnx

    file = folder / "onnx" / "model_quantized.onnx"
    model = onnx.load(file)
    onnx.save(model, file, save_as_external_data=True, location="weights", size_threshold=0)
    _replace_file(folder, _MODEL, file.read_bytes())


def _double_key(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    file.write_text('{"name": "other",' + text.lstrip()[1:], encoding="utf-8")


def _file_for_folder(folder: Path) -> None:
    shutil.rmtree(folder / "onnx")
    (folder / "onnx").write_bytes(b"")


def _set(path: tuple[str | int, ...], value: Any) -> Callable[[Tree], object]:
    def change(tree: Tree) -> None:
        node: Any = tree
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = value

    return change


def _edit(change: Callable[[Tree], object]) -> Callable[[Path], object]:
    def edit(folder: Path) -> None:
        file = folder / "guardlet.json"
        tree = json.loads(file.read_text(encoding="utf-8"))
        change(tree)
        file.write_text(json.dumps(tree), encoding="utf-8")

    return edit


def _write_manifest(folder: Path, content: bytes) -> None:
    (folder / "guardlet.json").write_bytes(content)


def _manifest_folder(folder: Path) -> None:
    _folder_for(folder / "guardlet.json")


def _folder_for(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _link(path: Path) -> None:
    """Moves `path` out of the bundle and leaves a link to it."""
    moved = path.parent.parent / f"{path.parent.name}-{path.name}-moved"
    path.rename(moved)
    path.symlink_to(moved)


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def _append(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\0")


def _truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])
