"""A trained guard: a Hugging Face model folder plus a frozen tokenizer and guard.json.

guard.json holds the parts of a bundle's manifest that belong to the model rather than to a file
format: name, version, license, description, sources, input, provenance, and, once calibrated,
score. A model without guard.json is described by `plain_model` instead.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from guardlet.encoder import Encoder, InputRules
from guardlet.errors import BundleError
from guardlet.files import making_folder, replacing
from guardlet.scoring import OperatingPoint, ScoreRules

GUARD_FILE = "guard.json"
TOKENIZER_FILE = "tokenizer.json"
HARMFUL_INDEX = 1
LABELS = ("safe", "harmful")
_REQUIRED = ("name", "version", "license", "description", "sources", "input", "provenance")
_UNCALIBRATED_POINT = OperatingPoint(0.5, 0.5, "not calibrated", ())


class GuardFolderError(BundleError):
    """A model folder lacks what a guard needs, or it is malformed."""


@dataclass(frozen=True)
class GuardFolder:
    """An opened model folder. `description` is guard.json."""

    folder: Path
    description: dict[str, Any]
    tokenizer_json: str

    @classmethod
    def open(cls, folder: Path) -> GuardFolder:
        """Raises GuardFolderError naming the missing file or key."""
        for name in (GUARD_FILE, TOKENIZER_FILE, "config.json"):
            if not (folder / name).is_file():
                raise GuardFolderError(
                    f"{folder} has no {name}; give the model folder that `guardlet train` wrote"
                )
        try:
            description = json.loads((folder / GUARD_FILE).read_text(encoding="utf-8"))
        except ValueError:
            raise GuardFolderError(f"{folder / GUARD_FILE} is not valid JSON") from None
        missing = [
            k for k in _REQUIRED if not isinstance(description, dict) or k not in description
        ]
        if missing:
            raise GuardFolderError(f"{folder / GUARD_FILE} lacks {', '.join(missing)}")
        return cls(folder, description, (folder / TOKENIZER_FILE).read_text(encoding="utf-8"))

    @property
    def input(self) -> InputRules:
        """Raises GuardFolderError when they do not fit together."""
        try:
            return InputRules.from_dict(self.description["input"])
        except (TypeError, ValueError) as error:
            raise GuardFolderError(f"{self.folder / GUARD_FILE}: input: {error}") from None

    @property
    def score(self) -> ScoreRules:
        """The calibrated rules, or thresholds of 0.5 before calibration."""
        saved = self.description.get("score")
        if saved is None:
            return uncalibrated(HARMFUL_INDEX)
        return ScoreRules.from_dict(saved, saved["harmful_index"])

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the model's outputs, in order."""
        return tuple(self.description.get("labels", LABELS))

    def encoder(self) -> Encoder:
        return Encoder(self.tokenizer_json, self.input)

    def save_score(self, rules: ScoreRules) -> None:
        """Writes calibrated rules into guard.json, under a temporary name first."""
        text = json.dumps(self.description | {"score": asdict(rules)}, indent=2) + "\n"
        with replacing(self.folder / GUARD_FILE) as file:
            file.write(text)


def write_guard_folder(out: Path, model: Any, tokenizer_json: str, about: dict[str, Any]) -> None:
    """Weights, config, tokenizer.json and guard.json (`about`) in a new folder `out`.

    Raises GuardFolderError when it exists or the disk refuses; nothing is left then.
    """
    check_free(out)
    try:
        with making_folder(out) as folder:
            model.save_pretrained(folder)
            (folder / TOKENIZER_FILE).write_text(tokenizer_json, encoding="utf-8")
            text = json.dumps(about, indent=2) + "\n"
            (folder / GUARD_FILE).write_text(text, encoding="utf-8")
    except OSError as error:
        raise GuardFolderError(f"cannot write {out}: {error.strerror}; nothing was left") from error


def check_free(out: Path) -> None:
    """Raises GuardFolderError when there is something at `out`."""
    if out.exists():
        raise GuardFolderError(f"{out} exists; choose another folder")


def uncalibrated(harmful_index: int) -> ScoreRules:
    """Thresholds of 0.5 and no temperature."""
    names = ("strict", "balanced", "lenient")
    return ScoreRules(1.0, harmful_index, dict.fromkeys(names, _UNCALIBRATED_POINT))
