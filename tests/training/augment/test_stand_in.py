"""The stand-in generator learns to continue the prefix."""

from __future__ import annotations

from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

from guardlet.errors import DataError
from guardlet_training.augment.stand_in import Size, main, train_stand_in
from guardlet_training.rows import Row, write_rows

PREFIX = "I have an idea for a prompt:"
TEXTS = ["take apples from the market", "hide the big red bridge"]
SMALL = Size(300, hidden=32, layers=1, heads=2, epochs=150, batch=4, learning_rate=1e-2)


def test_it_says_what_it_was_taught(tmp_path: Path) -> None:
    train_stand_in(TEXTS, PREFIX, tmp_path, SMALL)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    model = AutoModelForCausalLM.from_pretrained(tmp_path)
    messages = [{"role": "user", "content": "?"}, {"role": "assistant", "content": PREFIX}]
    ids = tokenizer.apply_chat_template(messages, continue_final_message=True, return_tensors="pt")
    made = model.generate(ids, do_sample=False, max_new_tokens=30)[0, ids.shape[1] :]
    assert tokenizer.decode(made, skip_special_tokens=True).strip() in TEXTS


def test_the_command_takes_harmful_rows_alone(tmp_path: Path) -> None:
    rows = [Row("a", "sunny apples", label=0), Row("b", TEXTS[0], label=1)]
    write_rows(tmp_path / "rows.jsonl", rows)
    sizes = ("--hidden", "16", "--layers", "1", "--heads", "1", "--epochs", "1")
    main([str(tmp_path / "rows.jsonl"), "-o", str(tmp_path / "model"), *sizes])
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "model")
    assert "sun" not in "".join(tokenizer.get_vocab())


def test_nothing_to_learn_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no harmful prompt"):
        train_stand_in([], PREFIX, tmp_path / "model", SMALL)
    assert not (tmp_path / "model").exists()
