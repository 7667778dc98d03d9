"""Which teacher a folder or hub id is, and what of it decides its scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from guardlet.bundle import MANIFEST_FILE
from guardlet.errors import BackendError, TeacherError
from guardlet.scan import GuardSource
from guardlet_export.guard_folder import GUARD_FILE
from guardlet_training.augment.backends.revision import model_revision, short_name
from guardlet_training.augment.teachers.teacher import Teacher

Kind = Literal["llama-guard", "classifier", "bundle"]


@dataclass(frozen=True)
class TeacherSettings:
    """`harmful_index` is for classifiers, `dtype` for Llama Guards."""

    harmful_index: int | None = None
    device: str = "auto"
    dtype: str = "auto"


@dataclass(frozen=True)
class TeacherSpec:
    """A teacher that a worker can open; it is pickled on the way there."""

    kind: Kind
    model: str
    revision: str | None
    settings: TeacherSettings

    @property
    def identity(self) -> Mapping[str, Any]:
        """What its scores depend on, for a run's record."""
        return {
            "teacher": self.kind,
            "model": short_name(self.model),
            "revision": self.revision,
            "harmful_index": self.settings.harmful_index,
            "dtype": self.settings.dtype,
        }

    def open(self) -> Teacher:
        """Loads the model. Raises TeacherError, or a BundleError or EngineError."""
        if self.kind == "bundle":
            from guardlet_training.augment.teachers.bundle import BundleTeacher

            source = GuardSource.of(Path(self.model))
            if source.manifest_sha256 != self.revision:
                raise TeacherError(f"{self.model} holds another bundle than when the run began")
            return BundleTeacher(source)
        if self.kind == "classifier":
            from guardlet_training.augment.teachers.classifier import ClassifierTeacher

            return ClassifierTeacher(
                self.model,
                harmful_index=self.settings.harmful_index,
                device=self.settings.device,
            )
        from guardlet_training.augment.teachers.llama_guard import LlamaGuardTeacher

        hub = None if Path(self.model).is_dir() else self.revision
        return LlamaGuardTeacher(
            self.model, revision=hub, device=self.settings.device, dtype=self.settings.dtype
        )


def find_teacher(model: str, settings: TeacherSettings = TeacherSettings()) -> TeacherSpec:
    """By what is in the folder, or by the architecture that the model's config names; weights are
    not loaded. Raises TeacherError when it is no teacher, or a BundleError."""
    folder = Path(model)
    if (folder / MANIFEST_FILE).is_file():
        return TeacherSpec("bundle", model, GuardSource.of(folder).manifest_sha256, settings)
    kind: Kind = "classifier" if (folder / GUARD_FILE).is_file() else _kind(model)
    try:
        return TeacherSpec(kind, model, model_revision(model), settings)
    except BackendError as error:
        raise TeacherError(str(error)) from None


def _kind(model: str) -> Kind:
    from transformers import AutoConfig

    try:
        named = AutoConfig.from_pretrained(model).architectures or []
    except Exception as error:  # they have no common type
        raise TeacherError(
            f"cannot read what kind of model {model} is ({type(error).__name__}); check the id, "
            "your access to it and the network, or give a local folder"
        ) from None
    if any(name.endswith("ForCausalLM") for name in named):
        return "llama-guard"
    if any(name.endswith("ForSequenceClassification") for name in named):
        return "classifier"
    raise TeacherError(
        f"{model} is neither a causal language model nor a sequence classifier but "
        f"{', '.join(named) or 'of no named architecture'}"
    )
