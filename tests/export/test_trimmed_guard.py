"""A guard with a trimmed vocabulary judges texts of kept tokens as before."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from cli_runner import guardlet
from tiny_models import save_tiny_guard, tiny_classifier, tiny_tokenizer
from vocabulary_models import TOKENIZERS

from guardlet import Bundle
from guardlet.verify import verify_bundle
from guardlet_export.errors import VocabularyError
from guardlet_export.export import export_bundle
from guardlet_export.guard_folder import GuardFolder
from guardlet_export.reference import TorchEngine
from guardlet_export.vocabulary import Keep, summary, trim_vocabulary
from guardlet_export.vocabulary.effect import changed_share
from guardlet_export.vocabulary.tokenizer_json import Vocabulary


def trim(folder: Path, keep: Keep) -> tuple[GuardFolder, TorchEngine, TorchEngine]:
    """The trimmed guard, the whole model and the trimmed one."""
    sliced = TorchEngine.from_folder(folder)
    trimmed = trim_vocabulary(GuardFolder.open(folder), sliced, keep)
    return trimmed, TorchEngine.from_folder(folder), sliced


@pytest.mark.parametrize("count", [0, 40, 9999])
def test_a_count_that_is_too_small_or_too_large(tiny_guard: Path, count: int) -> None:
    with pytest.raises(VocabularyError, match=r"has 124, of which 99 must stay"):
        trim(tiny_guard, count)


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
