"""Any server with OpenAI's chat completions: vLLM, SGLang, llama.cpp, Ollama and others."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import openai
from aiolimiter import AsyncLimiter

from guardlet.errors import BackendError
from guardlet_training.augment.backends.backend import Chat, Sampling
from guardlet_training.augment.backends.messages import (
    NO_THINKING,
    messages,
    template_options,
    without_prefill,
)
from guardlet_training.augment.backends.prefill_probe import PROBES, Probe

T = TypeVar("T")
_LASTING = ("id", "root", "owned_by", "meta")
"""What a server says of a model that stays the same when the server is started again."""


class OpenAIBackend:
    """Sends the chats of a call together, at most `concurrency` at a time.

    Timeouts, HTTP 408, 409, 429 and 5xx are tried again by the client, with growing pauses or the
    one the server asks for. The same seed gives the same text as far as the server keeps its word.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        concurrency: int = 16,
        requests_per_minute: float | None = None,
        max_retries: int = 5,
        timeout: float = 120.0,
        probe: bool = True,
    ) -> None:
        """Looks the model up. The key is OPENAI_API_KEY, the address OPENAI_BASE_URL when no
        `base_url` is given; `requests_per_minute` counts repeated ones too, `timeout` is in
        seconds. Without `probe`, the server is trusted to continue an assistant's turn. Raises
        BackendError when no server answers."""
        self.model = model
        self._probe = probe
        self._url = base_url or os.environ.get("OPENAI_BASE_URL")
        if self._url is None:
            raise BackendError("which server? give its address, like http://localhost:8000/v1")
        self._slots = asyncio.Semaphore(concurrency)
        hooks = [_paced(requests_per_minute)] if requests_per_minute else []
        self._client = openai.AsyncOpenAI(
            base_url=self._url,
            api_key=os.environ.get("OPENAI_API_KEY") or "none",
            max_retries=max_retries,
            timeout=timeout,
            http_client=openai.DefaultAsyncHttpxClient(event_hooks={"request": hooks}),
        )
        self._loop = asyncio.Runner()
        try:
            self.revision: str | None = self._run(self._described())
        except BaseException:
            self.close()
            raise

    def complete(
        self, chats: Sequence[Chat], sampling: Sampling, seeds: Sequence[int]
    ) -> list[str]:
        """One continuation a chat. Raises BackendError when the server fails after all retries,
        answers with something else, or does not continue an assistant's turn."""
        if self._probe and any(chat.prefill for chat in chats):
            self._run(self._check_continues())
            self._probe = False
        return self._run(self._complete_all(chats, sampling, seeds))

    def close(self) -> None:
        """Closes the connections."""
        self._loop.run(self._client.close())
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return self._loop.run(work)
        except openai.APIStatusError as error:
            raise BackendError(f"{self._url} answered HTTP {error.status_code}") from None
        except openai.APITimeoutError:
            raise BackendError(f"{self._url} did not answer in time") from None
        except openai.APIConnectionError:
            raise BackendError(f"no server answers at {self._url}") from None
        except (openai.OpenAIError, ValueError):
            raise self._nonsense() from None

    async def _complete_all(
        self, chats: Sequence[Chat], sampling: Sampling, seeds: Sequence[int]
    ) -> list[str]:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._complete(chat, sampling, seed))
                    for chat, seed in zip(chats, seeds, strict=True)
                ]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _complete(self, chat: Chat, sampling: Sampling, seed: int) -> str:
        turns: Any = messages(chat)
        # Only where it is needed: servers that know none of it refuse requests that hold it.
        more = {**template_options(chat), "chat_template_kwargs": NO_THINKING}
        async with self._slots:
            answer = await self._client.chat.completions.create(
                model=self.model,
                messages=turns,
                temperature=sampling.temperature,
                top_p=sampling.top_p,
                max_tokens=sampling.max_new_tokens,
                seed=seed,
                extra_body=more if chat.prefill else None,
            )
        return without_prefill(chat, self._text(answer))

    def _text(self, answer: Any) -> str:
        """What the model said; nothing where a filter of the server's cut it."""
        try:
            choice = answer.choices[0]
            text, reason = choice.message.content, choice.finish_reason
        except (AttributeError, IndexError, TypeError):
            raise self._nonsense() from None
        if text is None and reason == "content_filter":
            return ""
        if not isinstance(text, str):
            raise self._nonsense()
        return text

    def _nonsense(self) -> BackendError:
        return BackendError(
            f"{self._url} answered, but not with a chat completion; is it the address of an "
            "OpenAI-compatible API (it often ends in /v1)?"
        )

    async def _check_continues(self) -> None:
        for probe in PROBES:
            try:
                text = await self._complete(probe.chat, Sampling(0.0, 1.0, Probe.TOKENS), 0)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                raise BackendError(
                    f"{self._url} refuses to continue an assistant's turn (HTTP "
                    f"{error.status_code}); a thinking model may have to be served without thinking"
                ) from None
            if not probe.continued(text):
                raise BackendError(
                    f"{self._url} does not continue an assistant's turn: asked to go on in the "
                    "middle of a word, it began anew. Use a server that does (vLLM, SGLang, "
                    "llama.cpp, Ollama), or no prefix; if the model is only too weak for the test, "
                    "leave the test out"
                )

    async def _described(self) -> str | None:
        """A digest of the server's own description of the model, None where it has none."""
        try:
            listed = await self._client.models.list()
            found = next((item for item in listed.data if item.id == self.model), None)
        except (openai.NotFoundError, AttributeError, TypeError):
            return None
        if found is None:
            return None
        lasting = {key: value for key, value in found.to_dict().items() if key in _LASTING}
        return hashlib.sha256(json.dumps(lasting, sort_keys=True).encode()).hexdigest()[:16]


open_backend = OpenAIBackend


def _paced(requests_per_minute: float) -> Any:
    """A hook that lets requests through one at a time, evenly, so that none come in bursts."""
    limiter = AsyncLimiter(1, 60 / requests_per_minute)

    async def wait(_: Any) -> None:
        await limiter.acquire()

    return wait
