"""Easy data augmentation (Wei and Zou, arXiv 1901.11196), one of the paper's baselines.

Four ways to change a text: words replaced by synonyms, synonyms inserted, words swapped, words
left out. Unlike the authors' code it keeps case and punctuation, which a guard sees as well.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from random import Random

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from guardlet_training.augment.synonyms import Synonyms

Operation = Callable[[list[str], int, Random, Synonyms], list[str]]


def variants(
    text: str, count: int, alpha: float, rng: Random, synonyms: Synonyms
) -> list[tuple[str, str]]:
    """`count` names of operations and what each makes of the text, every operation about as often.

    `alpha` is the share of words that changes, at least one. A text of one word without synonyms
    comes back as it is; spaces between words become single.
    """
    words = text.split()
    if not words:
        return [("none", text)] * count
    changes = max(1, int(alpha * len(words)))
    names = [name for _ in range(-(-count // len(OPERATIONS))) for name in OPERATIONS]
    rng.shuffle(names)
    made = []
    for name in names[:count]:
        changed = OPERATIONS[name](list(words), changes, rng, synonyms)
        made.append((name, " ".join(changed)))
    return made


def replace_synonyms(words: list[str], changes: int, rng: Random, synonyms: Synonyms) -> list[str]:
    """Up to `changes` different words become a synonym, wherever they stand."""
    distinct = list(dict.fromkeys(filter(None, map(_bare, words))))
    rng.shuffle(distinct)
    replaced = 0
    for word in distinct:
        if replaced < changes and (found := _content(word, synonyms)):
            synonym = rng.choice(found)
            words = [_dressed(old, synonym) if _bare(old) == word else old for old in words]
            replaced += 1
    return words


def insert_synonyms(words: list[str], changes: int, rng: Random, synonyms: Synonyms) -> list[str]:
    """`changes` times, a synonym of one of the words at a random place."""
    known = [found for word in words if (found := _content(_bare(word), synonyms))]
    for _ in range(changes if known else 0):
        words.insert(rng.randrange(len(words) + 1), rng.choice(rng.choice(known)))
    return words


def swap_words(words: list[str], changes: int, rng: Random, synonyms: Synonyms) -> list[str]:
    """`changes` times, two words change places."""
    if len(words) > 1:
        for _ in range(changes):
            first, second = rng.sample(range(len(words)), 2)
            words[first], words[second] = words[second], words[first]
    return words


def delete_words(words: list[str], changes: int, rng: Random, synonyms: Synonyms) -> list[str]:
    """Leaves out `changes` words on average, each as likely as any other, but never all."""
    if len(words) == 1:
        return words
    share = changes / len(words)
    return [word for word in words if rng.random() >= share] or [rng.choice(words)]


OPERATIONS: dict[str, Operation] = {
    "synonym": replace_synonyms,
    "insert": insert_synonyms,
    "swap": swap_words,
    "delete": delete_words,
}


def _bare(word: str) -> str:
    """Lower case, without punctuation around it."""
    return word.strip(string.punctuation).casefold()


def _dressed(old: str, synonym: str) -> str:
    """`synonym` with the first letter's case and the punctuation of `old`."""
    core = old.strip(string.punctuation)
    before, _, after = old.partition(core)
    return before + (synonym.capitalize() if core[:1].isupper() else synonym) + after


def _content(word: str, synonyms: Synonyms) -> list[str]:
    return [] if word in ENGLISH_STOP_WORDS else synonyms(word)
