"""Writes everything the JVM tests compare themselves with, as Python answers it.

python android-demo/tooling/make_fixtures.py FOLDER
mvn -f android-demo test -Dguardlet.fixtures=FOLDER
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fixture_attacks import write_attacks
from fixture_bundles import write_bundles
from fixture_normalise import judged, readings, recorded
from fixture_streams import streams
from fixture_strings import texts
from matching_runtime import environment

from guardlet import Bundle, Encoder, Guard
from guardlet.encoder import clip, head_and_tail, window_spans
from guardlet.vectors import parse_vectors

_SPANS = 3000
_NUMBERS = 2000


def make_fixtures(folder: Path, more: Path | None = None) -> None:
    """Fills `folder`. `more` is one more bundle to answer for, such as guardlet-mini."""
    folder.mkdir(parents=True, exist_ok=True)
    bundles = write_bundles(folder)
    if more:
        bundles["more"] = more
    write_lines(folder / "spans.jsonl", _spans())
    write_lines(folder / "numbers.jsonl", _numbers())
    write_lines(folder / "recorded.jsonl", recorded())
    attacks = write_attacks(bundles["unigram"], folder / "attacks")
    write_lines(folder / "attacks.jsonl", map(asdict, attacks))
    variables = environment(folder / "onnxruntime")
    for name, bundle in bundles.items():
        target = folder / f"answers-{name}"
        _tokenise(bundle, target)
        command = [sys.executable, __file__, str(target), "--judge", str(bundle)]
        subprocess.run(command, check=True, env=variables)


def _tokenise(bundle: Path, target: Path) -> None:
    target.mkdir()
    (target / "bundle.txt").write_text(str(bundle.resolve()), encoding="utf-8")
    opened = Bundle.open(bundle)
    tokenizer = opened.read(opened.manifest.tokenizer).decode("utf-8")
    encoder = Encoder(tokenizer, opened.manifest.input)
    write_lines(target / "ids.jsonl", (_ids(encoder, text) for text in texts()))
    write_lines(target / "readings.jsonl", readings(encoder))


def _judge(bundle: Path, target: Path) -> None:
    opened = Bundle.open(bundle)
    for artifact in opened.manifest.artifacts:
        if artifact.engine == "onnx":
            guard = Guard.load(opened, engine=artifact.id, threads=1)
            write_lines(target / f"verdicts-{artifact.id}.jsonl", _verdicts(opened, guard))
            write_lines(target / f"streams-{artifact.id}.jsonl", _streams(opened, guard))
            write_lines(target / f"normalised-{artifact.id}.jsonl", judged(opened, artifact.id))


def _ids(encoder: Encoder, text: str) -> dict[str, Any]:
    ids, cut = encoder.tokenize(text)
    return {"text": text, "ids": ids, "cut": cut, "reads": encoder.reads(ids)}


def _verdicts(bundle: Bundle, guard: Guard) -> Iterable[dict[str, Any]]:
    for vector in parse_vectors(bundle.read(bundle.manifest.vectors).decode("utf-8")):
        verdict = guard.check(vector.prompt, vector.response).to_dict()
        del verdict["latency_ms"]
        yield {"prompt": vector.prompt, "response": vector.response, "verdict": verdict}


def _streams(bundle: Bundle, guard: Guard) -> Iterable[dict[str, Any]]:
    vectors = parse_vectors(bundle.read(bundle.manifest.vectors).decode("utf-8"))
    return streams(guard, vectors, bundle.manifest.input.response_room)


def _spans() -> Iterable[dict[str, Any]]:
    """Random windows, budgets and clips."""
    generator = random.Random(3)
    for _ in range(_SPANS):
        room = generator.randint(2, 40)
        rules = {
            "length": generator.randint(0, 200),
            "room": room,
            "stride": generator.randint(0, room - 1),
            "max_windows": generator.randint(2, 12),
        }
        spans, dropped = window_spans(**rules)
        text = "".join(generator.choices("aé漢😀", k=generator.randint(0, 12)))
        items, limit = list(range(generator.randint(0, 12))), generator.randint(2, 12)
        clipped, cut = clip(text, limit)
        yield rules | {
            "spans": spans,
            "dropped": dropped,
            "text": text,
            "limit": limit,
            "clipped": clipped,
            "cut": cut,
            "items": items,
            "kept": head_and_tail(items, limit),
        }


def _numbers() -> Iterable[dict[str, str]]:
    """Decimal numbers and what `tokenizers` takes them for, as it writes them again."""
    from tokenizers import Tokenizer

    generator = random.Random(5)
    texts = ["-0.0", "0.1", "-12345678901234567890123.5", "3e-320", "1.5E+3", "-0.00001e-7"]
    for _ in range(_NUMBERS):
        score = -generator.uniform(0, 20)
        texts += [repr(score), f"{score:.{generator.randint(1, 25)}f}", f"{score:.17e}"]
    pieces = ",".join(f'["{index}",{text}]' for index, text in enumerate(texts))
    model = '{"type":"Unigram","unk_id":0,"vocab":[' + pieces + "]}"
    tokenizer = Tokenizer.from_str('{"version":"1.0","added_tokens":[],"model":' + model + "}")
    vocabulary = json.loads(tokenizer.to_str())["model"]["vocab"]
    for text, (_, value) in zip(texts, vocabulary, strict=True):
        yield {"text": text, "value": repr(float(value))}


def write_lines(file: Path, rows: Iterable[Any]) -> None:
    """JSON Lines in ASCII, so that lone surrogates survive."""
    with file.open("w", encoding="ascii") as out:
        for row in rows:
            out.write(json.dumps(row, separators=(",", ":")) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bundle", type=Path, help="one more bundle to answer for")
    parser.add_argument("--judge", type=Path, help="write only the verdicts of this bundle")
    arguments = parser.parse_args()
    if arguments.judge:
        _judge(arguments.judge, arguments.folder)
    else:
        make_fixtures(arguments.folder, arguments.bundle)


if __name__ == "__main__":
    main()
