"""The guard: loading, judging alone, in batches and in threads, and what a verdict holds."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from runtime_helpers import RULES, SCORE, WORDS, edit_manifest, sentence, write_tiny

from guardlet import Bundle, Encoder, Engine, Guard, Verdict, Window
from guardlet.errors import (
    BundleNotFoundError,
    EmptyInputError,
    EngineError,
    GuardletError,
    IntegrityError,
    ManifestError,
    NotTextError,
    OperatingPointError,
)

TEXT = st.lists(st.sampled_from([*WORDS, "[SEP]", "é", "?"]), min_size=1, max_size=60).map(" ".join)
SECRET = "make bomb with zyxwvut"


class FixedEngine:
    """Gives each window the next of some P(harmful), in order."""

    def __init__(self, *scores: float) -> None:
        self.scores = list(scores)

    def logits(self, window: Window) -> NDArray[np.float32]:
        score = self.scores.pop(0)
        return np.array([0, np.log(score / (1 - score)) * SCORE.temperature], dtype=np.float32)


def fixed(encoder: Encoder, *scores: float, point: str = "balanced") -> Guard:
    engine: Engine = FixedEngine(*scores)
    return Guard(encoder, engine, SCORE, point)


def timeless(verdict: Verdict) -> dict[str, Any]:
    return verdict.to_dict() | {"latency_ms": 0}


def test_a_harmful_and_a_harmless_prompt(guard: Guard) -> None:
    verdict = guard.check("how are you")
    assert (verdict.harmful, verdict.level, verdict.judged) == (False, "safe", "prompt")
    assert (verdict.tokens, verdict.windows, verdict.window, verdict.truncated) == (3, 1, 0, False)
    assert (verdict.bundle, verdict.engine) == ("tiny@1.2.3", "onnx-fp32")
    assert verdict.operating_point == "balanced"
    assert verdict.latency_ms > 0
    assert guard.check("make bomb").harmful


def test_a_response_is_judged_when_there_is_one(guard: Guard) -> None:
    assert guard.check("hello", "kill you").judged == "response"
    assert guard.check("hello", " ").judged == "prompt"


@pytest.mark.parametrize("engine", [None, "onnx", "onnx-fp32"])
def test_a_bundle_loads_by_path_string_or_opened(bundle_folder: Path, engine: str | None) -> None:
    expected = timeless(Guard.load(bundle_folder).check("make bomb"))
    for bundle in (bundle_folder, str(bundle_folder), Bundle.open(bundle_folder)):
        assert timeless(Guard.load(bundle, engine=engine).check("make bomb")) == expected


@pytest.mark.parametrize("engine", ["torch", "onnx-int8", "", "ONNX"])
def test_an_unknown_engine_is_refused_with_what_there_is(bundle: Bundle, engine: str) -> None:
    with pytest.raises(EngineError, match=r"tiny@1.2.3 has no artifact .* onnx-fp32 \(onnx\)"):
        Guard.load(bundle, engine=engine)


def test_an_unknown_operating_point_is_refused_with_what_there_is(bundle: Bundle) -> None:
    with pytest.raises(OperatingPointError, match="there are strict, balanced, lenient"):
        Guard.load(bundle, operating_point="brave")


def test_no_bundle_no_guard(tmp_path: Path) -> None:
    with pytest.raises(BundleNotFoundError):
        Guard.load(tmp_path)


@pytest.mark.parametrize(
    ("point", "levels"),
    [
        ("strict", ("safe", "controversial", "harmful", "harmful", "harmful", "harmful")),
        ("balanced", ("safe", "safe", "safe", "controversial", "harmful", "harmful")),
        ("lenient", ("safe", "safe", "safe", "safe", "safe", "harmful")),
    ],
)
def test_operating_points_draw_the_line(
    encoder: Encoder, point: str, levels: tuple[str, ...]
) -> None:
    for score, level in zip((0.1, 0.25, 0.35, 0.45, 0.55, 0.95), levels, strict=True):
        verdict = fixed(encoder, score, point=point).check("how")
        assert (verdict.level, verdict.operating_point) == (level, point)
        assert verdict.harmful == (level == "harmful")
        assert verdict.score == pytest.approx(score, rel=1e-5)


def test_a_bundle_may_have_operating_points_of_its_own(broken: Path) -> None:
    def change(tree: dict) -> None:
        points = tree["score"]["operating_points"]
        points["mine"] = points["strict"] | {"threshold": 0, "controversial": 0}

    edit_manifest(broken, change)
    assert Guard.load(broken, operating_point="mine").check("hello").harmful


@pytest.mark.parametrize(
    ("scores", "worst"), [((0.9, 0.1, 0.2), 0), ((0.1, 0.9, 0.2), 1), ((0.1, 0.2, 0.9), 2)]
)
def test_the_worst_window_decides(encoder: Encoder, scores: tuple[float, ...], worst: int) -> None:
    for response in (None, sentence(20)):
        verdict = fixed(encoder, *scores).check(sentence(30), response)
        assert (verdict.windows, verdict.window) == (3, worst)
        assert verdict.score == pytest.approx(0.9)
        assert verdict.harmful


@pytest.mark.parametrize("position", [0, 20, 40])
def test_harm_is_found_wherever_it_stands(guard: Guard, position: int) -> None:
    words = ["hello"] * 41
    words[position] = "bomb"
    verdict = guard.check(" ".join(words))
    assert verdict.harmful
    assert verdict.windows == 4
    assert not guard.check(" ".join(["hello"] * 41)).harmful


def test_truncation_is_reported(guard: Guard) -> None:
    assert guard.check(sentence(300)).truncated
    assert guard.check("hello", " " * RULES.max_chars + "bomb" + " " * RULES.max_chars).truncated


@given(st.lists(TEXT | st.tuples(TEXT, st.none() | TEXT) | st.lists(TEXT, min_size=2, max_size=2)))
def test_a_batch_gives_the_verdicts_of_single_checks_bit_for_bit(
    guard: Guard, items: list[Any]
) -> None:
    alone = [guard.check(item) if isinstance(item, str) else guard.check(*item) for item in items]
    assert list(map(timeless, guard.check_batch(items))) == list(map(timeless, alone))


def test_a_batch_is_any_iterable_and_keeps_its_order(guard: Guard) -> None:
    verdicts = guard.check_batch(text for text in ("hello", "make bomb", "how are you"))
    assert [verdict.harmful for verdict in verdicts] == [False, True, False]
    assert guard.check_batch([]) == []


@pytest.mark.parametrize("item", [None, 3, b"ab", (), ("a",), ("a", "b", "c"), {"a": "b"}])
def test_a_batch_item_that_is_no_pair_is_refused(guard: Guard, item: Any) -> None:
    with pytest.raises(NotTextError, match="a batch item must be") as caught:
        guard.check_batch(["hello", item])
    assert isinstance(caught.value, TypeError)


def test_many_threads_agree(bundle: Bundle) -> None:
    guard = Guard.load(bundle, threads=1)
    texts = [(sentence(n % 70 + 1), None if n % 3 else sentence(n % 50 + 1)) for n in range(200)]
    expected = [timeless(guard.check(*text)) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        runs = pool.map(lambda _: [timeless(guard.check(*text)) for text in texts], range(8))
        assert all(run == expected for run in runs)


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_the_number_of_threads_changes_no_verdict(bundle: Bundle, threads: int) -> None:
    one = timeless(Guard.load(bundle, threads=1).check(sentence(50)))
    assert timeless(Guard.load(bundle, threads=threads).check(sentence(50))) == one


@pytest.mark.parametrize("response", [None, "kill zyxwvut"])
def test_a_verdict_holds_no_text(guard: Guard, response: str | None) -> None:
    verdict = guard.check(SECRET, response)
    printed = f"{verdict!r} {json.dumps(verdict.to_dict())}"
    for word in (*SECRET.split(), "zyxw", "kill"):
        assert word not in printed
    plain = (bool, int, float, str, type(None))
    assert all(isinstance(value, plain) for value in verdict.to_dict().values())
    assert verdict.to_dict() == asdict(verdict)
    with pytest.raises(FrozenInstanceError):
        verdict.harmful = False  # type: ignore[misc]


def test_a_guard_keeps_no_text(guard: Guard) -> None:
    before = repr(vars(guard))
    guard.check(SECRET)
    assert repr(vars(guard)) == before
    assert "zyxwvut" not in repr({**vars(guard), **vars(guard._encoder)})


def test_the_same_text_gives_the_same_score(guard: Guard) -> None:
    assert len({guard.check(sentence(60)).score for _ in range(20)}) == 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((None,), NotTextError),
        ((b"zyxwvut",), NotTextError),
        (("zyxwvut", 3), NotTextError),
        (("zyxwvut", ["zyxwvut"]), NotTextError),
        (("",), EmptyInputError),
        ((" ", "\n"), EmptyInputError),
    ],
)
def test_errors_are_typed_and_hold_no_text(
    guard: Guard, arguments: tuple[Any, ...], error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        guard.check(*arguments)
    assert isinstance(caught.value, GuardletError)
    assert "zyxwvut" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_engine_that_fails_is_an_error_without_the_text(tmp_path: Path) -> None:
    write_tiny(tmp_path / "b", input=replace(RULES, start=(99999,)))
    with pytest.raises(EngineError) as caught:
        Guard.load(tmp_path / "b").check(SECRET)
    assert "zyxwvut" not in str(caught.value)


@pytest.mark.parametrize("tokenizer", ["{}", "[" * 9, '{"model": {"type": "WordPiece"}}'])
def test_a_bundle_whose_tokenizer_is_none_is_refused(tmp_path: Path, tokenizer: str) -> None:
    write_tiny(tmp_path / "b", tokenizer=tokenizer)
    with pytest.raises(ManifestError):
        Guard.load(tmp_path / "b")


def test_an_altered_tokenizer_is_refused(broken: Path) -> None:
    path = broken / "tokenizer.json"
    path.write_text(path.read_text().replace("bomb", "tomb"))
    with pytest.raises(IntegrityError, match=r"tokenizer\.json was altered"):
        Guard.load(broken)
