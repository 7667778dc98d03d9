"""What vLLM is asked, seen by a stand-in: the engine needs a GPU. Its real API is
https://docs.vllm.ai/en/latest/api/vllm/entrypoints/llm.html."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from tiny_chat import save_tiny_chat

from guardlet.errors import BackendError
from guardlet_training.augment.backends.backend import Backend, BackendSpec, Chat, Sampling
from guardlet_training.augment.backends.options import pinned

CHATS = [Chat("one", "Sure:"), Chat("two", system="be kind"), Chat("three", "Well,")]


@dataclass
class StandIn(ModuleType):
    """Takes keywords alone where vLLM does, and answers with the number of the request."""

    template: str | None = "{{ messages }}"
    engine: dict[str, Any] = field(default_factory=dict)
    calls: list[dict[str, Any]] = field(default_factory=list)
    echo: str = ""

    def __post_init__(self) -> None:
        super().__init__("vllm")

    @staticmethod
    def SamplingParams(*, temperature: float, top_p: float, max_tokens: int, seed: int) -> Any:  # noqa: N802
        return SimpleNamespace(
            temperature=temperature, top_p=top_p, max_tokens=max_tokens, seed=seed
        )

    def LLM(self, model: str, **options: Any) -> Any:  # noqa: N802
        self.engine |= {"model": model, **options}
        return SimpleNamespace(
            chat=self.chat,
            get_tokenizer=lambda: SimpleNamespace(chat_template=self.template),
        )

    def chat(
        self,
        messages: list[list[dict[str, str]]],
        sampling_params: list[Any],
        *,
        use_tqdm: bool,
        chat_template_kwargs: dict[str, bool],
        continue_final_message: bool,
        add_generation_prompt: bool,
    ) -> list[Any]:
        if continue_final_message and add_generation_prompt:
            raise ValueError("both")
        if any((turns[-1]["role"] == "assistant") != continue_final_message for turns in messages):
            raise ValueError("an open turn in a call that closes all, or the other way round")
        assert chat_template_kwargs == {"enable_thinking": False}
        self.calls.append({"messages": messages, "params": sampling_params})
        return [
            SimpleNamespace(outputs=[SimpleNamespace(text=f"{self.echo}{params.seed}")])
            for params in sampling_params
        ]


@pytest.fixture
def vllm(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    module = StandIn()
    monkeypatch.setitem(sys.modules, "vllm", module)
    return module


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_chat(tmp_path_factory.mktemp("tiny-chat"))


def opened(folder: Path, **options: Any) -> Backend:
    return BackendSpec("vllm", str(folder), options).open()


def test_continues_begun_turns_and_opens_the_others(vllm: StandIn, folder: Path) -> None:
    backend = opened(folder, tensor_parallel=2, max_length=2048)
    assert backend.complete(CHATS, Sampling(0.5, 0.9, 7), [4, 5, 6]) == ["4", "5", "6"]
    assert vllm.engine["tensor_parallel_size"] == 2
    assert vllm.engine["max_model_len"] == 2048
    begun, opening = vllm.calls
    assert [turns[-1]["content"] for turns in begun["messages"]] == ["Sure:", "Well,"]
    assert [turn["role"] for turn in opening["messages"][0]] == ["system", "user"]
    assert vars(begun["params"][1]) == {
        "temperature": 0.5,
        "top_p": 0.9,
        "max_tokens": 7,
        "seed": 6,
    }


def test_a_repeated_prefill_is_left_out(vllm: StandIn, folder: Path) -> None:
    vllm.echo = " Sure: "
    assert opened(folder).complete(CHATS[:1], Sampling(), [4]) == [" 4"]


def test_a_model_without_a_chat_template_is_refused(vllm: StandIn, folder: Path) -> None:
    vllm.template = None
    with pytest.raises(BackendError, match="no chat template"):
        opened(folder)


def test_what_vllm_refuses_is_an_error_without_the_text(vllm: StandIn, folder: Path) -> None:
    def chat(*_: Any, **__: Any) -> None:
        raise ValueError("the prompt 'one' is too long")

    vllm.chat = chat  # type: ignore[method-assign]
    with pytest.raises(BackendError, match="vLLM cannot complete") as caught:
        opened(folder).complete(CHATS, Sampling(), [0, 0, 0])
    assert "one" not in str(caught.value)


@pytest.mark.skipif(find_spec("vllm") is not None, reason="vLLM is installed")
def test_without_vllm_the_error_says_what_to_install(folder: Path) -> None:
    with pytest.raises(BackendError, match="pip install vllm"):
        opened(folder)
    with pytest.raises(BackendError, match="pip install vllm"):
        pinned(BackendSpec("vllm", str(folder), {}))
