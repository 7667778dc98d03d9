"""Text to token windows. The rules are specified in docs/bundle-format.md, section "Encoding"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from tokenizers import Tokenizer

from guardlet.errors import EmptyInputError, EngineError, ManifestError, NotTextError
from guardlet.language import LanguageDetector, LanguageRules

Judged = Literal["prompt", "response"]


@dataclass(frozen=True)
class InputRules:
    """How text becomes windows: the manifest's `input` object.

    All lengths are counts of tokens, except `max_chars`, a count of Unicode code points.
    `language` is None where the guard makes no claim about languages.
    """

    max_tokens: int
    stride: int
    max_windows: int
    prompt_budget: int
    max_chars: int
    start: tuple[int, ...]
    middle: tuple[int, ...]
    end: tuple[int, ...]
    pad: int
    response_type: int
    language: LanguageRules | None

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> InputRules:
        """From decoded JSON, lists as tuples."""
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        if isinstance(language := fields.get("language"), Mapping):
            fields["language"] = LanguageRules(**language)
        return cls(**fields)

    @property
    def response_room(self) -> int:
        """Tokens of a response that a window shows at least, however long the prompt is."""
        pair = len(self.start) + len(self.middle) + len(self.end)
        return self.max_tokens - pair - self.prompt_budget

    def __post_init__(self) -> None:
        room = self.response_room
        if self.prompt_budget < 2 or self.max_windows < 2 or self.max_chars < 2:
            raise ValueError("prompt_budget, max_windows and max_chars must be at least 2")
        if not 0 <= self.stride < room:
            raise ValueError(
                f"stride {self.stride} must be at least 0 and below the {room} tokens that "
                f"max_tokens leaves to a response beside the prompt budget"
            )


@dataclass(frozen=True)
class Window:
    """One model input: `ids` and `type_ids` of equal length, special tokens included.

    `begin` and `end` are the token span of the judged text this window shows.
    """

    ids: tuple[int, ...]
    type_ids: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True)
class Encoding:
    """The windows of one check, in text order.

    `tokens` counts the tokens of prompt and response before any was left out, special tokens
    excluded. `truncated` is true when part of the judged text is in no window.
    `language_supported` is false when the judged text is in a language the guard does not read.
    """

    windows: tuple[Window, ...]
    judged: Judged
    tokens: int
    truncated: bool
    language_supported: bool


class Encoder:
    """Turns a prompt, or a prompt and a response, into windows. Thread-safe."""

    def __init__(self, tokenizer_json: str, rules: InputRules) -> None:
        """`tokenizer_json` is the text of a Hugging Face tokenizer.json.

        Raises ManifestError when it is not, or none that the rules' `language` is known for.
        """
        try:
            tokenizer = Tokenizer.from_str(tokenizer_json)
        except Exception:
            raise ManifestError(
                "the tokenizer.json cannot be read by this version of tokenizers; "
                "update tokenizers or get the bundle again"
            ) from None
        tokenizer.no_truncation()
        tokenizer.no_padding()
        # Without this a "[SEP]" typed by a user becomes the separator itself.
        tokenizer.encode_special_tokens = True
        self._tokenizer = tokenizer
        self.rules = rules
        # A Unigram vocabulary may hold "[SEP]" as an ordinary piece as well.
        self._reserved = frozenset((*rules.start, *rules.middle, *rules.end, rules.pad))
        self._detector = _detector(tokenizer, rules.language)

    @classmethod
    def from_file(cls, path: Path, rules: InputRules) -> Encoder:
        return cls(path.read_text(encoding="utf-8"), rules)

    def vocabulary(self) -> frozenset[str]:
        """Every entry of the tokenizer's vocabulary, word marks included."""
        return frozenset(self._tokenizer.get_vocab())

    def tokenize(self, text: str) -> tuple[list[int], bool]:
        """Ids of `text` without special tokens, and whether `max_chars` cut text away.

        Raises EngineError when the tokenizer itself fails.
        """
        clipped, cut = clip(replace_lone_surrogates(text), self.rules.max_chars)
        try:
            ids = self._tokenizer.encode(clipped, add_special_tokens=False).ids
        except Exception:
            raise EngineError("the tokenizer failed; get the bundle again") from None
        return [token for token in ids if token not in self._reserved], cut

    def encode(self, prompt: str, response: str | None = None) -> Encoding:
        """Windows for one check.

        Raises NotTextError when an argument is not a string, EmptyInputError when neither
        argument holds a token.
        """
        require_text("prompt", prompt)
        if response is not None:
            require_text("response", response)
        prompt_ids, prompt_cut = self.tokenize(prompt)
        response_ids, response_cut = self.tokenize(response) if response else ([], False)
        tokens = len(prompt_ids) + len(response_ids)
        if not tokens:
            raise EmptyInputError(
                "neither prompt nor response holds any readable text; check a non-empty string"
            )
        if response_ids:
            windows, dropped = self._pair_windows(prompt_ids, response_ids)
            cut, supported = response_cut, self.reads(response_ids)
            return Encoding(windows, "response", tokens, dropped or cut, supported)
        windows, dropped = self._prompt_windows(prompt_ids)
        # A response may lose all its readable text to `max_chars`: that must show as well.
        cut, supported = prompt_cut or response_cut, self.reads(prompt_ids)
        return Encoding(windows, "prompt", tokens, dropped or cut, supported)

    def reads(self, ids: Sequence[int]) -> bool:
        """Whether the text of these tokens is in a language the guard reads; true where the rules
        make no claim."""
        return self._detector is None or self._detector.supports(ids)

    def encode_tail(self, prompt: list[int], tail: list[int], tokens: int) -> Encoding:
        """The last window of a response of `tokens` tokens of which `tail` are the last.

        Both lists are ids as `tokenize` gives them. `truncated` is true when the window does not
        show the whole response; `language_supported` is about the part it shows.
        """
        last = self._pair_windows(prompt, tail)[0][-1]
        supported = self.reads(tail[last.begin :])
        before = tokens - len(tail)
        window = replace(last, begin=before + last.begin, end=before + last.end)
        return Encoding((window,), "response", len(prompt) + tokens, window.begin > 0, supported)

    def _prompt_windows(self, ids: list[int]) -> tuple[tuple[Window, ...], bool]:
        rules = self.rules
        room = rules.max_tokens - len(rules.start) - len(rules.end)
        spans, dropped = window_spans(len(ids), room, rules.stride, rules.max_windows)
        windows = []
        for begin, end in spans:
            full = (*rules.start, *ids[begin:end], *rules.end)
            windows.append(Window(full, (0,) * len(full), begin, end))
        return tuple(windows), dropped

    def _pair_windows(
        self, prompt: list[int], response: list[int]
    ) -> tuple[tuple[Window, ...], bool]:
        rules = self.rules
        space = rules.max_tokens - len(rules.start) - len(rules.middle) - len(rules.end)
        kept = head_and_tail(prompt, max(rules.prompt_budget, space - len(response)))
        spans, dropped = window_spans(
            len(response), space - len(kept), rules.stride, rules.max_windows
        )
        first = (*rules.start, *kept, *rules.middle)
        windows = []
        for begin, end in spans:
            second = (*response[begin:end], *rules.end)
            types = (0,) * len(first) + (rules.response_type,) * len(second)
            windows.append(Window(first + second, types, begin, end))
        return tuple(windows), dropped


