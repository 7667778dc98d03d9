"""A bundle of a well-known shape with random weights and a tokenizer made on the spot: as fast and
as large as a trained one, and good for nothing else."""

from __future__ import annotations

from collections import Counter
from math import log
from pathlib import Path

from guardlet_benchmarks.models import SHAPES, random_model
from guardlet_export.export import export_bundle
from guardlet_export.plain_model import About
from guardlet_export.vectors import golden_cases

_SPECIAL = ("[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]")
_PIECES = 8000
_SPACE = "\u2581"  # SentencePiece's mark for the beginning of a word
_RAREST = -20.0
_MAX_TOKENS = 512
# Random weights survive int8 less well than trained ones. Close scores pass parity all the same,
# so that no linear layer is kept in float32.
_SCORE_SPREAD = 0.5


def write_shape(name: str, folder: Path, precisions: tuple[str, ...]) -> tuple[Path, Path]:
    """Model folder and bundle of the shape, both inside `folder`. Raises as `export_bundle`."""
    shape = SHAPES[name]
    model = folder / "model"
    random_model(shape, spread=_SCORE_SPREAD).save_pretrained(model)
    save_tokenizer(model / "tokenizer.json", min(shape.vocabulary, _PIECES))
    about = About(
        name=f"{name}-shape",
        license="Apache-2.0",
        description=f"Random weights of the shape {name}: for its speed and size alone.",
        max_tokens=_MAX_TOKENS,
    )
    return model, export_bundle(model, folder / "bundle", precisions, about=about)


def save_tokenizer(file: Path, pieces: int) -> None:
    """A Unigram tokenizer as DeBERTa-v3 has, of at most `pieces` pieces: the characters and the
    most frequent words of the golden texts, scored by their frequency."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    words: Counter[str] = Counter()
    for case in golden_cases():
        words.update(" ".join(filter(None, (case.prompt, case.response))).split())
    characters = sorted({character for word in words for character in word})
    counted = words.most_common(pieces - len(_SPECIAL) - 1 - len(characters))
    vocabulary = [
        *((token, 0.0) for token in _SPECIAL),
        (_SPACE, _RAREST),
        *((f"{_SPACE}{word}", log(count / words.total())) for word, count in counted),
        *((character, _RAREST) for character in characters),
    ]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=_SPECIAL.index("[UNK]")))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.add_special_tokens(list(_SPECIAL))
    tokenizer.save(str(file))
