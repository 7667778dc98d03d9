"""A stream put on paper, so that another process can go on with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from guardlet.errors import StreamError
from guardlet.streaming.schedule import StreamSchedule

_FORMAT = 1


@dataclass(frozen=True)
class StreamState:
    """Field by field what docs/bundle-format.md, section "Streaming", lists."""

    bundle: str
    operating_point: str
    prompt: str
    schedule: StreamSchedule
    text: str
    rest: str
    surrogate: int | None
    waiting: tuple[int, ...]
    tail: tuple[int, ...]
    tokens: int
    streak: int
    flagged: bool

    def to_dict(self) -> dict[str, Any]:
        """For `json.dumps`. Holds the prompt and the response so far."""
        tree = {"format": _FORMAT} | asdict(self)
        return tree | {"waiting": list(self.waiting), "tail": list(self.tail)}

    @classmethod
    def from_dict(cls, tree: Any) -> StreamState:
        """From decoded JSON. Raises StreamError, without the text, when it is no state."""
        if not isinstance(tree, Mapping) or tree.get("format") != _FORMAT or tree.keys() != _KEYS:
            raise StreamError(f"this is no state of a stream, format {_FORMAT}")
        fields = {name: value for name, value in tree.items() if name != "format"}
        for name, value in fields.items():
            if not _VALID[name](value):
                raise StreamError(f"the state of the stream is malformed at {name!r}")
        if len(fields["tail"]) > fields["tokens"]:
            raise StreamError("the state of the stream is malformed at 'tail'")
        schedule = _schedule(fields["schedule"])
        ids = {name: tuple(fields[name]) for name in ("waiting", "tail")}
        return cls(**fields | ids | {"schedule": schedule})


def _schedule(tree: Mapping[str, Any]) -> StreamSchedule:
    if tree.keys() != StreamSchedule.__dataclass_fields__.keys():
        raise StreamError("the state of the stream is malformed at 'schedule'")
    return StreamSchedule(**tree)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _ids(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(map(_count, value))


def _surrogate(value: Any) -> bool:
    return value is None or (_count(value) and 0xD800 <= value <= 0xDBFF)


_VALID: dict[str, Callable[[Any], bool]] = {
    "bundle": _text,
    "operating_point": _text,
    "prompt": _text,
    "schedule": lambda value: isinstance(value, Mapping),
    "text": _text,
    "rest": _text,
    "surrogate": _surrogate,
    "waiting": _ids,
    "tail": _ids,
    "tokens": _count,
    "streak": _count,
    "flagged": lambda value: isinstance(value, bool),
}
_KEYS = {"format", *_VALID}
