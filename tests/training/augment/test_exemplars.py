"""Examples come from harmful rows and are drawn by a row's own seed."""

from __future__ import annotations

from collections import Counter

import pytest

from guardlet.errors import DataError
from guardlet_training.augment.exemplars import LONGEST, Exemplars
from guardlet_training.augment.seeds import row_seed
from guardlet_training.rows import Row

ROWS = [
    Row("1", "first\n  thing", label=1),
    Row("2", "harmless", label=0),
    Row("3", "second thing"),
    Row("4", "first thing", label=1),
    Row("5", "third thing", soft_label=0.9),
    Row("6", "harmless too", soft_label=0.1),
    Row("7", " \n", label=1),
    Row("8", "x" * (LONGEST + 1), label=1),
]


def test_distinct_harmful_prompts_of_one_line_are_taken() -> None:
    found = Exemplars.of(ROWS, 3)
    assert list(found.texts) == ["first thing", "second thing", "third thing"]
    assert found.too_long == 1


@pytest.mark.parametrize(("rows", "k"), [([], 1), ([], 0), (ROWS[1:2], 1), (ROWS, 4)])
def test_too_few_are_an_error(rows: list[Row], k: int) -> None:
    with pytest.raises(DataError, match="exemplars a request need"):
        Exemplars.of(rows, k)


def test_samples_differ_by_seed_alone_and_hold_none_twice() -> None:
    found = Exemplars([str(n) for n in range(20)], 0)
    samples = [tuple(found.sample(3, row_seed(1, f"row-{n}"))) for n in range(300)]
    assert samples[7] == tuple(found.sample(3, row_seed(1, "row-7")))
    assert all(len(set(sample)) == 3 for sample in samples)
    assert len(set(samples)) > 280
    counts = Counter(text for sample in samples for text in sample)
    assert len(counts) == 20 and max(counts.values()) < 3 * min(counts.values())


def test_seeds_are_fixed_numbers_of_31_bits() -> None:
    """Runs that are taken up years later need the same ones."""
    assert row_seed(42, "generated-0000000") == 1609183652
    assert row_seed(43, "generated-0000000") != row_seed(42, "generated-0000000")
    assert all(0 <= row_seed(1, str(n)) < 2**31 for n in range(1000))
