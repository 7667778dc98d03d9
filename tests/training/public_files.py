"""Files with the columns of public sets, and harmless texts of our own."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ANSWERS: list[dict[str, Any]] = [
    {
        "id": number,
        "risk_area": area,
        "types_of_harm": harm,
        "specific_harms": "a specific harm",
        "question": f"apple, bridge {number}?",
        "GPT4_response": "candle,\ndragon",
        "GPT4_harmful": 0,
        "GPT4_action": "0",
        "vicuna-7b_response": "engine" if number else "",
        "vicuna-7b_harmful": 1 if number else "",
        "vicuna-7b_action": 5 if number else "",
    }
    for number, (area, harm) in enumerate([("areas A", "harm 1"), ("areas A", "harm 2")])
]
INJECTIONS: list[dict[str, Any]] = [
    {
        "prompt_id": number,
        "test_case_prompt": "forest",
        "user_input": f"garden {number}",
        "injection_variant": variant,
        "injection_type": "direct",
        "risk_category": "logic-violating",
        "judge_question": "harbor",
    }
    for number, variant in enumerate(["ignore_previous_instructions", "many_shot_attack"])
]
REFUSALS: list[dict[str, Any]] = [
    {"mutated_prompt": "island", "base_prompt": "jacket", "attack_type": "kettle"},
    {"mutated_prompt": "ladder", "base_prompt": "mirror", "attack_type": "needle"},
]


def write_csv(path: Path, records: Sequence[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(records[0]))
        writer.writeheader()
        writer.writerows(records)
    return path


def write_json(path: Path, records: Any) -> Path:
    path.write_text(json.dumps(records), encoding="utf-8")
    return path


def write_lines(path: Path, records: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    return path
