"""Tokens to windows: spans, budgets, truncation, and rules that contradict themselves."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from runtime_helpers import CLS, RULES, SEP, sentence, word_ids

from guardlet.encoder import Encoder, InputRules, head_and_tail, window_spans

ROOM = RULES.max_tokens - 2
PAIR_SPACE = RULES.max_tokens - 3


@given(st.lists(st.integers(), max_size=30), st.integers(2, 20))
def test_head_and_tail_keep_the_two_ends(ids: list[int], budget: int) -> None:
    kept = head_and_tail(ids, budget)
    assert len(kept) == min(budget, len(ids))
    if len(ids) > budget:
        head = -(-budget // 2)
        assert kept == ids[:head] + ids[len(ids) - budget // 2 :]
    else:
        assert kept == ids


def test_a_long_prompt_keeps_its_budget_beside_a_long_response(encoder: Encoder) -> None:
    prompt, response = word_ids(sentence(40)), sentence(20)
    for window in encoder.encode(sentence(40), response).windows:
        assert window.ids[:6] == (CLS, *prompt[:2], *prompt[-2:], SEP)
        assert window.ids[6:-1] == word_ids(response)[window.begin : window.end]


@pytest.mark.parametrize("length", [1, 5, PAIR_SPACE - RULES.prompt_budget])
def test_a_long_prompt_gets_the_room_a_short_response_leaves(encoder: Encoder, length: int) -> None:
    prompt = list(word_ids(sentence(40)))
    (window,) = encoder.encode(sentence(40), sentence(length)).windows
    assert len(window.ids) == RULES.max_tokens
    kept = head_and_tail(prompt, PAIR_SPACE - length)
    assert window.ids == (CLS, *kept, SEP, *word_ids(sentence(length)), SEP)


@given(st.integers(0, 400), st.integers(1, 40), st.integers(0, 39), st.integers(2, 9))
def test_spans_cover_overlap_and_end_at_the_end(
    length: int, room: int, stride: int, limit: int
) -> None:
    assume(stride < room)
    spans, dropped = window_spans(length, room, stride, limit)
    everything, _ = window_spans(length, room, stride, 10**6)
    assert dropped == (len(everything) > limit)
    assert all(0 < end - begin <= room for begin, end in spans) or length == 0
    assert spans[0][0] == 0
    assert spans[-1][1] == length
    for (begin, end), (following, _) in pairwise(everything):
        assert begin < following <= end - stride
    seen = {token for begin, end in spans for token in range(begin, end)}
    if dropped:
        assert spans == everything[: -(-limit // 2)] + everything[-(limit // 2) :]
    else:
        assert spans == everything
        assert seen == set(range(length))


@pytest.mark.parametrize("response", [False, True])
@pytest.mark.parametrize("length", [1, 13, 14, 15, 24, 25, 26, 47, 48, 60])
def test_windows_show_every_token_unless_truncated(
    encoder: Encoder, length: int, response: bool
) -> None:
    text = sentence(length)
    encoding = encoder.encode("how", text) if response else encoder.encode(text)
    ids = word_ids(text)
    front = 3 if response else 1
    for window in encoding.windows:
        assert len(window.ids) == len(window.type_ids) <= RULES.max_tokens
        assert window.ids[front:-1] == ids[window.begin : window.end]
    room = PAIR_SPACE - 1 if response else ROOM
    most = room + (RULES.max_windows - 1) * (room - RULES.stride)
    assert encoding.truncated == (length > most)
    seen = {token for w in encoding.windows for token in range(w.begin, w.end)}
    assert encoding.truncated or seen == set(range(length))
    assert encoding.windows[-1].end == length


def test_too_many_windows_keep_the_first_and_the_last(encoder: Encoder) -> None:
    encoding = encoder.encode(sentence(200))
    step = ROOM - RULES.stride
    assert encoding.truncated
    assert [w.begin for w in encoding.windows] == [0, step, 16 * step, 200 - ROOM]
    assert encoding.tokens == 200


@pytest.mark.parametrize(
    "change",
    [
        {"prompt_budget": 1},
        {"max_windows": 1},
        {"max_chars": 1},
        {"stride": -1},
        {"stride": 9},
        {"stride": 10**9},
        {"prompt_budget": 10},
        {"max_tokens": 10},
        {"max_tokens": 0},
        {"start": (CLS,) * 8},
    ],
)
def test_rules_whose_lengths_contradict_each_other_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be at least"):
        replace(RULES, **change)


def test_the_longest_stride_that_fits_is_accepted() -> None:
    assert replace(RULES, stride=8).stride == 8


def test_rules_come_from_decoded_json() -> None:
    for rules in (RULES, replace(RULES, language=None)):
        assert InputRules.from_dict(json.loads(json.dumps(asdict(rules)))) == rules
