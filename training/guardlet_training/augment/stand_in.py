"""A small causal LM as a stand-in for the generator, for machines that have no chat model.

    python -m guardlet_training.augment.stand_in ROWS.jsonl [ROWS.jsonl ...] -o MODEL

It learns to continue the affirmative prefix with prompts like the harmful ones among the rows. Its
chat template shows it the assistant turn alone: a model this small learns nothing from exemplars.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    Trainer,
    TrainingArguments,
    set_seed,
)

from guardlet.errors import DataError
from guardlet_training.augment.generate import PREFIX
from guardlet_training.rows import load_rows

END = "<|end|>"
TEMPLATE = "{% for m in messages if m['role'] == 'assistant' %}{{ m['content'] }}{% endfor %}"
_IGNORED = -100


@dataclass(frozen=True)
class Size:
    """Width, depth and training of the stand-in. `max_tokens` counts the prefix."""

    vocabulary: int = 8000
    hidden: int = 256
    layers: int = 6
    heads: int = 4
    max_tokens: int = 64
    epochs: float = 3
    batch: int = 64
    learning_rate: float = 1e-3
    seed: int = 42
    bf16: bool = False


def train_stand_in(texts: Sequence[str], prefix: str, out: Path, size: Size) -> None:
    """Trains a GPT-2 on `prefix` + text and saves it with its tokenizer into `out`.

    Raises DataError when there are no texts.
    """
    if not texts:
        raise DataError("no harmful prompt to learn from")
    set_seed(size.seed)
    tokenizer = _tokenizer(texts, prefix, size)
    rows = [_ids(tokenizer, prefix, text, size.max_tokens) for text in texts]
    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=len(tokenizer),
            n_positions=4 * size.max_tokens,
            n_embd=size.hidden,
            n_layer=size.layers,
            n_head=size.heads,
            bos_token_id=tokenizer.eos_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )
    )
    _fit(model, rows, len(tokenizer(prefix)["input_ids"]), size)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)


def _fit(model: Any, rows: Sequence[list[int]], prefix: int, size: Size) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Trainer(
            model,
            TrainingArguments(
                folder,
                num_train_epochs=size.epochs,
                per_device_train_batch_size=size.batch,
                learning_rate=size.learning_rate,
                lr_scheduler_type="cosine",
                warmup_ratio=0.05,
                weight_decay=0.01,
                bf16=size.bf16,
                use_cpu=not torch.cuda.is_available(),
                seed=size.seed,
                logging_steps=50,
                save_strategy="no",
                report_to=[],
                remove_unused_columns=False,
                dataloader_pin_memory=False,
            ),
            lambda chosen: _batch(chosen, prefix),
            rows,
        ).train()


def _batch(rows: Sequence[list[int]], prefix: int) -> dict[str, Tensor]:
    """int64 [rows, longest] each; the loss ignores the prefix and the padding."""
    ids = torch.nn.utils.rnn.pad_sequence([torch.tensor(r) for r in rows], True, _IGNORED)
    labels = ids.clone()
    labels[:, :prefix] = _IGNORED
    present = ids >= 0
    return {"input_ids": ids.clamp(min=0), "attention_mask": present.long(), "labels": labels}


def _ids(tokenizer: Any, prefix: str, text: str, limit: int) -> list[int]:
    ids: list[int] = tokenizer(f"{prefix} {text}{END}", truncation=True, max_length=limit)[
        "input_ids"
    ]
    return ids


def _tokenizer(texts: Sequence[str], prefix: str, size: Size) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size.vocabulary,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([prefix, *texts], trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END, pad_token=END)
    fast.chat_template = TEMPLATE
    return fast


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("rows", nargs="+", help="files or folders of rows, or hf://OWNER/NAME")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="MODEL")
    for name, default in vars(Size()).items():
        option = f"--{name.replace('_', '-')}"
        if isinstance(default, bool):
            parser.add_argument(option, action="store_true")
        else:
            parser.add_argument(option, type=type(default), default=default)
    options = vars(parser.parse_args(arguments))
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    rows = [row for source in options.pop("rows") for row in load_rows(source)]
    out = options.pop("out")
    train_stand_in([row.prompt for row in rows if row.target], PREFIX, out, Size(**options))


if __name__ == "__main__":
    main()
