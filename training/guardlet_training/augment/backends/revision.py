"""What exactly a model id or folder stands for, found without loading its weights."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from guardlet.errors import BackendError


def model_revision(model: str, asked: str | None = None) -> str:
    """The commit of a hub model, or `sha256:` and the digest of a local folder's files.

    Raises BackendError when there is no such folder and the hub cannot be asked.
    """
    folder = Path(model)
    if folder.is_dir():
        return _folder_digest(folder.resolve())
    from transformers import AutoConfig

    try:
        commit = AutoConfig.from_pretrained(model, revision=asked)._commit_hash
    except Exception as error:
        raise BackendError(
            f"no model {model} in this file system or on the hub ({type(error).__name__}); check "
            "the id and the network, or give a local folder"
        ) from None
    return commit if isinstance(commit, str) else asked or "main"


def short_name(model: str) -> str:
    """A hub id as it is, or the name of a folder."""
    folder = Path(model)
    return folder.resolve().name if folder.is_dir() else model


@lru_cache(maxsize=8)
def _folder_digest(folder: Path) -> str:
    """Of the names and contents of the files directly in the folder, as models are saved."""
    digest = hashlib.sha256()
    try:
        for file in sorted(item for item in folder.iterdir() if item.is_file()):
            with file.open("rb") as opened:
                inner = hashlib.file_digest(opened, "sha256").hexdigest()
            digest.update(f"{file.name}\0{inner}\n".encode())
    except OSError as error:
        raise BackendError(f"cannot read {folder}: {error.strerror}") from None
    return f"sha256:{digest.hexdigest()}"