def _detector(tokenizer: Tokenizer, rules: LanguageRules | None) -> LanguageDetector | None:
    try:
        return None if rules is None else LanguageDetector(tokenizer, rules)
    except ValueError as error:
        raise ManifestError(
            f"input/language does not fit the tokenizer.json ({error}); get the bundle again or "
            f"export it again with language: null"
        ) from None


def head_and_tail(ids: list[int], budget: int) -> list[int]:
    """All of `ids`, or its first ceil(budget/2) and last floor(budget/2) tokens."""
    if len(ids) <= budget:
        return ids
    tail = budget // 2
    return ids[: budget - tail] + ids[len(ids) - tail :]


def window_spans(
    length: int, room: int, stride: int, max_windows: int
) -> tuple[list[tuple[int, int]], bool]:
    """Spans of at most `room` tokens over `length`, neighbours sharing at least `stride`.

    The last span ends at the last token. Of more than `max_windows` spans the first ceil(m/2)
    and the last floor(m/2) stay, and the second result is true.
    """
    if length <= room:
        return [(0, length)], False
    step = room - stride
    count = 1 + -(-(length - room) // step)
    last = length - room
    starts = [min(i * step, last) for i in range(count)]
    dropped = count > max_windows
    if dropped:
        starts = head_and_tail(starts, max_windows)
    return [(start, start + room) for start in starts], dropped


def clip(text: str, max_chars: int) -> tuple[str, bool]:
    """All of `text`, or its first and last `max_chars // 2` code points; true when cut."""
    if len(text) <= max_chars:
        return text, False
    half = max_chars // 2
    return text[:half] + text[-half:], True


def replace_lone_surrogates(text: str) -> str:
    """`text` with each unpaired surrogate as U+FFFD, which is what UTF-8 can carry."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def require_text(name: str, value: object) -> None:
    """Raises NotTextError, which does not carry the value, unless it is a string."""
    if not isinstance(value, str):
        raise NotTextError(f"{name} must be a str, not {type(value).__name__}")
