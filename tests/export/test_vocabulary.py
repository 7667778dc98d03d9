"""Vocabulary trimming: what stays, and that texts made of it are judged as before."""

from __future__ import annotations

import gzip
import json
import shutil
import string
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_runner import guardlet
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import RULES, SPECIAL, WORDS, save_tiny_guard, tiny_classifier, tiny_tokenizer
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from guardlet import Bundle
from guardlet.errors import DataError
from guardlet.verify import verify_bundle
from guardlet_export.errors import VocabularyError
from guardlet_export.export import export_bundle
from guardlet_export.guard_folder import GuardFolder
from guardlet_export.reference import TorchEngine
from guardlet_export.vocabulary import Keep, parse_keep, summary, trim_vocabulary
from guardlet_export.vocabulary.corpus import read_texts
from guardlet_export.vocabulary.effect import changed_share
from guardlet_export.vocabulary.selection import select
from guardlet_export.vocabulary.tokenizer_json import Vocabulary
from guardlet_export.vocabulary.trim import renumbered_rules, trimmed_version

SPECIAL_IDS = {2, 3, 0}
FRAGMENTS = (*WORDS, "apples", "Bridge", "zzz", "a1", "1", "é", "雪", "[SEP]", "!", "\n", "\t")
TEXTS = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=6), max_size=12).map(" ".join)


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


@pytest.mark.parametrize("count", [0, 40, 9999])
def test_a_count_that_is_too_small_or_too_large(tiny_guard: Path, count: int) -> None:
    with pytest.raises(VocabularyError, match=r"has 124, of which 99 must stay"):
        trim(tiny_guard, count)


def trim(folder: Path, keep: Keep) -> tuple[GuardFolder, TorchEngine, TorchEngine]:
    """The trimmed guard, the whole model and the trimmed one."""
    sliced = TorchEngine.from_folder(folder)
    trimmed = trim_vocabulary(GuardFolder.open(folder), sliced, keep)
    return trimmed, TorchEngine.from_folder(folder), sliced


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "words.txt"
    path.write_text(
        "an apple, a bridge, the apple\na bridge\ndragon bridge\nthe dragon\n", encoding="utf-8"
    )
    return path


def save_unigram_guard(folder: Path) -> Path:
    tokenizer = TOKENIZERS["unigram"]
    model = tiny_classifier("v3", vocab_size=tokenizer.get_vocab_size() + 5)
    save_tiny_guard(folder, model)
    (folder / "tokenizer.json").write_text(tokenizer.to_str(), encoding="utf-8")
    return folder


@pytest.mark.parametrize("family", ["mini", "bert", "unigram"])
def test_logits_of_kept_tokens_are_identical(family: str, corpus: Path, tmp_path: Path) -> None:
    if family == "unigram":
        save_unigram_guard(tmp_path)
    else:
        save_tiny_guard(tmp_path, tiny_classifier(family))
    files = {path: path.read_bytes() for path in tmp_path.iterdir()}
    trimmed, whole, sliced = trim(tmp_path, corpus)
    encoder = GuardFolder.open(tmp_path).encoder()
    for prompt, response in (("an apple", None), ("dragon bridge", "a bridge, the apple")):
        old = encoder.encode(prompt, response).windows
        new = trimmed.encoder().encode(prompt, response).windows
        assert [window.ids for window in old] != [window.ids for window in new]
        for left, right in zip(old, new, strict=True):
            np.testing.assert_array_equal(whole.logits(left), sliced.logits(right))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == files


@pytest.fixture(scope="module")
def words(tiny_guard: Path, corpus: Path) -> tuple[GuardFolder, TorchEngine]:
    """The tiny guard with the tokens of `corpus`, and its model."""
    trimmed, _, sliced = trim(tiny_guard, corpus)
    return trimmed, sliced


