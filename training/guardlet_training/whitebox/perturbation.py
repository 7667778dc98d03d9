"""A bounded perturbation of the word embeddings, which no text shows: the idea of DROJ, a soft
prompt along the gradient, turned on the guard; projected gradient steps (arXiv 1706.06083)."""

from __future__ import annotations

import torch

from guardlet_training.whitebox.outcome import Outcome
from guardlet_training.whitebox.settings import ProbeSettings
from guardlet_training.whitebox.student import Student
from guardlet_training.whitebox.subject import Subject

_STEPS_TO_THE_BOUND = 20


def perturb(student: Student, subject: Subject, settings: ProbeSettings) -> Outcome:
    """Moves the embeddings of the judged text until the verdict turns.

    The size is the norm of the move over all its tokens, divided by the norm of their embeddings;
    it never exceeds `settings.budget`, a twentieth of which is one step.
    """
    table = student.embeddings
    types = torch.tensor(subject.types)
    start = table[torch.tensor(subject.ids, device=table.device)]
    text = slice(subject.begin, subject.end)
    norm = float(start[text].norm())
    bound = settings.budget * norm
    sign = 1.0 if subject.harmful else -1.0
    move = torch.zeros_like(start)
    for step in range(settings.steps + 1):
        margin, gradient = student.gradient(start + move, types)
        size = float(move.norm()) / norm
        if student.reached(margin, subject.judged, subject.harmful):
            return Outcome(True, False, step, size)
        direction = torch.zeros_like(start)
        direction[text] = gradient[text]
        length = float(direction.norm())
        if length == 0:
            break
        move = move + direction * (sign * bound / _STEPS_TO_THE_BOUND / length)
        move = move * min(1.0, bound / max(float(move.norm()), 1e-12))
    return Outcome(False, False, settings.steps, size)
