"""Reading a bundle: every byte is checked before anything is done with it."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from guardlet.bundle.manifest import Artifact, FileEntry, Manifest, parse_manifest
from guardlet.bundle.schema import MANIFEST_FILE, malformed
from guardlet.errors import (
    BundleNotFoundError,
    IntegrityError,
    MissingFileError,
    SizeMismatchError,
    UnsafePathError,
)

_MAX_MANIFEST_BYTES = 4 << 20
_CHUNK = 1 << 20
DEFAULT_BUNDLE = "guardlet-mini"


def default_bundle() -> Path:
    """The folder of the bundle inside this package."""
    return Path(str(files("guardlet") / "models" / DEFAULT_BUNDLE))


@dataclass(frozen=True)
class Bundle:
    """An opened bundle: its folder and manifest. Files are read through it, and checked."""

    folder: Path
    manifest: Manifest

    @classmethod
    def open(cls, folder: str | Path | None = None) -> Bundle:
        """Reads and validates guardlet.json of `folder`, by default the embedded bundle.

        Raises BundleNotFoundError, ManifestError, FormatVersionError or UnsafePathError.
        """
        root = default_bundle() if folder is None else Path(folder)
        file = root / MANIFEST_FILE
        if not _is_file(file):
            raise BundleNotFoundError(
                f"{root} holds no {MANIFEST_FILE}; give the folder of a Guardlet bundle"
            )
        if file.is_symlink():
            raise UnsafePathError(f"{MANIFEST_FILE} is a link; do not use this bundle")
        if file.stat().st_size > _MAX_MANIFEST_BYTES:
            raise malformed(f"larger than {_MAX_MANIFEST_BYTES} bytes")
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise malformed("not UTF-8") from None
        return cls(root.resolve(), parse_manifest(text))

    def read(self, entry: FileEntry) -> bytes:
        """The checked content of a file.

        Raises UnsafePathError, MissingFileError, SizeMismatchError or IntegrityError.
        """
        content = b"".join(self._chunks(entry))
        _compare(entry, hashlib.sha256(content).hexdigest())
        return content

    def read_text(self, entry: FileEntry) -> str:
        """The checked content of a UTF-8 file. Raises as `read` does, or ManifestError."""
        try:
            return self.read(entry).decode("utf-8")
        except UnicodeDecodeError:
            raise malformed(f"{entry.path} is not UTF-8") from None

    def check(self, entry: FileEntry) -> Path:
        """Checks a file in constant memory and returns its path. Raises as `read` does."""
        digest = hashlib.sha256()
        for chunk in self._chunks(entry):
            digest.update(chunk)
        _compare(entry, digest.hexdigest())
        return self.folder / entry.path

    def check_artifact(self, artifact: Artifact) -> Path:
        """Checks every file of an artifact and returns the path its engine opens."""
        for file in artifact.files:
            self.check(file)
        return self.folder / artifact.entry

    def _chunks(self, entry: FileEntry) -> Iterator[bytes]:
        with self._locate(entry).open("rb") as file:
            left = entry.bytes
            while chunk := file.read(min(_CHUNK, left + 1)):
                left -= len(chunk)
                if left < 0:
                    raise _size_error(entry)
                yield chunk
            if left:
                raise _size_error(entry)

    def _locate(self, entry: FileEntry) -> Path:
        path = self.folder
        for part in entry.path.split("/"):
            path = path / part
            try:
                mode = path.lstat().st_mode
            except (FileNotFoundError, NotADirectoryError):
                raise MissingFileError(
                    f"{entry.path} is missing from {self.folder}; get the bundle again"
                ) from None
            if stat.S_ISLNK(mode):
                raise UnsafePathError(f"{entry.path} goes through a link; do not use this bundle")
        if not stat.S_ISREG(mode):
            raise UnsafePathError(f"{entry.path} is not a regular file; do not use this bundle")
        if path.stat().st_size != entry.bytes:
            raise _size_error(entry)
        return path


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # for example a name that is too long
        return False


def _size_error(entry: FileEntry) -> SizeMismatchError:
    return SizeMismatchError(
        f"{entry.path} is not {entry.bytes} bytes long as declared; get the bundle again"
    )


def _compare(entry: FileEntry, digest: str) -> None:
    if digest != entry.sha256:
        raise IntegrityError(f"{entry.path} was altered (SHA-256 differs); get the bundle again")
