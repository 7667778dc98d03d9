"""Vocabulary trimming: what stays in a tokenizer, and what can be asked for."""

from __future__ import annotations

import gzip
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import RULES, SPECIAL, WORDS, tiny_tokenizer
from tokenizers import Tokenizer
from vocabulary_models import TOKENIZERS

from guardlet.errors import DataError
from guardlet_export.errors import VocabularyError
from guardlet_export.guard_folder import GuardFolder
from guardlet_export.vocabulary import parse_keep
from guardlet_export.vocabulary.corpus import read_texts
from guardlet_export.vocabulary.selection import select
from guardlet_export.vocabulary.tokenizer_json import Vocabulary
from guardlet_export.vocabulary.trim import renumbered_rules, trimmed_version

SPECIAL_IDS = {2, 3, 0}
FRAGMENTS = (*WORDS, "apples", "Bridge", "zzz", "a1", "1", "é", "雪", "[SEP]", "!", "\n", "\t")
TEXTS = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=6), max_size=12).map(" ".join)


class Trimmed:
    """A tokenizer and its shortest trimmed form but for `extra` pieces."""

    def __init__(self, name: str, extra: int = 8) -> None:
        text = TOKENIZERS[name].to_str()
        self.vocabulary = Vocabulary.parse(text)
        essential = self.vocabulary.essential()
        guard = GuardFolder(Path(), {"input": asdict(RULES)}, text)
        self.kept = select(
            len(essential | SPECIAL_IDS) + extra, self.vocabulary, guard.encoder(), SPECIAL_IDS
        ).ids
        self.json = self.vocabulary.rewritten(self.kept)
        self.before, self.after = (Tokenizer.from_str(item) for item in (text, self.json))
        for tokenizer in (self.before, self.after):
            tokenizer.encode_special_tokens = True


TRIMMED = {name: Trimmed(name) for name in TOKENIZERS}
each = pytest.mark.parametrize("trimmed", TRIMMED.values(), ids=TRIMMED)


@each
def test_ids_are_dense_and_keep_their_order(trimmed: Trimmed) -> None:
    size = trimmed.after.get_vocab_size()
    assert size == len(trimmed.kept) < trimmed.before.get_vocab_size() - 10
    pieces = [trimmed.after.id_to_token(id_) for id_ in range(size)]
    assert pieces == [trimmed.before.id_to_token(id_) for id_ in trimmed.kept]
    again = Vocabulary.parse(trimmed.json)
    assert sorted(again.pieces) == list(range(size))
    assert {again.pieces[id_] for id_ in again.essential()} == {
        trimmed.vocabulary.pieces[id_] for id_ in trimmed.vocabulary.essential()
    }


@each
def test_what_must_stay_stays(trimmed: Trimmed) -> None:
    before, after = trimmed.before.get_vocab(), trimmed.after.get_vocab()
    must = {piece for piece in before if len(piece.removeprefix("##")) == 1 or "<0x" in piece}
    assert after.keys() >= must | set(SPECIAL)


@each
@settings(deadline=None)
@given(TEXTS)
def test_text_of_kept_tokens_is_split_as_before(trimmed: Trimmed, text: str) -> None:
    before = trimmed.before.encode(text, add_special_tokens=False)
    if set(before.ids) <= set(trimmed.kept):
        after = trimmed.after.encode(text, add_special_tokens=False)
        assert (after.tokens, after.offsets) == (before.tokens, before.offsets)


@each
@settings(deadline=None)
@given(TEXTS)
def test_readable_text_stays_readable(trimmed: Trimmed, text: str) -> None:
    before = trimmed.before.encode(text, add_special_tokens=False).tokens
    after = trimmed.after.encode(text, add_special_tokens=False).tokens
    assert after.count("[UNK]") <= before.count("[UNK]")


def test_dropped_words_fall_apart_into_kept_pieces() -> None:
    trimmed = TRIMMED["wordpiece"]
    spelled = ["z", "##e", "##b", "##r", "##a"]
    assert trimmed.after.encode("apple zebra").tokens == ["apple", *spelled]


def test_a_piece_whose_characters_have_no_piece_of_their_own_stays() -> None:
    tree = json.loads(tiny_tokenizer().to_str())
    size = len(tree["model"]["vocab"])
    tree["model"]["vocab"] |= {"café": size, "##été": size + 1, "cafe": size + 2}
    essential = Vocabulary.parse(json.dumps(tree)).essential()
    assert {size, size + 1} <= essential and size + 2 not in essential


def test_the_penalty_of_an_unknown_character_is_kept() -> None:
    for name in ("unigram", "unigram-bytes"):
        old, new = (
            json.loads(text)["model"]["vocab"]
            for text in (TOKENIZERS[name].to_str(), TRIMMED[name].json)
        )
        assert min(score for _, score in old) == min(score for _, score in new)
        assert dict(map(tuple, new)).items() <= dict(map(tuple, old)).items()


