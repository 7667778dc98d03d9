"""What there is to judge in a row: the turns of a chat, or a prompt and its answer.

Known are OpenAI `messages`, ShareGPT `conversations`, Alpaca and Dolly instructions, pairs of
prompt and response or completion (texts or lists of messages, as TRL takes them), preference pairs
(`chosen`) and a column `text`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_ANSWERS = frozenset(("assistant", "gpt", "chatgpt", "model", "bot", "bing", "bard"))
# What neither the user nor the model says. Any role not named here is judged like a user's.
_UNJUDGED = frozenset(("system", "developer", "tool", "function", "function_call", "observation"))
_CHATS = ("messages", "conversations", "conversation")
_PAIRS = (
    ("prompt", "response"),
    ("prompt", "completion"),
    ("instruction", "output"),
    ("instruction", "response"),
)
_CONTEXT = ("input", "context")
_SPEAKER = re.compile(r"\n\n(Human|Assistant):")


@dataclass(frozen=True)
class Turn:
    """One check: a prompt, or a response in its context. `name` is its place in the row, made of
    column names and positions: `messages[2]`."""

    name: str
    prompt: str
    response: str | None = None


@dataclass(frozen=True)
class Reading:
    """How a row was understood, and its turns with text in them."""

    format: str
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class _Message:
    name: str
    role: str
    text: str


class _UnknownFormError(Exception):
    """The row has a known column that holds something unknown."""


def read_row(
    row: Any, text_fields: Sequence[str] = (), answers_only: bool = False
) -> Reading | None:
    """The turns of a row, None when it is of no known form.

    `text_fields`, one column name or two (prompt and response), take the place of the forms.
    `answers_only` leaves out the prompts of a row that has answers.
    """
    if not isinstance(row, Mapping):
        return None
    try:
        form, messages = _own(row, text_fields) if text_fields else _known(row)
    except _UnknownFormError:
        return None
    turns = _turns(messages)
    answers = [turn for turn in turns if turn.response is not None]
    return Reading(form, tuple(answers if answers_only and answers else turns))


def _own(row: Mapping[str, Any], fields: Sequence[str]) -> tuple[str, list[_Message]]:
    messages = _side(row, fields[0], "user")
    if len(fields) > 1:
        messages += _side(row, fields[1], "assistant")
    return "text fields", messages


def _known(row: Mapping[str, Any]) -> tuple[str, list[_Message]]:
    for key in _CHATS:
        if row.get(key) is not None:
            return key, _side(row, key, "user")
    if "chosen" in row:
        return "chosen", _preference(row)
    for prompt, answer in _PAIRS:
        if prompt in row and answer in row:
            return f"{prompt}, {answer}", [*_asked(row, prompt), *_side(row, answer, "assistant")]
    for key in ("prompt", "instruction", "text"):
        if key in row:
            return key, _asked(row, key)
    raise _UnknownFormError


def _asked(row: Mapping[str, Any], key: str) -> list[_Message]:
    """The user's side, which in an instruction row continues in another column."""
    messages = _side(row, key, "user")
    if key != "instruction":
        return messages
    parts = [m.text for m in messages]
    parts += [m.text for name in _CONTEXT if name in row for m in _side(row, name, "user")]
    return [_Message(key, "user", "\n\n".join(part for part in parts if part.strip()))]


def _preference(row: Mapping[str, Any]) -> list[_Message]:
    """What training makes likelier: prompt and `chosen`, which may repeat the prompt."""
    chosen = _side(row, "chosen", "assistant")
    if isinstance(row["chosen"], str):
        chosen = _transcript("chosen", row["chosen"]) or chosen
    if "prompt" not in row or any(m.role not in _ANSWERS | _UNJUDGED for m in chosen):
        return chosen
    return [*_side(row, "prompt", "user"), *chosen]


def _transcript(name: str, text: str) -> list[_Message]:
    """Turns of a text in which each begins with `\\n\\nHuman:` or `\\n\\nAssistant:` (the form of
    Anthropic's hh-rlhf); none when it is not one."""
    first, *rest = _SPEAKER.split(text)
    if first.strip():
        return []
    pairs = zip(rest[::2], rest[1::2], strict=True)
    return [
        _Message(f"{name}[{i}]", "assistant" if speaker == "Assistant" else "user", said)
        for i, (speaker, said) in enumerate(pairs)
    ]


def _side(row: Mapping[str, Any], key: str, role: str) -> list[_Message]:
    """A column that holds a text, said by `role`, or a list of messages; None holds nothing."""
    if key not in row:
        raise _UnknownFormError
    value = row[key]
    if value is None:
        return []
    if isinstance(value, str):
        return [_Message(key, role, value)]
    if not isinstance(value, Sequence) or not value:
        raise _UnknownFormError
    return [_message(f"{key}[{i}]", item) for i, item in enumerate(value)]


def _message(name: str, item: Any) -> _Message:
    if not isinstance(item, Mapping):
        raise _UnknownFormError
    role = item.get("role") or item.get("from")
    if not isinstance(role, str):
        raise _UnknownFormError
    return _Message(name, role.lower(), _content(item.get("content", item.get("value"))))


def _content(content: Any) -> str:
    """A text, or the texts among a list of parts; calls of tools and images hold none."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence):
        raise _UnknownFormError
    texts = (part.get("text") if isinstance(part, Mapping) else part for part in content)
    return "\n".join(text for text in texts if isinstance(text, str))


def _turns(messages: Sequence[_Message]) -> list[Turn]:
    """Each of the user's messages as a prompt, each answer in the context of the one before it."""
    turns, prompt = [], ""
    for message in messages:
        if message.role in _UNJUDGED:
            continue
        if message.role in _ANSWERS:
            turn = Turn(message.name, prompt, message.text)
        else:
            prompt = message.text
            turn = Turn(message.name, prompt)
        if message.text.strip():
            turns.append(turn)
    return turns
