"""Tokenizers that the tests of vocabulary trimming share."""

from __future__ import annotations

import string

from tiny_models import SPECIAL, WORDS, tiny_tokenizer
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers


def unigram_tokenizer(byte_fallback: bool = False) -> Tokenizer:
    """Words, parts of words and characters, likely ones first; [MASK] is numbered after the
    vocabulary, as DeBERTa's is."""
    parts = dict.fromkeys(part for word in WORDS for part in (word[:3], word[1:4], word[-3:]))
    pieces = ["\u2581", *(f"\u2581{word}" for word in WORDS), *parts, *string.printable[:94]]
    vocabulary = [(piece, 0.0) for piece in SPECIAL[:4]]
    vocabulary += [(piece, -3 - number / 20) for number, piece in enumerate(pieces)]
    vocabulary.append(("qzx", -20.0))
    if byte_fallback:
        vocabulary += [(f"<0x{byte:02X}>", -12.5) for byte in range(256)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=1, byte_fallback=byte_fallback))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.add_special_tokens(list(SPECIAL))
    return tokenizer


TOKENIZERS = {
    "wordpiece": tiny_tokenizer(),
    "unigram": unigram_tokenizer(),
    "unigram-bytes": unigram_tokenizer(byte_fallback=True),
}
