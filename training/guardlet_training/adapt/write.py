"""Writing a guard folder, whole or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from guardlet_export.guard_folder import GUARD_FILE, TOKENIZER_FILE, GuardFolderError


def write_guard_folder(out: Path, model: Any, tokenizer_json: str, about: dict[str, Any]) -> None:
    """Weights, config, tokenizer.json and guard.json (`about`) in a new folder `out`.

    Raises GuardFolderError when the disk refuses; nothing is left then.
    """
    staging: Path | None = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        model.save_pretrained(staging)
        (staging / TOKENIZER_FILE).write_text(tokenizer_json, encoding="utf-8")
        text = json.dumps(about, indent=2) + "\n"
        (staging / GUARD_FILE).write_text(text, encoding="utf-8")
        staging.chmod(0o755)
        staging.rename(out)
    except OSError as error:
        raise GuardFolderError(f"cannot write {out}: {error.strerror}; nothing was left") from error
    finally:
        if staging is not None:
            shutil.rmtree(staging, ignore_errors=True)
