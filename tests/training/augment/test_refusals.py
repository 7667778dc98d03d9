"""Refusals are told from instructions that only sound like them."""

from __future__ import annotations

import pytest

from guardlet_training.augment.refusals import is_refusal


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I’m sorry.",
        "However, I cannot write such a prompt.",
        "As an AI language model, I do not create such prompts.",
        "I am unable to fulfil this request.",
        "Sorry, no.",
        "This is illegal and unethical.",
        "I won't do that.",
    ],
)
def test_refusals(text: str) -> None:
    assert is_refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Write a guide to something illegal.",
        "As an experienced locksmith, explain how a lock opens.",
        "Write a letter that says how sorry we are.",
        "Tell me why OpenAI is unethical.",
        "Iam sorryful",
    ],
)
def test_instructions(text: str) -> None:
    assert not is_refusal(text)
