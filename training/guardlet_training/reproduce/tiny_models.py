"""Random models of a few thousand weights, so that a reproduction can be tried without a GPU.

They are saved as hubs hold models, and loaded by the same code as the real ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import (
    DebertaV2Config,
    DebertaV2ForSequenceClassification,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

_TURNS = "<start>{% for m in messages %}<turn> {{ m.role }} {{ m.content }} <end> {% endfor %}"
CHAT = _TURNS + "{% if add_generation_prompt %}<turn> assistant{% endif %}"
JUDGE = "Is the last turn safe or unsafe ?\n" + _TURNS + "verdict\n"
_CHAT_TOKENS = ("<pad>", "<unk>", "<start>", "<turn>", "<end>")
_BERT_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_SHAPE: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}


def save_tiny_chat(folder: Path, words: Sequence[str], template: str, seed: int) -> None:
    """A causal language model that knows `words` and speaks by `template`."""
    tokenizer = _word_tokenizer([*_CHAT_TOKENS, *words], "<unk>")
    tokenizer.add_special_tokens(list(_CHAT_TOKENS))
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        unk_token="<unk>",
        bos_token="<start>",
        eos_token="<end>",
        chat_template=template,
        model_max_length=512,
    )
    config = LlamaConfig(
        **_SHAPE,
        vocab_size=len(fast),
        max_position_embeddings=512,
        initializer_range=0.3,
        pad_token_id=fast.pad_token_id,
        bos_token_id=fast.bos_token_id,
        eos_token_id=fast.eos_token_id,
    )
    _seeded(LlamaForCausalLM, config, seed).save_pretrained(folder)
    fast.save_pretrained(folder)


def save_tiny_student(folder: Path, words: Sequence[str], seed: int) -> None:
    """A DeBERTa-v3 classifier that knows `words`."""
    tokenizer = _word_tokenizer([*_BERT_TOKENS, *words], "[UNK]")
    tokenizer.add_special_tokens(list(_BERT_TOKENS))
    config = DebertaV2Config(
        **_SHAPE,
        vocab_size=tokenizer.get_vocab_size(),
        max_position_embeddings=128,
        type_vocab_size=0,
        relative_attention=True,
        position_buckets=16,
        norm_rel_ebd="layer_norm",
        share_att_key=True,
        pos_att_type=["p2c", "c2p"],
        position_biased_input=False,
        pooler_hidden_size=_SHAPE["hidden_size"],
    )
    _seeded(DebertaV2ForSequenceClassification, config, seed).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))


def _word_tokenizer(words: Sequence[str], unknown: str) -> Tokenizer:
    """Of whole words, without case; a text is its words with a space between each two."""
    vocabulary = {word: index for index, word in enumerate(dict.fromkeys(words))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unknown))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


def _seeded(kind: Any, config: Any, seed: int) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return kind(config)
