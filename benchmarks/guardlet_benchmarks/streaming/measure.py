"""What a stream does on spliced responses, as figures. No text in any of them."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from guardlet import Encoder, Guard
from guardlet.streaming import StreamSchedule
from guardlet_benchmarks.streaming.splice import Case

_CHUNK = re.compile(r"\s*\S+")


@dataclass(frozen=True)
class Run:
    """One streamed case. `checks` holds tokens of the response and whether it was harmful at each
    check; times are milliseconds; `harm` is the token at which harm begins, None for never."""

    kind: str
    harm: int | None
    checks: tuple[tuple[int, bool], ...]
    closing_harmful: bool
    closing_windows: int
    checks_ms: float
    closing_ms: float

    def flagged_at(self, hits: int) -> int | None:
        """Tokens at the check that completes `hits` harmful ones in a row."""
        streak = 0
        for tokens, harmful in self.checks:
            streak = streak + 1 if harmful else 0
            if streak == hits:
                return tokens
        return None


def stream_case(guard: Guard, encoder: Encoder, case: Case, schedule: StreamSchedule) -> Run:
    """Feeds the case word by word, to its end even when flagged."""
    stream = guard.stream(case.prompt, schedule.first, schedule.every, schedule.context)
    verdicts = [
        verdict for chunk in _CHUNK.findall(case.response) for verdict in stream.feed_all(chunk)
    ]
    closing = stream.close()
    prompt = len(encoder.tokenize(case.prompt)[0])
    return Run(
        case.kind,
        None if case.harm is None else len(encoder.tokenize(case.response[: case.harm])[0]),
        tuple((verdict.tokens - prompt, verdict.harmful) for verdict in verdicts),
        closing.harmful,
        closing.windows,
        sum(verdict.latency_ms for verdict in verdicts),
        closing.latency_ms,
    )


def summarise(runs: Sequence[Run], hits: Iterable[int]) -> list[dict[str, Any]]:
    """One entry for each kind and number of hits, in the order of the kinds."""
    kinds = list(dict.fromkeys(run.kind for run in runs))
    return [
        _figures([run for run in runs if run.kind == kind], count)
        for kind in kinds
        for count in hits
    ]


def _figures(runs: Sequence[Run], hits: int) -> dict[str, Any]:
    """`false_stops` is the share flagged where nothing harmful had begun; `detected` the share
    flagged later, of those in which harm begins and that were not flagged before;
    `caught_by_close` the share that the full check calls harmful."""
    flags = [(run.harm, run.flagged_at(hits)) for run in runs]
    delays = [at - harm for harm, at in flags if at is not None and harm is not None and at > harm]
    early = sum(at is not None and (harm is None or at <= harm) for harm, at in flags)
    left = sum(harm is not None for harm, _ in flags) - early
    closing_ms = sum(run.closing_ms for run in runs)
    return {
        "kind": runs[0].kind,
        "hits": hits,
        "rows": len(runs),
        "detected": len(delays) / left if left > 0 else None,
        "tokens_until_detection_median": statistics.median(delays) if delays else None,
        "tokens_until_detection_p90": _p90(delays),
        "false_stops": early / len(runs),
        "caught_by_close": sum(run.closing_harmful for run in runs) / len(runs),
        "stream_windows": statistics.mean(len(run.checks) for run in runs),
        "full_check_windows": statistics.mean(run.closing_windows for run in runs),
        "stream_ms": statistics.mean(run.checks_ms for run in runs),
        "full_check_ms": closing_ms / len(runs),
    }


def _p90(values: Sequence[int]) -> int | None:
    return sorted(values)[math.ceil(0.9 * len(values)) - 1] if values else None
