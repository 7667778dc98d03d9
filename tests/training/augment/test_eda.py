"""EDA: what each operation does to words, and the stage that does it to rows."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from cli_runner import guardlet
from folders import contents
from hypothesis import given
from hypothesis import strategies as st
from training_helpers import made_up_rows

from guardlet.errors import DataError
from guardlet_training.augment.eda import OPERATIONS, variants
from guardlet_training.augment.eda_stage import EdaJob, eda
from guardlet_training.augment.synonyms import SynonymSource
from guardlet_training.rows import Row, load_rows, write_rows

KNOWN = {"red": ["crimson"], "boat": ["dinghy", "small vessel"], "the": ["never"]}
TEXT = "The RED boat, (the boat) is at sea!"
PIECES = ["The", "the", "red", "Red,", "boat", "(boat)", "sails", ".", "on", "é", "船"]
WORDS = st.lists(st.sampled_from(PIECES), max_size=9)


def known(word: str) -> list[str]:
    return KNOWN.get(word, [])


def made(name: str, text: str, changes: int = 1, seed: int = 0) -> str:
    return " ".join(OPERATIONS[name](text.split(), changes, random.Random(seed), known))


def test_a_replaced_word_keeps_its_case_and_punctuation() -> None:
    assert made("synonym", TEXT, 2) in {
        f"The Crimson {boat}, (the {boat}) is at sea!" for boat in KNOWN["boat"]
    }
    once = {made("synonym", "The Red sea", seed=seed) for seed in range(9)}
    assert once == {"The Crimson sea"}


def test_insertion_adds_synonyms_of_words_of_the_text() -> None:
    for seed in range(20):
        added = made("insert", "one red sea", 2, seed).split()
        assert sorted(added) == sorted(["one", "red", "sea", "crimson", "crimson"])
    assert made("insert", "no such words") == "no such words"


def test_swapping_moves_two_words() -> None:
    assert made("swap", "a b") == "b a" and made("swap", "alone") == "alone"


def test_deletion_keeps_one_word_at_least() -> None:
    assert made("delete", "alone") == "alone"
    assert {made("delete", "a b c", 3, seed) for seed in range(20)} == {"a", "b", "c"}
    left = [len(made("delete", "w " * 50, 5, seed).split()) for seed in range(200)]
    assert 44 < sum(left) / len(left) < 46


@given(words=WORDS, count=st.integers(1, 9), seed=st.integers(0, 99))
def test_variants_are_as_many_and_as_varied_as_asked(
    words: list[str], count: int, seed: int
) -> None:
    text = " ".join(words)
    found = variants(text, count, 0.1, random.Random(seed), known)
    assert len(found) == count
    assert found == variants(text, count, 0.1, random.Random(seed), known)
    if words:
        assert len({name for name, _ in found[:4]} | set(OPERATIONS)) == 4
        assert all(changed for _, changed in found)
    else:
        assert {changed for _, changed in found} == {text}


def thesaurus(folder: Path, text: str = "apple,fruit,pome\nbridge, span\n") -> Path:
    (folder / "thesaurus.txt").write_text(text, encoding="utf-8")
    return folder / "thesaurus.txt"


def test_rows_keep_their_labels(tmp_path: Path) -> None:
    rows = made_up_rows(30)
    write_rows(tmp_path / "rows.jsonl", rows)
    out = tmp_path / "out"
    job = EdaJob(str(tmp_path / "rows.jsonl"), SynonymSource(thesaurus(tmp_path)))
    report = eda(job, out)
    new = load_rows(str(out / "rows.jsonl"))
    assert report.rows == len(new) == 120 and report.figures["unchanged"] < 60
    for number, row in enumerate(new):
        old = rows[number // 4]
        assert row.id == f"{old.id}-eda{number % 4}"
        assert (row.label, row.soft_label, row.response) == (
            *(old.label, old.soft_label),
            old.response,
        )
        assert row.extra["eda"] in OPERATIONS
    changed = [row for row in new if row.prompt != rows[int(row.id[4:].split("-")[0])].prompt]
    assert len(changed) == 120 - report.figures["unchanged"]


def test_responses_change_when_asked_for(tmp_path: Path) -> None:
    rows = [Row("a", "apple bridge", "apple bridge candle dragon", 1), Row("b", "apple bridge")]
    write_rows(tmp_path / "rows.jsonl", rows)
    source = SynonymSource(thesaurus(tmp_path))
    eda(EdaJob(str(tmp_path / "rows.jsonl"), source, responses=True), tmp_path / "out")
    new = load_rows(str(tmp_path / "out/rows.jsonl"))
    assert len({row.response for row in new[:4]} - {rows[0].response}) > 1
    assert {row.response for row in new[4:]} == {None}


def test_the_command_gives_the_same_bytes_again(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", made_up_rows(20))
    for name in ("a", "b"):
        options = ("--n-aug", 3, "--synonyms", thesaurus(tmp_path), "-o", tmp_path / name)
        said = guardlet("augment", "eda", tmp_path / "rows.jsonl", *options)
        assert "60 rows of 20" in said
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    run = json.loads((tmp_path / "a/run.json").read_text("utf-8"))
    assert "thesaurus.txt" in json.dumps(run)


def test_without_wordnet_the_command_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import nltk

    monkeypatch.setattr(nltk.data, "path", [str(tmp_path)])
    with pytest.raises(DataError, match=r"nltk\.downloader wordnet.*--synonyms FILE"):
        SynonymSource().open()


@pytest.mark.parametrize("text", ["", "no synonyms here\n", ",,,\n"])
def test_a_thesaurus_that_is_none(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match="divided by commas"):
        SynonymSource(thesaurus(tmp_path, text)).open()


@pytest.mark.parametrize("settings", [{"alpha": 0.0}, {"alpha": 1.5}, {"count": 0}])
def test_settings_that_make_no_sense(tmp_path: Path, settings: dict[str, float]) -> None:
    with pytest.raises(DataError, match="alpha"):
        eda(EdaJob("rows.jsonl", **settings), tmp_path / "out")  # type: ignore[arg-type]
