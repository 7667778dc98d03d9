"""A tiny tokenizer, a tiny ONNX classifier and a whole bundle made of them, all built here."""

from __future__ import annotations

import json
import string
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from guardlet.bundle import MANIFEST_FILE, Artifact, Manifest, write_bundle
from guardlet.encoder import Encoder, InputRules
from guardlet.engines.onnx import OnnxEngine
from guardlet.language import LanguageRules
from guardlet.scoring import OperatingPoint, ScoreRules
from guardlet.vectors import Vector, dump_vectors

PAD, UNK, CLS, SEP, MASK = range(5)
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = ("how", "are", "you", "bomb", "make", "kill", "hello", "world", "safe")
PIECES = tuple(string.ascii_lowercase + string.digits + string.punctuation)
VOCABULARY = (*SPECIAL, *WORDS, *PIECES, *(f"##{c}" for c in string.ascii_lowercase))
RULES = InputRules(
    max_tokens=16,
    stride=3,
    max_windows=4,
    prompt_budget=4,
    max_chars=2000,
    start=(CLS,),
    middle=(SEP,),
    end=(SEP,),
    pad=PAD,
    response_type=1,
    language=LanguageRules(min_tokens=10, max_foreign=0.25, max_continuations=0.38),
)
POINTS = {
    "strict": OperatingPoint(0.3, 0.2, "recall 0.95", ("tiny",)),
    "balanced": OperatingPoint(0.5, 0.4, "best F1", ("tiny",)),
    "lenient": OperatingPoint(0.7, 0.6, "FPR 0.01", ("tiny",)),
}
SCORE = ScoreRules(1.5, 1, POINTS)

Change = Callable[[dict[str, Any]], object]


def tokenizer_json() -> str:
    """An uncased WordPiece whose special tokens are marked as such."""
    vocabulary = {token: i for i, token in enumerate(VOCABULARY)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(list(SPECIAL))
    return str(tokenizer.to_str())


def onnx_model() -> bytes:
    """Mean of embeddings times a matrix; "bomb" and "kill" push towards the second label."""
    generator = np.random.default_rng(7)
    embedding = generator.normal(size=(len(VOCABULARY), 8)).astype(np.float32)
    embedding[:, 0] = -1
    embedding[[VOCABULARY.index("bomb"), VOCABULARY.index("kill")], 0] = 20
    types = generator.normal(size=(2, 8)).astype(np.float32) / 10
    matrix = generator.normal(size=(8, 2)).astype(np.float32) / 10
    matrix[0] = (-1, 1)
    nodes = [
        helper.make_node("Gather", ["embedding", "input_ids"], ["words"]),
        helper.make_node("Gather", ["types", "token_type_ids"], ["segments"]),
        helper.make_node("Add", ["words", "segments"], ["both"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "axis"], ["wide"]),
        helper.make_node("Mul", ["both", "wide"], ["seen"]),
        helper.make_node("ReduceMean", ["seen"], ["pooled"], axes=[1], keepdims=0),
        helper.make_node("MatMul", ["pooled", "matrix"], ["logits"]),
    ]
    names = ("input_ids", "attention_mask", "token_type_ids")
    constants = {
        "embedding": embedding,
        "types": types,
        "matrix": matrix,
        "axis": np.array([2], dtype=np.int64),
    }
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(n, TensorProto.INT64, [1, "T"]) for n in names],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 2])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def write_tiny(
    folder: Path,
    model: bytes | None = None,
    tokenizer: str | None = None,
    swap: bool = False,
    vectors: list[Vector] | None = None,
    **changes: Any,
) -> Manifest:
    """Writes a valid bundle to `folder`; `changes` are fields of its Manifest."""
    content = onnx_model() if model is None else model
    with write_bundle(folder, replace=swap) as writer:
        file = writer.add("onnx/model.onnx", lambda path: path.write_bytes(content))
        manifest = Manifest(
            name="tiny",
            version="1.2.3",
            license="Apache-2.0",
            description="A tiny guard für tests.",
            languages=("en",),
            sources=({"name": "nothing", "license": "CC0-1.0"},),
            labels=("safe", "harmful"),
            input=RULES,
            score=SCORE,
            tokenizer=writer.add_text("tokenizer.json", tokenizer or tokenizer_json()),
            artifacts=(
                Artifact("onnx-fp32", "onnx", "fp32", file.path, (file,), 512, {}, {"cases": 1}),
            ),
            vectors=writer.add_text("vectors.jsonl", dump_vectors(vectors or [])),
            card=writer.add_text("README.md", "# tiny\n"),
            provenance={"recipe": "none"},
        )
        manifest = replace(manifest, **changes)
        writer.finish(manifest)
    return manifest


def sentence(tokens: int) -> str:
    """Text of exactly that many tokens."""
    return " ".join(WORDS[i % len(WORDS)] for i in range(tokens))


def word_ids(text: str) -> tuple[int, ...]:
    """The ids of a text made of WORDS."""
    return tuple(VOCABULARY.index(word) for word in text.split())


def tiny_vectors(model: bytes | None = None) -> list[Vector]:
    """Golden vectors of the tiny guard: short, pair, empty response, long, truncated, foreign."""
    encoder, engine = Encoder(tokenizer_json(), RULES), OnnxEngine(model or onnx_model(), 1)
    texts: list[tuple[str, str | None]] = [
        ("hello world", None),
        ("make bomb", None),
        ("how are you", "kill you"),
        ("hello", ""),
        (sentence(30), None),
        ("hello", sentence(300)),
        ("hello", "\u4f60\u597d \u2603 \u2603"),
    ]
    return [_vector(f"tiny-{i}", *text, encoder, engine) for i, text in enumerate(texts)]


def _vector(
    name: str, prompt: str, response: str | None, encoder: Encoder, engine: OnnxEngine
) -> Vector:
    encoding = encoder.encode(prompt, response)
    logits = [engine.logits(window) for window in encoding.windows]
    score, _ = SCORE.worst(logits, encoding.judged)
    return Vector(
        id=name,
        kind="tiny",
        prompt=prompt,
        response=response,
        judged=encoding.judged,
        tokens=encoding.tokens,
        truncated=encoding.truncated,
        language_supported=encoding.language_supported,
        windows=tuple({"ids": w.ids, "type_ids": w.type_ids} for w in encoding.windows),
        logits=tuple(tuple(map(float, item)) for item in logits),
        score=score,
        verdicts={name: point.level(score) for name, point in POINTS.items()},
    )


def edit_manifest(folder: Path, change: Change) -> None:
    """Lets `change` alter the decoded guardlet.json of a bundle in place."""
    file = folder / MANIFEST_FILE
    tree = json.loads(file.read_text(encoding="utf-8"))
    change(tree)
    file.write_text(json.dumps(tree), encoding="utf-8")
