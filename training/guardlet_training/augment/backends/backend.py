"""What every back end does: completes chats, with the same text for the same seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal, Protocol

Kind = Literal["transformers", "vllm", "openai"]


@dataclass(frozen=True)
class Chat:
    """One request: a user's turn, and the words the assistant's turn already begins with."""

    user: str
    prefill: str = ""
    system: str | None = None


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn. Temperature 0 takes the most likely one."""

    temperature: float = 1.0
    top_p: float = 1.0
    max_new_tokens: int = 128


class Backend(Protocol):
    """An opened model. `model` is its id or path as given, `revision` a commit, a digest, or what
    a server says it is."""

    @property
    def model(self) -> str: ...

    @property
    def revision(self) -> str | None: ...

    def complete(
        self, chats: Sequence[Chat], sampling: Sampling, seeds: Sequence[int]
    ) -> list[str]:
        """What the model says in each chat, without the prefill; `seeds`, one a chat, decide what
        is random, and the other chats of the call change nothing. Raises BackendError."""
        ...

    def close(self) -> None:
        """Frees the model or ends the connection."""
        ...


@dataclass(frozen=True)
class BackendSpec:
    """Which back end a worker opens, and with what; it is pickled on the way there."""

    kind: Kind
    model: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def open(self) -> Backend:
        """Loads the model or connects to the server. Raises BackendError."""
        module = import_module(f"guardlet_training.augment.backends.{self.kind}")
        backend: Backend = module.open_backend(self.model, **self.options)
        return backend
