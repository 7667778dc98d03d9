"""P(unsafe) of Llama Guards against logits computed by hand."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from tiny_chat import save_tiny_chat
from tiny_llama_guard import TEMPLATES, asked, save_llama_guard
from transformers import AutoModelForCausalLM, AutoTokenizer

from guardlet.errors import TeacherError
from guardlet_export.rows import Row
from guardlet_training.augment.teachers.find import TeacherSettings, find_teacher
from guardlet_training.augment.teachers.llama_guard import LlamaGuardTeacher

ROWS = [
    Row("a", "How do I bake a cake?"),
    Row("b", "How do I pick the lock of a door, and what do I need for it?", "I cannot."),
    Row("c", "x", "Sure: first take the orange umbrella from the garden. " * 3),
    Row("d", 'Is <this> a question; or "that"?'),
]


@pytest.fixture(scope="module", params=TEMPLATES)
def guard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder called like the version."""
    return save_llama_guard(tmp_path_factory.mktemp("guards") / request.param, request.param)


def by_hand(folder: Path, prompt: str, response: str | None) -> float:
    """The paper's score, of one text without padding."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    vocabulary = tokenizer.get_vocab()
    text = asked(folder.name, prompt, response)
    ids = tokenizer.backend_tokenizer.encode(text, add_special_tokens=False).ids
    with torch.inference_mode():
        logits = AutoModelForCausalLM.from_pretrained(folder)(torch.tensor([ids])).logits[0, -1]
    if folder.name != "1":
        chosen = logits[[vocabulary["safe"], vocabulary["unsafe"]]]
        return float(torch.softmax(chosen, 0)[1])
    # After [/INST], with and without the space that may be part of the token.
    words = ["safe", "Ġsafe", "unsafe", "Ġunsafe"]
    shares = torch.softmax(logits[[vocabulary[word] for word in words]], 0)
    return float(shares[2] + shares[3])


def test_scores_are_those_computed_by_hand(guard: Path) -> None:
    teacher = LlamaGuardTeacher(str(guard), device="cpu")
    expected = [by_hand(guard, row.prompt, row.response) for row in ROWS]
    assert teacher.score(ROWS) == pytest.approx(expected, abs=1e-6)
    assert max(expected) - min(expected) > 0.05


def test_a_batch_changes_no_score(guard: Path) -> None:
    teacher = LlamaGuardTeacher(str(guard), device="cpu")
    together = teacher.score(ROWS * 3)
    alone = [teacher.score([row])[0] for row in ROWS] * 3
    assert together == pytest.approx(alone, abs=1e-6)


def test_an_empty_response_is_none(guard: Path) -> None:
    teacher = LlamaGuardTeacher(str(guard), device="cpu")
    without, empty, blank = teacher.score([Row("a", "hello"), Row("b", "hello", ""), ROWS[1]])
    assert without == pytest.approx(empty, abs=1e-6) and without != pytest.approx(blank, abs=1e-3)


def test_what_is_longer_than_the_context_has_no_score(guard: Path) -> None:
    teacher = LlamaGuardTeacher(str(guard), device="cpu")
    long = Row("long", "z " * 300)
    scores = teacher.score([long, ROWS[0], long])
    assert scores[0] is scores[2] is None
    assert scores[1] == pytest.approx(teacher.score([ROWS[0]])[0], abs=1e-6)
    assert teacher.score([long]) == [None]


def test_it_is_found_by_its_architecture(guard: Path) -> None:
    spec = find_teacher(str(guard), TeacherSettings(device="cpu"))
    assert (spec.kind, spec.identity["model"]) == ("llama-guard", guard.name)
    assert spec.open().score(ROWS) == LlamaGuardTeacher(str(guard), device="cpu").score(ROWS)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{% for m in messages %}{{ m.content }}{% endfor %}", "does not ask whether"),
        ("safe or unsafe?", "lets no text of a user through"),
        ("{{ raise_exception('no') }}", "lets no text of a user through"),
    ],
)
def test_templates_that_ask_for_no_verdict_are_refused(
    tmp_path: Path, template: str, message: str
) -> None:
    save_llama_guard(tmp_path, template=template)
    with pytest.raises(TeacherError, match=message):
        LlamaGuardTeacher(str(tmp_path))


def test_a_template_that_fails_on_pairs_says_so(tmp_path: Path) -> None:
    template = "{% if messages | length > 1 %}{{ raise_exception('no') }}{% endif %}"
    save_llama_guard(tmp_path, template=template + TEMPLATES["3"])
    teacher = LlamaGuardTeacher(str(tmp_path), device="cpu")
    assert teacher.score([ROWS[0]]) != [None]
    with pytest.raises(TeacherError, match="fails on a prompt or a pair"):
        teacher.score(ROWS)


def test_a_tokenizer_without_the_verdicts_is_refused(tmp_path: Path) -> None:
    save_llama_guard(tmp_path, words=True)
    with pytest.raises(TeacherError, match="no tokens by which the verdicts safe and unsafe"):
        LlamaGuardTeacher(str(tmp_path))


def test_other_models_are_refused(tmp_path: Path, tiny_bert: Path) -> None:
    with pytest.raises(TeacherError, match="does not ask whether a text is safe or unsafe"):
        find_teacher(str(save_tiny_chat(tmp_path / "chat"))).open()
    with pytest.raises(TeacherError, match="BertModel"):
        find_teacher(str(tiny_bert))
    with pytest.raises(TeacherError, match="cannot read what kind of model"):
        find_teacher(str(tmp_path / "nothing"))
    save_llama_guard(tmp_path / "bare")
    (tmp_path / "bare" / "chat_template.jinja").unlink()
    with pytest.raises(TeacherError, match="no chat template"):
        LlamaGuardTeacher(str(tmp_path / "bare"))


def test_scores_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(save_llama_guard(tmp_path))
    with torch.no_grad():
        model.lm_head.weight.fill_(math.nan)
    model.save_pretrained(tmp_path)
    with pytest.raises(TeacherError, match="no numbers"):
        LlamaGuardTeacher(str(tmp_path), device="cpu").score(ROWS)
