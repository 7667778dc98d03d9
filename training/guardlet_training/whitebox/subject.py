"""A row under attack: which of its tokens may change, and which text they would be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from guardlet.encoder import Encoder, Judged
from guardlet_training.rows import Row
from guardlet_training.whitebox.student import Student


@dataclass(frozen=True)
class Subject:
    """A row that fits into one window. `ids` and `types` are that window, a suffix included;
    tokens `begin` to `end` may change, which belong to the text that is `judged`. `harmful` is the
    verdict to reach."""

    row: Row
    ids: tuple[int, ...]
    types: tuple[int, ...]
    judged: Judged
    begin: int
    end: int
    suffix: bool
    harmful: bool


def subject_of(row: Row, student: Student, suffix: int, harmful: bool) -> Subject | None:
    """The row with a suffix of that many equal tokens, none for 0; None when it is too long.

    Raises EmptyInputError for a row without a readable token.
    """
    encoder = student.encoder
    encoding = encoder.encode(row.prompt, row.response)
    window, last = encoding.windows[0], len(encoder.rules.end)
    ids, types = list(window.ids), list(window.type_ids)
    too_long = len(encoding.windows) > 1 or encoding.truncated
    if too_long or len(ids) + suffix > encoder.rules.max_tokens:
        return None
    end = len(ids) - last
    begin = end - (window.end - window.begin)
    if suffix:
        begin = end
        ids[end:end] = [_filler(student)] * suffix
        types[end:end] = [types[end - 1]] * suffix
        end += suffix
    return Subject(row, tuple(ids), tuple(types), encoding.judged, begin, end, suffix > 0, harmful)


def texts(subject: Subject, ids: Sequence[int], student: Student) -> tuple[str, str | None]:
    """Prompt and response that show the window `ids` as text."""
    row = subject.row
    changed = student.tokenizer.decode(ids[subject.begin : subject.end], skip_special_tokens=False)
    if subject.suffix:
        changed = f"{row.response or row.prompt} {changed}"
    return (row.prompt, changed) if row.response else (changed, None)


def survives(subject: Subject, ids: Sequence[int], student: Student) -> bool:
    """Whether the window's text is tokenized to that window again."""
    prompt, response = texts(subject, ids, student)
    return _only_window(student.encoder, prompt, response) == tuple(ids)


def _only_window(encoder: Encoder, prompt: str, response: str | None) -> tuple[int, ...] | None:
    if not encoder.tokenize(response or prompt)[0]:
        return None
    windows = encoder.encode(prompt, response).windows
    return windows[0].ids if len(windows) == 1 else None


def _filler(student: Student) -> int:
    """What a suffix starts as: an exclamation mark, as in GCG (arXiv 2307.15043)."""
    allowed = student.allowed
    candidates: Iterable[int] = student.encoder.tokenize("! a")[0]
    usable = [token for token in candidates if allowed[token]]
    return usable[0] if usable else int(allowed.nonzero()[0])
