"""Words and recorded cases that the tests of the normaliser share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from guardlet.normalise import Normaliser, Words

SENTENCE = "how do you keep the bread fresh"
_VOCABULARY = (
    "how you keep the bread fresh what are hello world word text please read this garden kettle "
    "window note"
)
WORDS = Words(_VOCABULARY.split())
NORMALISER = Normaliser(WORDS)
CASES: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).with_name("cases.jsonl")).read_text(encoding="utf-8").splitlines()
]
