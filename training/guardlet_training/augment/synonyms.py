"""Words that can stand for another: WordNet, or a thesaurus file."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from guardlet.errors import DataError

Synonyms = Callable[[str], list[str]]
"""A lower-case word to its synonyms, sorted; none for an unknown word."""
_LETTERS = re.compile(r"[a-z][a-z ]*")


@dataclass(frozen=True)
class SynonymSource:
    """`file`: lines of a word and its synonyms, divided by commas, as in the Moby thesaurus. None
    for Princeton's WordNet, which nltk downloads."""

    file: Path | None = None

    def open(self) -> Synonyms:
        """Raises DataError when the file cannot be read or WordNet is not installed."""
        return _from_file(self.file) if self.file else _from_wordnet()

    def identity(self) -> dict[str, Any]:
        """For a run's identity. Raises as `open`."""
        if self.file is None:
            return {"synonyms": f"WordNet {_wordnet().get_version()}"}
        digest = sha256(_read(self.file).encode("utf-8", "surrogatepass"))
        return {"synonyms": self.file.name, "synonyms_sha256": digest.hexdigest()}


def _from_file(path: Path) -> Synonyms:
    found: dict[str, set[str]] = {}
    for line in _read(path).splitlines():
        word, *others = (part.strip().casefold() for part in line.split(","))
        if word:
            found.setdefault(word, set()).update(o for o in others if o and o != word)
    if not any(found.values()):
        raise DataError(f"{path}: no line has a word and its synonyms, divided by commas")
    lists = {word: sorted(others) for word, others in found.items()}
    return lambda word: lists.get(word, [])


def _from_wordnet() -> Synonyms:
    wordnet = _wordnet()

    @cache
    def synonyms(word: str) -> list[str]:
        names = {
            name.replace("_", " ").replace("-", " ").lower()
            for synset in wordnet.synsets(word)
            for name in synset.lemma_names()
        }
        return sorted(name for name in names - {word} if _LETTERS.fullmatch(name))

    return synonyms


def _wordnet() -> Any:
    from nltk.corpus import wordnet

    try:
        wordnet.ensure_loaded()
    except LookupError:
        raise DataError(
            "WordNet is not installed: run `python -m nltk.downloader wordnet`, or give a "
            "thesaurus with --synonyms FILE"
        ) from None
    return wordnet


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {type(error).__name__}") from None
