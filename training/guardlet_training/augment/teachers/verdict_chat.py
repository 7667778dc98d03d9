"""How a Llama Guard is asked: its chat template, and the tokens its verdict may begin with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from guardlet.errors import TeacherError

_PROBE = "guardletprobe"
_LLAMA_3_HEADER = "<|end_header_id|>"
_FORMS: tuple[Callable[[str], Any], ...] = (str, lambda text: [{"type": "text", "text": text}])
"""Contents of a turn: text, or a list of parts, which Llama-Guard-3-1B's template takes."""


@dataclass(frozen=True)
class VerdictTokens:
    """Ids of the tokens that the words safe and unsafe may begin with."""

    safe: tuple[int, ...]
    unsafe: tuple[int, ...]


class VerdictChat:
    """Prompts and pairs as the token ids after which the model gives its verdict."""

    def __init__(self, model: str, tokenizer: Any) -> None:
        """`tokenizer` has a chat template. Raises TeacherError when that does not ask for a
        verdict, or when the tokenizer cannot tell safe from unsafe."""
        self._model = model
        self._tokenizer = tokenizer
        self._content = self._content_form()
        asked = self._text(_PROBE, None)
        if "unsafe" not in asked:
            raise TeacherError(
                f"the chat template of {model} does not ask whether a text is safe or unsafe; a "
                "teacher is a Llama Guard, a sequence classifier or a bundle"
            )
        self.tokens = self._verdict_tokens(asked)

    def encode(self, prompt: str, response: str | None) -> list[int]:
        """The chat up to the verdict. Raises TeacherError."""
        return self._ids(self._text(prompt, response))

    def _text(self, prompt: str, response: str | None) -> str:
        """The rendered chat. Llama-Guard-3 begins its answer with two line ends, which belong to
        the format of Llama 3 but not to its template: they are added (arXiv 2410.01524, code)."""
        text = self._render(self._content, prompt, response)
        if text is None:
            raise TeacherError(f"the chat template of {self._model} fails on a prompt or a pair")
        bare = text.rstrip("\n")
        return bare + "\n\n" if bare.endswith(_LLAMA_3_HEADER) else text

    def _render(
        self, content: Callable[[str], Any], prompt: str, response: str | None
    ) -> str | None:
        """None where the template refuses."""
        from jinja2 import TemplateError

        turns = [{"role": "user", "content": content(prompt)}]
        if response:
            turns.append({"role": "assistant", "content": content(response)})
        try:
            text: str = self._tokenizer.apply_chat_template(
                turns, tokenize=False, add_generation_prompt=True
            )
        except (TemplateError, TypeError, ValueError):
            return None
        return text

    def _content_form(self) -> Callable[[str], Any]:
        """The one with which the text gets through the template as it is."""
        for content in _FORMS:
            if _PROBE in (self._render(content, _PROBE, None) or ""):
                return content
        raise TeacherError(f"the chat template of {self._model} lets no text of a user through")

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def _verdict_tokens(self, asked: str) -> VerdictTokens:
        """After a line end the word stands alone; after [/INST] of Llama-Guard-1 it may also
        follow a space, which its tokenizer makes part of the token."""
        before = self._ids(asked)
        spaces = ("",) if asked[-1].isspace() else ("", " ")
        pairs = []
        for space in spaces:
            safe, unsafe = (
                self._next(asked + space + word, space + word, before)
                for word in ("safe", "unsafe")
            )
            if safe is not None and unsafe is not None and safe != unsafe:
                pairs.append((safe, unsafe))
        if not pairs:
            raise TeacherError(
                f"the tokenizer of {self._model} has no tokens by which the verdicts safe and "
                "unsafe begin differently; a teacher is a Llama Guard"
            )
        firsts, seconds = (tuple(dict.fromkeys(column)) for column in zip(*pairs, strict=True))
        return VerdictTokens(firsts, seconds)

    def _next(self, text: str, word: str, before: list[int]) -> int | None:
        """The token that follows `before` in `text`, or where the word melts into what is before
        it, the word's own first token; None when it is unknown."""
        ids = self._ids(text)
        own = ids[len(before) :] if ids[: len(before)] == before else self._ids(word)
        return own[0] if own and own[0] != self._tokenizer.unk_token_id else None
