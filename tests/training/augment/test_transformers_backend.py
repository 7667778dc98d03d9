"""A model in this process: continues prefills, and gives a seed's text in any batch."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_chat import TEMPLATE, chat_tokenizer, save_tiny_chat
from transformers import AutoModelForCausalLM

from guardlet.errors import BackendError
from guardlet_training.augment.backends.backend import Backend, BackendSpec, Chat, Sampling
from guardlet_training.augment.backends.draws import SeededDraws
from guardlet_training.augment.backends.revision import model_revision

CHATS = [
    Chat("Write a line.", "I have an idea:"),
    Chat("Explain how to bake an orange cake without an oven, and then list what to buy.", "Sure,"),
    Chat("Hello"),
    Chat("Describe the harbour.", "Of course. It"),
    Chat("x"),
]
SEEDS = [11, 12, 13, 14, 15]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_chat(tmp_path_factory.mktemp("tiny-chat"))


def opened(folder: Path, **options: Any) -> Backend:
    return BackendSpec("transformers", str(folder), {"device": "cpu", **options}).open()


@pytest.mark.parametrize("sampling", [Sampling(1.0, 1.0, 24), Sampling(0.7, 0.8, 24)])
def test_a_batch_gives_the_same_texts_as_one_by_one(folder: Path, sampling: Sampling) -> None:
    backend = opened(folder)
    together = backend.complete(CHATS, sampling, SEEDS)
    alone = [
        backend.complete([chat], sampling, [seed])[0]
        for chat, seed in zip(CHATS, SEEDS, strict=True)
    ]
    pairs = opened(folder, batch_size=2).complete(CHATS[::-1], sampling, SEEDS[::-1])
    assert together == alone == pairs[::-1]
    assert len(set(together)) == len(together)


def test_a_seed_decides_the_text(folder: Path) -> None:
    backend = opened(folder)
    chats = [CHATS[0]] * 3
    first, again, other = backend.complete(chats, Sampling(max_new_tokens=24), [1, 1, 2])
    assert first == again != other


def test_temperature_zero_is_greedy_and_continues_the_begun_turn(folder: Path) -> None:
    chat = CHATS[0]
    tokenizer = chat_tokenizer()
    text = f"<s><turn>user\n{chat.user}<end>\n<turn>assistant\n{chat.prefill}"
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    model = AutoModelForCausalLM.from_pretrained(folder)
    expected: list[int] = []
    with torch.inference_mode():
        for _ in range(12):
            token = int(model(torch.tensor([ids + expected])).logits[0, -1].argmax())
            if token in (2, 4):
                break
            expected.append(token)
    found = opened(folder).complete([chat, CHATS[2]], Sampling(0.0, 1.0, 12), [0, 0])
    assert found[0] == tokenizer.decode(expected, skip_special_tokens=True)


@pytest.mark.parametrize("end", ["</s>", "<end>"])
def test_stops_at_the_end_of_the_text_and_of_the_turn(
    folder: Path, tmp_path: Path, end: str
) -> None:
    """The model lists only </s>; that <end> closes a turn is in the template alone. All tokens are
    as likely, so that the draws alone say what comes."""
    tokenizer = chat_tokenizer()
    even = shutil.copytree(folder, tmp_path / "even")
    model = AutoModelForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        model.lm_head.weight[:] = 0
    model.save_pretrained(even)
    ends = tokenizer.convert_tokens_to_ids(["</s>", "<end>"])

    def until_the_end(seed: int) -> list[int]:
        uniform = torch.rand(
            200, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
        )
        tokens = (uniform * len(tokenizer)).floor().int().tolist()
        return tokens[: next((i for i, token in enumerate(tokens) if token in ends), 0) + 1]

    wanted = tokenizer.convert_tokens_to_ids(end)
    seed = next(seed for seed in range(100) if until_the_end(seed)[-1] == wanted)
    text = opened(even).complete([CHATS[2], CHATS[3]], Sampling(1.0, 1.0, 200), [seed, 99])[0]
    assert text == tokenizer.decode(until_the_end(seed)[:-1], skip_special_tokens=True)


def test_draws_follow_the_probabilities() -> None:
    """A chi-square of what 4000 seeds draw against softmax, and the nucleus by its definition."""
    logits = torch.tensor([[2.0, 1.0, 0.0, -1.0, 0.5]])
    rows = logits.repeat(4000, 1)
    ids = torch.zeros(4000, 7, dtype=torch.long)

    def shares(sampling: Sampling) -> torch.Tensor:
        picked = SeededDraws(sampling, range(4000), 7)(ids, rows).argmax(dim=1)
        return torch.bincount(picked, minlength=5) / 4000

    expected = torch.softmax(logits[0] / 2, dim=0)
    found = shares(Sampling(2.0, 1.0, 3))
    assert float(((found - expected) ** 2 / expected).sum() * 4000) < 18.5  # p = 0.001, 4 degrees
    # Temperature 1: 0.57, 0.21, 0.13, ...; two tokens pass 0.7.
    nucleus = shares(Sampling(1.0, 0.7, 3))
    kept = torch.softmax(logits[0, :2], dim=0)
    assert nucleus[2:].sum() == 0
    assert float(((nucleus[:2] - kept) ** 2 / kept).sum() * 4000) < 10.8  # 1 degree


def test_a_chat_longer_than_the_context_is_refused(folder: Path) -> None:
    with pytest.raises(BackendError, match=r"do not fit into the 512 of") as caught:
        opened(folder).complete([CHATS[2]], Sampling(max_new_tokens=510), [0])
    assert CHATS[2].user not in str(caught.value)


def test_a_model_without_a_chat_template_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="no chat template"):
        opened(save_tiny_chat(tmp_path, template=None))


def test_a_template_that_takes_no_system_turn_is_named(folder: Path) -> None:
    with pytest.raises(BackendError, match="turns system, user") as caught:
        opened(folder).complete([Chat("secret", system="secret")], Sampling(), [0])
    assert "secret" not in str(caught.value)


def test_a_template_that_drops_the_prefill_is_named(tmp_path: Path) -> None:
    """As templates of thinking models do with all but the last answer."""
    template = TEMPLATE.replace("{{ m.content }}", "{{ m.content if m.role == 'user' else '-' }}")
    with pytest.raises(BackendError, match="takes no chat"):
        opened(save_tiny_chat(tmp_path, template)).complete([CHATS[0]], Sampling(), [0])


def test_a_thinking_model_is_told_not_to(tmp_path: Path) -> None:
    thinks = "{{ raise_exception('thinks') if enable_thinking is not defined or enable_thinking }}"
    opened(save_tiny_chat(tmp_path, thinks + TEMPLATE))


def test_a_template_that_leaves_nothing_is_named(tmp_path: Path) -> None:
    template = "{% for m in messages if m.role == 'assistant' %}{{ m.content }}{% endfor %}"
    backend = opened(save_tiny_chat(tmp_path, template))
    assert backend.complete([CHATS[0]], Sampling(max_new_tokens=2), [0])
    with pytest.raises(BackendError, match="shows it nothing"):
        backend.complete([CHATS[2]], Sampling(), [0])


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_a_model_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BackendError, match=name):
        opened(tmp_path / name)


def test_the_revision_is_a_digest_of_what_is_in_the_folder(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    assert model_revision(str(copy)) == opened(folder).revision
    other = save_tiny_chat(tmp_path / "other", seed=6)
    assert model_revision(str(other)) != opened(folder).revision
