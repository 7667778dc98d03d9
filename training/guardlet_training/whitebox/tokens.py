"""Token substitution guided by the gradient (HotFlip, arXiv 1712.06751; GCG, arXiv 2307.15043)."""

from __future__ import annotations

import torch
from torch import Tensor

from guardlet_training.whitebox.outcome import Outcome
from guardlet_training.whitebox.settings import ProbeSettings
from guardlet_training.whitebox.student import Student
from guardlet_training.whitebox.subject import Subject, survives, texts

_TOP = 64


def substitute(
    student: Student, subject: Subject, settings: ProbeSettings, generator: torch.Generator
) -> Outcome:
    """Swaps one token a step, the best of the candidates, until the verdict turns.

    Candidates are the swaps that the gradient promises most of, half of them drawn among the 64
    best of each position, and of these the ones that survive being written as text.
    """
    types = torch.tensor(subject.types)
    ids = torch.tensor(subject.ids)
    sign = 1.0 if subject.harmful else -1.0
    best = sign * float(student.margins(ids[None], types))
    for step in range(settings.steps + 1):
        if student.reached(sign * best, subject.judged, subject.harmful):
            return _outcome(student, subject, ids, step)
        if step == settings.steps:
            break
        tried = _candidates(student, subject, ids, types, sign, settings.candidates, generator)
        kept = [row for row in tried if survives(subject, row.tolist(), student)]
        tried = torch.stack(kept) if kept else tried
        gains = sign * student.margins(tried, types)
        index = int(gains.argmax())
        if float(gains[index]) > best:
            best, ids = float(gains[index]), tried[index]
    return Outcome(False, False, settings.steps, _changed(subject, ids))


def _candidates(
    student: Student,
    subject: Subject,
    ids: Tensor,
    types: Tensor,
    sign: float,
    count: int,
    generator: torch.Generator,
) -> Tensor:
    """int64 [count, T]: `ids` with one token swapped each."""
    table, span = student.embeddings, slice(subject.begin, subject.end)
    _, gradient = student.gradient(table[ids.to(table.device)], types)
    # First order: moving an embedding by d changes the margin by gradient . d.
    gain = sign * gradient[span] @ table.T
    gain = gain - gain.gather(1, ids[span, None].to(table.device))
    gain[:, ~student.allowed] = -torch.inf
    values, tokens = gain.cpu().topk(min(_TOP, gain.shape[1]), dim=1)
    width = values.shape[1]
    sure = values.flatten().topk(min(count // 2, values.numel())).indices
    drawn = torch.randint(values.numel(), (count - len(sure),), generator=generator)
    chosen = torch.cat((sure, drawn))
    chosen = chosen[values.flatten()[chosen] > -torch.inf]
    swapped = ids.repeat(len(chosen), 1)
    swapped[torch.arange(len(chosen)), subject.begin + chosen // width] = tokens.flatten()[chosen]
    return swapped


def _outcome(student: Student, subject: Subject, ids: Tensor, steps: int) -> Outcome:
    prompt, response = texts(subject, ids.tolist(), student)
    readable = bool(student.encoder.tokenize(response or prompt)[0])
    as_text = readable and student.judges_harmful(prompt, response) == subject.harmful
    return Outcome(as_text, not as_text, steps, _changed(subject, ids))


def _changed(subject: Subject, ids: Tensor) -> float:
    return float((ids != torch.tensor(subject.ids)).sum())