def test_the_effect_is_recorded(words: tuple[GuardFolder, TorchEngine]) -> None:
    trimmed, sliced = words
    note = trimmed.description["provenance"]["vocabulary"]
    assert trimmed.description["provenance"]["recipe"] == "none"
    assert (note["kept"], note["of"]) == (102, 124)
    assert note["rule"] == "tokens used in words.txt, special tokens, single characters"
    assert note["embedding_mb"] == {"before": 0.02, "after": 0.01}
    assert note["tokens_changed"]["corpus"] == 0
    assert note["cases"] >= 200
    assert 0 <= note["mean_score_delta"] <= note["max_score_delta"] <= 1
    assert len(sliced.model.get_input_embeddings().weight) == sliced.model.config.vocab_size == 102
    assert "102 of 124 rows" in summary(note) and "corpus tokens" in summary(note)


def test_the_share_of_changed_tokens(
    tiny_guard: Path, words: tuple[GuardFolder, TorchEngine]
) -> None:
    trimmed, _ = words
    kept = [tiny_tokenizer().token_to_id(piece) for piece in _pieces(trimmed)]
    before = GuardFolder.open(tiny_guard).encoder()
    texts = ["apple zebra", "bridge a", ""]
    assert changed_share(texts, before, trimmed.encoder(), kept) == 1 / 4
    assert changed_share([], before, trimmed.encoder(), kept) == 0


def _pieces(guard: GuardFolder) -> list[str]:
    pieces = Vocabulary.parse(guard.tokenizer_json).pieces
    return [pieces[id_] for id_ in sorted(pieces)]


def test_a_tokenizer_with_more_ids_than_the_model_has_rows(tmp_path: Path) -> None:
    save_tiny_guard(tmp_path, tiny_classifier("mini"))
    text = TOKENIZERS["unigram-bytes"].to_str()
    (tmp_path / "tokenizer.json").write_text(text, encoding="utf-8")
    with pytest.raises(VocabularyError, match="embedding rows"):
        trim(tmp_path, len(Vocabulary.parse(text).essential()) + 3)


def test_rules_that_name_no_token(tiny_guard: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_guard, tmp_path / "guard"))
    about = json.loads((folder / "guard.json").read_text(encoding="utf-8"))
    about["input"]["pad"] = 500
    (folder / "guard.json").write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(VocabularyError, match="id 500"):
        trim(folder, 110)


def test_a_model_to_which_an_id_means_more_than_its_row(tmp_path: Path) -> None:
    from transformers import RobertaConfig, RobertaForSequenceClassification

    shape = tiny_classifier("bert").config.to_dict() | {"pad_token_id": 6, "type_vocab_size": 1}
    names = RobertaConfig().to_dict().keys() - {"model_type", "architectures"}
    config = RobertaConfig(**{name: shape[name] for name in names & shape.keys()})
    save_tiny_guard(tmp_path, RobertaForSequenceClassification(config))
    corpus = tmp_path / "empty.txt"
    corpus.write_text("", encoding="utf-8")
    with pytest.raises(VocabularyError, match="cannot be trimmed"):
        trim(tmp_path, corpus)


@pytest.mark.slow
def test_a_trimmed_bundle_verifies(tmp_path: Path, corpus: Path) -> None:
    folder = tmp_path / "guard"
    folder.mkdir()
    target = export_bundle(
        save_unigram_guard(folder), tmp_path / "bundle", ("int8", "fp32"), keep_vocab=corpus
    )
    bundle = Bundle.open(target)
    assert all(report.passed and not report.skipped for report in verify_bundle(bundle))
    note = bundle.manifest.provenance["vocabulary"]
    assert bundle.manifest.label == f"tiny@1.0.0-vocab{note['kept']}"
    assert note["of"] == TOKENIZERS["unigram"].get_vocab_size() + 5


@pytest.mark.slow
def test_the_command(tiny_guard: Path, tiny_bundle: Path, tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    options = ("--precision", "fp32", "--keep-vocab")
    output = guardlet("export", tiny_guard, target, *options, "110")
    assert "110 of 124 rows" in output and "verdicts flip" in output
    assert "vocabulary" not in Bundle.open(tiny_bundle).manifest.provenance
    for value in ("40", "gone.txt"):
        with pytest.raises(VocabularyError):
            guardlet("export", tiny_guard, tmp_path / "other", *options, value)
    assert list(tmp_path.iterdir()) == [target]
