"""When a stream is checked and how much of it a check reads."""

from __future__ import annotations

from dataclasses import dataclass

from guardlet.encoder import InputRules
from guardlet.errors import StreamError


@dataclass(frozen=True)
class StreamSchedule:
    """All are counts of tokens of the response, except `hits`.

    The first check comes after `first` tokens, the next after every `every` more. Each reads one
    window: the prompt, the tokens since the last check and up to `context` before those; None is
    as many as fit. `hits` harmful checks in a row flag the stream.

    Cost: a response of n tokens takes 1 + floor((n - first) / every) windows of the prompt and at
    most every + context tokens, so (every + context) / every window tokens (1.75 as set here)
    and 1 / every prompts for each token, and one full check at the end.
    """

    first: int = 16
    every: int = 32
    # Harm that began lately is lost to the guard among much harmless text before it.
    context: int | None = 24
    hits: int = 2

    def __post_init__(self) -> None:
        """Raises StreamError for what is no count."""
        for name, least in (("first", 1), ("every", 1), ("hits", 1), ("context", 0)):
            value = getattr(self, name)
            if name == "context" and value is None:
                continue
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise StreamError(f"{name} must be a whole number from {least}")

    def require_fit(self, rules: InputRules) -> None:
        """Raises StreamError when a check would leave out some of the new tokens."""
        room = rules.response_room
        new = self.every + (self.context or 0)
        if max(self.first, new) > room:
            raise StreamError(
                f"a window of this bundle has room for {room} tokens of a response beside the "
                f"prompt; choose first, and every with context, of at most that"
            )

    def shown(self, tokens: int, new: int) -> int:
        """How many of the last of `tokens` tokens a check is to read; `new` came since the last."""
        return tokens if self.context is None else min(tokens, new + self.context)


DEFAULT_SCHEDULE = StreamSchedule()