def test_every_id_in_the_file_follows() -> None:
    tree = json.loads(tiny_tokenizer().to_str())
    vocab = tree["model"]["vocab"]
    vocab |= {"[CLS]": vocab["apple"], "apple": vocab["[CLS]"]}
    tree["added_tokens"][2]["id"] = vocab["[CLS]"]
    tree["padding"] = {"pad_id": 0, "pad_token": "[PAD]"}
    template = {"[CLS]": {"id": "[CLS]", "ids": [vocab["[CLS]"]], "tokens": ["[CLS]"]}}
    tree["post_processor"] = {
        "type": "Sequence",
        "processors": [
            {"type": "TemplateProcessing", "special_tokens": template},
            {"type": "BertProcessing", "cls": ["[CLS]", vocab["[CLS]"]], "sep": ["[SEP]", 3]},
        ],
    }
    vocabulary = Vocabulary.parse(json.dumps(tree))
    after = json.loads(vocabulary.rewritten(sorted(vocabulary.essential())))
    new = after["model"]["vocab"]
    assert "apple" not in new and new["[CLS]"] == 4 and new["[SEP]"] == 2
    first, second = after["post_processor"]["processors"]
    assert first["special_tokens"]["[CLS]"]["ids"] == [4]
    assert (second["cls"], second["sep"]) == (["[CLS]", 4], ["[SEP]", 2])
    assert after["padding"]["pad_id"] == 0
    assert {token["content"]: token["id"] for token in after["added_tokens"]} == {
        token: new[token] for token in SPECIAL
    }


def test_rules_follow() -> None:
    new = {2: 7, 3: 9, 0: 4}
    rules = renumbered_rules(RULES, new)
    assert (rules.start, rules.middle, rules.end, rules.pad) == ((7,), (9,), (9,), 4)
    assert replace(rules, start=(2,), middle=(3,), end=(3,), pad=0) == RULES


def test_the_version_tells_the_trimmed_guard_from_the_whole() -> None:
    assert trimmed_version("1.0.0", 16000) == "1.0.0-vocab16000"
    assert trimmed_version("1.0.0-beta", 16000) == "1.0.0-beta.vocab16000"


def test_placeholders_of_bert_go_first() -> None:
    tree = json.loads(tiny_tokenizer().to_str())
    pieces = ["[PAD]", "[unused0]", "[unused11]", *list(tree["model"]["vocab"])[1:]]
    tree["model"]["vocab"] = {piece: id_ for id_, piece in enumerate(pieces)}
    order = Vocabulary.parse(json.dumps(tree | {"added_tokens": []})).by_frequency()
    assert order[:2] == [0, 3] and order[-2:] == [1, 2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": {"type": "BPE", "vocab": {}, "merges": []}}, "is BPE"),
        ({"model": {"type": "WordLevel", "vocab": {}}}, "is WordLevel"),
        ({"model": {"vocab": {}}}, "no named type"),
        ({"model": []}, "malformed"),
        ({"model": {"type": "Unigram", "vocab": 3}}, "malformed"),
        ({"padding": {"pad_id": 9999}}, "9999"),
    ],
)
def test_tokenizers_that_cannot_be_trimmed(change: dict[str, Any], message: str) -> None:
    tree = json.loads(tiny_tokenizer().to_str()) | change
    with pytest.raises(VocabularyError, match=message):
        Vocabulary.parse(json.dumps(tree)).essential()


def test_a_file_that_is_no_json() -> None:
    with pytest.raises(VocabularyError, match="malformed"):
        Vocabulary.parse("{")


def test_corpora(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one text\r\n\n  two \n", encoding="utf-8")
    assert list(read_texts(tmp_path / "a.txt")) == ["one text", "two"]
    rows = [{"prompt": "p", "response": "r"}, {"prompt": "q", "response": None}, {"prompt": "s"}]
    content = "\n".join(map(json.dumps, rows)).encode()
    (tmp_path / "b.jsonl").write_bytes(content)
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(content))
    for name in ("b.jsonl", "b.jsonl.gz"):
        assert list(read_texts(tmp_path / name)) == ["p", "r", "q", "s"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"secret"),
        ("a.txt", b"secret \xff"),
        ("a.jsonl", b"secret"),
        ("a.jsonl", b'["secret"]'),
        ("a.jsonl", b'{"prompt": "secret", "response": 3}'),
        ("a.jsonl", b'{"text": "secret"}'),
        ("a.jsonl.gz", b"secret"),
        ("a.jsonl.gz", gzip.compress(b"{}" * 999)[:-9]),
    ],
)
def test_broken_corpora_are_named_and_never_quoted(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=name) as caught:
        list(read_texts(tmp_path / name))
    assert "secret" not in str(caught.value)


def test_what_can_be_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("apple", encoding="utf-8")
    assert parse_keep("16000") == 16000
    assert parse_keep(str(tmp_path / "a.txt")) == tmp_path / "a.txt"
    for value in ("many", str(tmp_path), "-3", ""):
        with pytest.raises(VocabularyError, match="neither"):
            parse_keep(value)
