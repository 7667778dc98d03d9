"""From a trained guard and new cases to its next version, or to the reason why not."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from guardlet.engines import Engine
from guardlet.scoring import OperatingPoint
from guardlet.verify import Tracker
from guardlet_export.classifier import load_classifier
from guardlet_export.export import export_bundle
from guardlet_export.guard_folder import GuardFolder, check_free, write_guard_folder
from guardlet_export.onnx_export import fp32_engine
from guardlet_export.reference import TorchEngine
from guardlet_training.adapt.describe import adapted_description, raised
from guardlet_training.adapt.held_out import Split, folds, holdout
from guardlet_training.adapt.inputs import Inputs, read_inputs
from guardlet_training.adapt.regression import Change, change, distinct_points, objection
from guardlet_training.adapt.report import AdaptReport
from guardlet_training.adapt.settings import AdaptSettings
from guardlet_training.adapt.tune import tune
from guardlet_training.evaluate import judge_rows
from guardlet_training.rows import Row
from guardlet_training.train import MODEL_FOLDER
from guardlet_training.trainable import trainable

BUNDLE_FOLDER = "bundle"
Score = Callable[[str, str | None], float]
log = logging.getLogger(__name__)


def adapt(
    model: Path | None,
    out: Path,
    examples: Path,
    replay: Sequence[str],
    checks: Mapping[str, Path],
    track: Tracker,
    settings: AdaptSettings | None = None,
    max_drop: float = 0.02,
    fold_count: int = 0,
    holdout_share: float | None = None,
    precisions: tuple[str, ...] = ("int8",),
) -> AdaptReport:
    """Trains `model` on `examples` with `replay` and writes the result to `out`, the guard folder
    `model` and the bundle `bundle` of it, unless the report has an objection: then nothing is
    written.

    `model` is a guard folder or a bundle, by default the embedded one. New cases are held out in
    `fold_count` folds, each by a training of its own, and the guard written has seen all of them;
    or `holdout_share` of them is held out once, and it has not seen those. `precisions` are names
    of `guardlet_export.targets.TARGETS`. Raises a BundleError, ModelError and DataError. After a
    ParityError, of the bundle, the guard folder is kept.
    """
    chosen = settings or AdaptSettings()
    check_free(out)
    with trainable(model, track) as guard:
        inputs = read_inputs(examples, replay, checks, guard.encoder())
        splits = _splits(inputs.cases, fold_count, holdout_share, chosen.seed)
        work = _Work(guard, inputs, chosen, track)
        tuned, held_out = work.tuned(splits, whole=holdout_share is None)
        sets = work.changes(tuned)
    name, version = guard.description["name"], guard.description["version"]
    report = AdaptReport(
        before=f"{name}@{version}",
        after=f"{name}@{raised(version)}",
        settings=chosen,
        data=inputs.report,
        sets=sets,
        held_out=held_out,
        objection=objection(sets, max_drop),
    )
    if report.objection is None:
        rows = [*inputs.cases, *inputs.replay]
        about = adapted_description(guard, rows, report.record())
        folder = out / MODEL_FOLDER
        write_guard_folder(folder, tuned, guard.tokenizer_json, about)
        log.info("exporting %s", report.after)
        export_bundle(folder, out / BUNDLE_FOLDER, precisions, track=track)
    return report


class _Work:
    """One adaptation: trains, and scores with the guard's own rules."""

    def __init__(
        self, guard: GuardFolder, inputs: Inputs, settings: AdaptSettings, track: Tracker
    ) -> None:
        self._guard, self._inputs, self._settings = guard, inputs, settings
        self._track = track
        self._encoder, self._rules = guard.encoder(), guard.score
        self._points: dict[str, OperatingPoint] = distinct_points(self._rules.operating_points)
        self._base = load_classifier(str(guard.folder))

    def tuned(self, splits: Sequence[Split], whole: bool) -> tuple[Any, Change | None]:
        """The tuned model, the last split's or one trained on all cases, and what happened to the
        cases held out."""
        cases, replay = self._inputs.cases, self._inputs.replay
        base = self._score(TorchEngine(self._base))
        labels: list[int] = []
        before: list[float] = []
        after: list[float] = []
        model = None
        for number, (trained, held) in enumerate(splits, 1):
            log.info("held-out cases, training %d of %d", number, len(splits))
            model = tune(self._guard, [cases[i] for i in trained], replay, self._settings)
            score = self._score(TorchEngine(model))
            for row in (cases[i] for i in held):
                labels.append(row.target)
                before.append(base(row.prompt, row.response))
                after.append(score(row.prompt, row.response))
        if model is None or whole:
            log.info("training on all %d new cases", len(cases))
            model = tune(self._guard, cases, replay, self._settings)
        return model, change(labels, before, after, self._points) if labels else None

    def changes(self, tuned: Any) -> dict[str, Change]:
        """What happened to each check set."""
        longest = self._guard.input.max_tokens
        engines = [fp32_engine(model, longest) for model in (self._base, tuned)]
        changes = {}
        for name, path in self._inputs.checks.items():
            (labels, before), (_, after) = (
                judge_rows(path, f"{name} {when}", self._score(engine), self._track)
                for when, engine in zip(("before", "after"), engines, strict=True)
            )
            changes[name] = change(labels, before, after, self._points)
        return changes

    def _score(self, engine: Engine) -> Score:
        def score(prompt: str, response: str | None) -> float:
            encoding = self._encoder.encode(prompt, response)
            return self._rules.worst(map(engine.logits, encoding.windows), encoding.judged)[0]

        return score


def _splits(cases: Sequence[Row], count: int, share: float | None, seed: int) -> list[Split]:
    if share is not None:
        return [holdout(cases, share, seed)]
    return folds(cases, count, seed) if count > 1 else []
