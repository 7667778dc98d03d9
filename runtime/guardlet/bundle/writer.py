"""Writing a bundle: complete and checked, or not at all."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from guardlet.bundle.manifest import FileEntry, Manifest, dump_manifest
from guardlet.bundle.reader import Bundle
from guardlet.bundle.schema import MANIFEST_FILE
from guardlet.errors import BundleExistsError, BundleWriteError
from guardlet.files import making_folder


@contextmanager
def write_bundle(folder: Path, replace: bool = False) -> Iterator[BundleWriter]:
    """A writer whose files become `folder` when the block ends well, and vanish otherwise.

    `replace` swaps an existing bundle; other existing folders raise BundleExistsError, and what
    the disk refuses raises BundleWriteError.
    """
    try:
        with _staged(folder.resolve(), replace) as writer:
            yield writer
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BundleWriteError(f"cannot write {folder}: {reason}; nothing was left") from error


@contextmanager
def _staged(folder: Path, replace: bool) -> Iterator[BundleWriter]:
    if folder.exists() and not (replace and (folder / MANIFEST_FILE).is_file()):
        raise BundleExistsError(f"{folder} exists; choose another folder or replace a bundle")
    old: Path | None = None
    with making_folder(folder) as staging:
        yield BundleWriter(staging)
        bundle = Bundle.open(staging)
        for entry in bundle.manifest.files:
            bundle.check(entry)
        if folder.exists():
            old = folder.rename(staging.with_name(staging.name + ".old"))
    if old is not None:
        shutil.rmtree(old)


class BundleWriter:
    """Adds files to a bundle in the making."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, path: str, make: Callable[[Path], object]) -> FileEntry:
        """Lets `make` write the file at `path` and returns its entry."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        make(target)
        return self.entry(path)

    def add_text(self, path: str, text: str) -> FileEntry:
        return self.add(path, lambda target: target.write_text(text, encoding="utf-8"))

    def entry(self, path: str) -> FileEntry:
        """Size and SHA-256 of a file already written."""
        target = self.folder / path
        with target.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return FileEntry(path, target.stat().st_size, digest)

    def entries(self, path: str) -> tuple[FileEntry, ...]:
        """The entry of a file, or of every file below a folder, in order of their paths."""
        target = self.folder / path
        if target.is_file():
            return (self.entry(path),)
        files = (item.relative_to(self.folder) for item in target.rglob("*") if item.is_file())
        return tuple(self.entry(item) for item in sorted(file.as_posix() for file in files))

    def finish(self, manifest: Manifest) -> None:
        """Writes guardlet.json; the last thing to do."""
        text = dump_manifest(manifest)
        (self.folder / MANIFEST_FILE).write_text(text, encoding="utf-8")
