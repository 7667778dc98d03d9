"""Tiny random models and tokenizers, made here so that no test needs a download."""

from __future__ import annotations

import json
import re
import string
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    DebertaV2Config,
    DebertaV2ForSequenceClassification,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForSequenceClassification,
)

from guardlet.encoder import InputRules

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
ROBERTA_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
WORDS = re.findall(
    r"\w+",
    "apple bridge candle dragon engine forest garden harbor island jacket kettle ladder "
    "mirror needle orange pencil quartz ribbon saddle timber umbra velvet window yellow zebra",
)
_PIECES = (*string.ascii_lowercase, *string.digits, *string.punctuation)
VOCABULARY = (*SPECIAL, *WORDS, *_PIECES, *(f"##{c}" for c in string.ascii_lowercase))
RULES = InputRules(
    max_tokens=40,
    stride=6,
    max_windows=3,
    prompt_budget=8,
    max_chars=4000,
    start=(2,),
    middle=(3,),
    end=(3,),
    pad=0,
    response_type=1,
    language=None,
)
# Large weights make attention sharp and scores far apart, so that a wrong scale shows.
_SHARP = 0.2
_SHAPE = {
    "vocab_size": len(VOCABULARY),
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 96,
    "initializer_range": _SHARP,
}
_DEBERTA = _SHAPE | {
    "relative_attention": True,
    "position_buckets": 8,
    "norm_rel_ebd": "layer_norm",
    "share_att_key": False,
    "pos_att_type": ["p2c", "c2p"],
    "layer_norm_eps": 1e-7,
}


def tiny_tokenizer(special: tuple[str, ...] = SPECIAL) -> Tokenizer:
    """An uncased WordPiece that knows WORDS and can spell the rest of ASCII."""
    vocabulary = {token: i for i, token in enumerate((*special, *VOCABULARY[len(SPECIAL) :]))}
    unknown = "[UNK]" if special == SPECIAL else "<unk>"
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=unknown))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(list(special))
    return tokenizer


def save_tiny_bert(folder: Path, activation: str = "gelu", **settings: Any) -> Path:
    """Saves a random BERT and its tokenizer into `folder`; a recipe can name it."""
    config = BertConfig(**_SHAPE | {"hidden_act": activation} | settings)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=tiny_tokenizer(),
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        mask_token="[MASK]",
    ).save_pretrained(folder)
    return folder


def tiny_classifier(family: str, **settings: Any) -> Any:
    """A random classifier: `mini` (DeBERTa with positions and types, as guardlet-mini), `v3`
    (DeBERTa-v3: relative positions alone), `bert` or `roberta`; `settings` change its config."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        if family == "bert":
            return BertForSequenceClassification(BertConfig(**_SHAPE | settings))
        if family == "roberta":
            return RobertaForSequenceClassification(RobertaConfig(**_SHAPE | settings))
        positions = {"position_biased_input": True, "type_vocab_size": 2}
        if family == "v3":
            positions = {"position_biased_input": False, "type_vocab_size": 0}
        config = DebertaV2Config(**_DEBERTA | positions | settings)
        config.pooler_hidden_size = config.hidden_size
        return DebertaV2ForSequenceClassification(config)


def save_plain_model(folder: Path, family: str = "v3", **settings: Any) -> Path:
    """Saves a random classifier and its tokenizer as model hubs hold them: no guard.json."""
    tiny_classifier(family, **settings).save_pretrained(folder)
    special = ROBERTA_SPECIAL if family == "roberta" else SPECIAL
    tiny_tokenizer(special).save(str(folder / "tokenizer.json"))
    return folder


def save_tiny_guard(folder: Path, model: Any, **description: Any) -> Path:
    """Saves a guard folder as `guardlet train` writes it; `description` changes guard.json."""
    model.save_pretrained(folder)
    (folder / "tokenizer.json").write_text(tiny_tokenizer().to_str(), encoding="utf-8")
    about = {
        "name": "tiny",
        "version": "1.0.0",
        "license": "Apache-2.0",
        "description": "A tiny guard.",
        "sources": [{"name": "nothing", "license": "CC0-1.0"}],
        "input": asdict(RULES) | {"response_type": int(model.config.type_vocab_size >= 2)},
        "provenance": {"recipe": "none", "data": {"counts": {"prompt harmful": 3}}},
    }
    (folder / "guard.json").write_text(json.dumps(about | description), encoding="utf-8")
    return folder
