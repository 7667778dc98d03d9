"""The parts of an adaptation that need no training."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import tiny_classifier
from training_helpers import made_up_rows

from guardlet.errors import DataError
from guardlet.scoring import OperatingPoint
from guardlet_export.guard_folder import GuardFolder, GuardFolderError
from guardlet_training.adapt.describe import raised
from guardlet_training.adapt.held_out import folds, holdout
from guardlet_training.adapt.inputs import read_inputs
from guardlet_training.adapt.lora import merged, with_lora
from guardlet_training.adapt.method import Method
from guardlet_training.adapt.regression import change, distinct_points, objection
from guardlet_training.adapt.sampler import ReplaySampler
from guardlet_training.adapt.settings import AdaptSettings
from guardlet_training.rows import Row, write_rows

POINTS = {
    "strict": OperatingPoint(0.3, 0.2, "", ()),
    "balanced": OperatingPoint(0.5, 0.3, "", ()),
}


@given(
    new=st.integers(1, 30),
    replay=st.integers(1, 30),
    steps=st.integers(1, 9),
    size=st.integers(1, 9),
)
def test_every_batch_is_half_new_and_half_replayed(
    new: int, replay: int, steps: int, size: int
) -> None:
    sampler = ReplaySampler(new, [i % 2 for i in range(replay)], steps, size, seed=7)
    drawn = list(sampler)
    assert len(drawn) == len(sampler) == 2 * steps * size
    assert drawn == list(sampler)
    batches = [drawn[i : i + 2 * size] for i in range(0, len(drawn), 2 * size)]
    cases = [index for batch in batches for index in batch[:size]]
    assert all(0 <= index < new for index in cases)
    assert all(new <= index < new + replay for batch in batches for index in batch[size:])
    counts = [cases.count(index) for index in range(new)]
    assert max(counts) - min(counts) <= 1


def test_replay_is_balanced_by_label() -> None:
    labels = [1] + [0] * 99
    drawn = [index for index in ReplaySampler(5, labels, 400, 5, seed=0) if index >= 5]
    assert 0.4 < drawn.count(5) / len(drawn) < 0.6


@pytest.mark.parametrize("family", ["mini", "v3", "bert", "roberta"])
def test_merged_adapters_compute_the_same_function(family: str) -> None:
    model = tiny_classifier(family).eval()
    ids = torch.tensor([[2, 7, 9, 11, 30, 3]])
    plain = model(ids).logits
    keys = set(model.state_dict())
    wrapped = with_lora(model, rank=2, alpha=4)
    trained = [parameter for parameter in wrapped.parameters() if parameter.requires_grad]
    with torch.no_grad():
        for parameter in trained:
            parameter.add_(0.05)
    adapted = wrapped(input_ids=ids).logits
    assert not torch.allclose(adapted, plain, atol=1e-2)
    result = merged(wrapped)
    torch.testing.assert_close(result(ids).logits, adapted, atol=1e-5, rtol=1e-5)
    assert set(result.state_dict()) == keys
    assert sum(p.numel() for p in trained) < sum(p.numel() for p in result.parameters()) / 2


def test_folds_hold_out_every_row_once_and_keep_prompts_together() -> None:
    rows = [Row(f"{i}", f"prompt {i // 2}", f"answer {i}", label=(i // 2) % 2) for i in range(24)]
    splits = folds(rows, 4, seed=1)
    assert sorted(index for _, held in splits for index in held) == list(range(24))
    for trained, held in splits:
        assert not {rows[i].prompt for i in trained} & {rows[i].prompt for i in held}
        assert {rows[i].label for i in held} == {0, 1}
    assert folds(rows, 4, seed=1) == splits


def test_folds_of_one_class() -> None:
    splits = folds([Row(f"{i}", f"prompt {i}", label=1) for i in range(25)], 5, seed=0)
    assert [len(held) for _, held in splits] == [5] * 5


def test_holdout_is_a_share() -> None:
    trained, held = holdout(made_up_rows(40), 0.25, seed=0)
    assert len(held) == 10 and len(trained) == 30


@pytest.mark.parametrize("share", [0.0, 0.6, -1.0])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(DataError, match="share"):
        holdout(made_up_rows(40), share, seed=0)


def test_too_few_cases_for_the_folds() -> None:
    with pytest.raises(DataError, match="too few for 5 folds"):
        folds(made_up_rows(3), 5, seed=0)


def test_a_fall_within_the_limit_is_no_objection() -> None:
    labels, before = [1, 1, 0, 0], [0.9, 0.6, 0.4, 0.1]
    assert objection({"a": change(labels, before, before, POINTS)}, 0.0) is None
    worse = change(labels, before, [0.9, 0.45, 0.4, 0.1], POINTS)
    assert objection({"a": worse}, 0.4) is None
    assert "on a F1 at balanced went from 1.000 to 0.667" in str(objection({"a": worse}, 0.02))


@pytest.mark.parametrize(("label", "figure"), [(1, "recall"), (0, "the FPR")])
def test_sets_of_one_class_are_held_to_recall_or_false_positives(label: int, figure: str) -> None:
    low, high = [0.1] * 10, [0.1] * 9 + [0.9]
    before, after = (high, low) if label else (low, high)
    worse = change([label] * 10, before, after, POINTS)
    assert figure in str(objection({"a": worse}, 0.05))
    assert objection({"a": worse}, 0.1) is None
    better = change([label] * 10, after, before, POINTS)
    assert objection({"a": better}, 0.0) is None


def test_the_ranking_counts_even_when_no_verdict_changes() -> None:
    worse = change([1, 0, 1], [0.9, 0.1, 0.2], [0.9, 0.25, 0.2], POINTS)
    assert "AUPRC" in str(objection({"a": worse}, 0.02))


def test_operating_points_of_one_threshold_are_one() -> None:
    point = OperatingPoint(0.5, 0.5, "not calibrated", ())
    alike = dict.fromkeys(("strict", "balanced", "lenient"), point)
    assert distinct_points(alike) == {"balanced": point}
    assert list(distinct_points(POINTS)) == ["balanced", "strict"]


def test_versions_are_raised() -> None:
    assert raised("1.2.9") == "1.2.10"
    assert raised("0.1.0-rc1") == "0.1.1"
    with pytest.raises(GuardFolderError, match="version"):
        raised("one")


def test_rates_depend_on_the_method() -> None:
    assert AdaptSettings(Method.LORA).rate > AdaptSettings(Method.FULL).rate
    assert AdaptSettings(Method.FULL, learning_rate=0.5).training().learning_rate == 0.5


def test_replay_that_repeats_a_check_set_is_left_out(tiny_guard: Path, tmp_path: Path) -> None:
    rows = made_up_rows(12)
    for name, part in (("check", rows[:4]), ("replay", rows), ("new", made_up_rows(4, seed=9))):
        write_rows(tmp_path / f"{name}.jsonl", part)
    encoder = GuardFolder.open(tiny_guard).encoder()
    inputs = read_inputs(
        tmp_path / "new.jsonl",
        [str(tmp_path / "replay.jsonl")],
        {"check": tmp_path / "check.jsonl"},
        encoder,
    )
    assert [row.id for row in inputs.replay] == [row.id for row in rows[4:]]
    assert inputs.report["replay"]["overlapping_checks"] == 4


def test_replay_of_nothing_but_check_rows_is_refused(tiny_guard: Path, tmp_path: Path) -> None:
    rows = made_up_rows(12)
    write_rows(tmp_path / "same.jsonl", rows)
    write_rows(tmp_path / "new.jsonl", made_up_rows(4, seed=9))
    encoder = GuardFolder.open(tiny_guard).encoder()
    same = tmp_path / "same.jsonl"
    with pytest.raises(DataError, match="every row to replay"):
        read_inputs(tmp_path / "new.jsonl", [str(same)], {"check": same}, encoder)


@pytest.mark.parametrize("bare", ["new", "replay", "check"])
def test_files_without_labels_are_refused(tiny_guard: Path, tmp_path: Path, bare: str) -> None:
    for seed, name in enumerate(("new", "replay", "check")):
        rows = [Row("a", "apple")] if name == bare else made_up_rows(4, seed)
        write_rows(tmp_path / f"{name}.jsonl", rows)
    encoder = GuardFolder.open(tiny_guard).encoder()
    with pytest.raises(DataError, match=rf"{bare}\.jsonl has no labelled rows"):
        read_inputs(
            tmp_path / "new.jsonl",
            [str(tmp_path / "replay.jsonl")],
            {"check": tmp_path / "check.jsonl"},
            encoder,
        )
