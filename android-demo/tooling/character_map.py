"""SentencePiece character maps: the `precompiled_charsmap` of a tokenizer.json."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_CORPUS = ("hello world", "a small text", "another small text") * 8
_PIECES = 32


def named_map(name: str) -> bytes:
    """One of SentencePiece's own maps, such as `nmt_nfkc`."""
    return _train(normalization_rule_name=name)


def custom_map(rules: Mapping[str, str]) -> bytes:
    """A map of the given replacements, from one or more characters to none or more."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rules.tsv"
        file.write_text("".join(map(_line, rules, rules.values())), encoding="ascii")
        return _train(normalization_rule_tsv=str(file))


def _line(source: str, target: str) -> str:
    return f"{_hex(source)}\t{_hex(target)}\n"


def _hex(text: str) -> str:
    return " ".join(f"{ord(character):X}" for character in text)


def _train(**options: Any) -> bytes:
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2 as messages

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(_CORPUS),
        model_writer=model,
        vocab_size=_PIECES,
        hard_vocab_limit=False,
        minloglevel=2,
        **options,
    )
    proto = messages.ModelProto()  # type: ignore[attr-defined]
    proto.ParseFromString(model.getvalue())
    charsmap: bytes = proto.normalizer_spec.precompiled_charsmap
    return charsmap
