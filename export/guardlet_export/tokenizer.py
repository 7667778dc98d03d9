"""The tokenizer a guard is frozen with, and the window rules that follow from it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from guardlet.encoder import InputRules
from guardlet.language import LanguageRules
from guardlet_export.errors import ModelError

_SPECIAL_TOKENS = {
    "[CLS]": (["[CLS]"], ["[SEP]"], ["[SEP]"], "[PAD]"),
    "<s>": (["<s>"], ["</s>", "</s>"], ["</s>"], "<pad>"),
}
# Their first position is padding_idx + 1, so as many rows of the table are never used; and their
# tokenizers know no token types, whatever the config says.
ROBERTA_FAMILY = ("roberta", "xlm-roberta", "camembert", "mpnet", "roberta-prelayernorm")


@dataclass(frozen=True)
class Lengths:
    """Token lengths of the guard's windows, and how it tells a language it does not read, see
    `guardlet.encoder.InputRules`."""

    max_tokens: int = 256
    stride: int = 64
    max_windows: int = 16
    prompt_budget: int = 96
    max_chars: int = 65536
    language: LanguageRules | None = None


def freeze_tokenizer(source: str) -> str:
    """The text of the tokenizer.json every stage and runtime will use, without truncation or
    padding, of a folder or hub id. Raises ModelError when there is none."""
    file = Path(source) / "tokenizer.json"
    try:
        tokenizer = Tokenizer.from_file(str(file)) if file.is_file() else _fast_tokenizer(source)
    except Exception as error:
        raise ModelError(
            f"cannot load the tokenizer of {source} ({type(error).__name__}); the model needs a "
            f"tokenizer.json or files that transformers can make one of"
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False)


def input_rules(tokenizer_json: str, lengths: Lengths, type_ids: bool) -> InputRules:
    """Window rules from the tokenizer's special tokens and `lengths`.

    Raises ModelError when the tokenizer has neither BERT's nor RoBERTa's special tokens, or the
    lengths do not fit together.
    """
    tokenizer = Tokenizer.from_str(tokenizer_json)
    for marker, (start, middle, end, pad) in _SPECIAL_TOKENS.items():
        if tokenizer.token_to_id(marker) is None:
            continue
        ids = {token: tokenizer.token_to_id(token) for token in (*start, *middle, *end, pad)}
        if None in ids.values():
            break
        try:
            special = {
                "start": [ids[token] for token in start],
                "middle": [ids[token] for token in middle],
                "end": [ids[token] for token in end],
                "pad": ids[pad],
            }
            return InputRules.from_dict(
                asdict(lengths) | special | {"response_type": int(type_ids)}
            )
        except ValueError as error:
            raise ModelError(f"input: {error}") from None
    raise ModelError("the tokenizer has neither [CLS]/[SEP]/[PAD] nor <s>/</s>/<pad>")


def usable_positions(config: Any) -> int | None:
    """The longest window, in tokens, that a model's position embeddings allow; None where it has
    only relative positions."""
    limit = getattr(config, "max_position_embeddings", None)
    if limit is None or not getattr(config, "position_biased_input", True):
        return None
    if getattr(config, "model_type", "") in ROBERTA_FAMILY:
        limit -= int(config.pad_token_id) + 1
    return int(limit)


def _fast_tokenizer(source: str) -> Tokenizer:
    from transformers import AutoTokenizer

    loaded = AutoTokenizer.from_pretrained(source, use_fast=True, trust_remote_code=False)
    return loaded.backend_tokenizer
