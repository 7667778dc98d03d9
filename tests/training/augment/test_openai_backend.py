"""A server with OpenAI's chat completions, over HTTP: what it is asked, and how it may fail."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from chat_server import ChatServer, answers_anew, completion, continues, echoes, serving

from guardlet.errors import BackendError
from guardlet_training.augment.backends.backend import Backend, BackendSpec, Chat, Sampling

PREFILLED = [Chat(f"request {n}", "I have an idea:") for n in range(6)]
SEEDS = list(range(100, 106))
EXPECTED = [f" number {seed}" for seed in SEEDS]


@contextmanager
def opened(server: ChatServer, **options: Any) -> Iterator[Backend]:
    with serving(server):
        backend = BackendSpec("openai", "m", {"base_url": server.url, **options}).open()
        try:
            yield backend
        finally:
            backend.close()


@pytest.mark.parametrize("speak", [continues, echoes])
def test_continues_a_begun_turn_and_leaves_out_the_prefill(speak: Any) -> None:
    server = ChatServer(speak)
    with opened(server) as backend:
        assert backend.complete(PREFILLED, Sampling(0.5, 0.9, 7), SEEDS) == EXPECTED
        assert len(backend.revision or "") == 16
    body = next(body for body in server.bodies if body["seed"] == 100)
    assert body["messages"][-1] == {"role": "assistant", "content": "I have an idea:"}
    assert (body["continue_final_message"], body["add_generation_prompt"]) == (True, False)
    assert body["chat_template_kwargs"] == {"enable_thinking": False}
    assert (body["temperature"], body["top_p"], body["max_tokens"]) == (0.5, 0.9, 7)


def test_a_server_that_answers_anew_is_refused_before_it_is_asked_for_anything() -> None:
    server = ChatServer(answers_anew)
    with opened(server) as backend:
        with pytest.raises(BackendError, match="does not continue an assistant's turn"):
            backend.complete(PREFILLED, Sampling(), SEEDS)
        assert len(server.bodies) == 1
        answer = backend.complete([Chat("hello")], Sampling(), [1])
        assert not {"continue_final_message", "chat_template_kwargs"} & server.bodies[-1].keys()
    assert answer == ["Paris is the capital of France."]


def test_a_server_that_knows_no_such_argument_is_refused() -> None:
    with (
        opened(ChatServer(strict=True)) as backend,
        pytest.raises(BackendError, match=r"refuses to continue an assistant's turn \(HTTP 400\)"),
    ):
        backend.complete(PREFILLED, Sampling(), SEEDS)


def test_a_model_too_weak_for_the_test_can_be_trusted() -> None:
    with opened(ChatServer(lambda body: " babble"), probe=False) as backend:
        assert backend.complete(PREFILLED[:1], Sampling(), [1]) == [" babble"]


def test_passing_faults_are_tried_again() -> None:
    server = ChatServer(failing=[429, 500, 503, 429])
    with opened(server, concurrency=1, probe=False) as backend:
        assert backend.complete(PREFILLED, Sampling(), SEEDS) == EXPECTED
    assert len(server.bodies) == len(PREFILLED) + 4


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (500, "answered HTTP 500"),
        (401, "answered HTTP 401"),
        (b"<html>welcome</html>", "not with a chat completion"),
        (b'{"choices": []}', "not with a chat completion"),
        (b'{"object": "list"}', "not with a chat completion"),
        (b'"hello"', "not with a chat completion"),
        (completion(None), "not with a chat completion"),
    ],
)
def test_lasting_faults_and_nonsense_are_errors_without_the_text(
    fault: int | bytes, reason: str
) -> None:
    server = ChatServer(failing=[fault] * 40)
    with (
        opened(server, max_retries=1, probe=False) as backend,
        pytest.raises(BackendError, match=reason) as caught,
    ):
        backend.complete(PREFILLED, Sampling(), SEEDS)
    assert "request" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_answer_that_a_filter_cut_is_empty() -> None:
    server = ChatServer(failing=[completion(None, "content_filter")])
    with opened(server, probe=False) as backend:
        assert backend.complete(PREFILLED[:1], Sampling(), [1]) == [""]


def test_a_server_that_is_down_or_slow_is_an_error() -> None:
    server = ChatServer(delay=0.5)
    with (
        opened(server, max_retries=0, timeout=0.05, probe=False) as slow,
        pytest.raises(BackendError, match="did not answer in time"),
    ):
        slow.complete(PREFILLED[:1], Sampling(), [1])
    with pytest.raises(BackendError, match="no server answers at"):
        BackendSpec("openai", "m", {"base_url": server.url, "max_retries": 0}).open()


def test_without_an_address_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(BackendError, match="give its address"):
        BackendSpec("openai", "m", {}).open()


def test_no_more_requests_are_open_than_allowed() -> None:
    server = ChatServer(delay=0.02)
    with opened(server, concurrency=3, probe=False) as backend:
        backend.complete(PREFILLED * 2, Sampling(), SEEDS * 2)
    assert 1 < server.most_open <= 3


def test_requests_and_their_repetitions_keep_to_the_rate() -> None:
    server = ChatServer(failing=[429])
    with opened(server, requests_per_minute=1200, probe=False) as backend:
        begun = time.monotonic()
        backend.complete(PREFILLED, Sampling(), SEEDS)
        taken = time.monotonic() - begun
    # One each 50 ms: the six and the one that was repeated cannot have been faster than this.
    assert taken >= 0.05 * (len(server.bodies) - 1)
    assert len(server.bodies) == 7
