"""What a stream does on spliced responses, as figures. No text in any of them."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from guardlet import Encoder, Guard
from guardlet.streaming import StreamSchedule
from guardlet_benchmarks.streaming.remembering import RememberingEngine
from guardlet_benchmarks.streaming.splice import Case

_CHUNK = re.compile(r"\s*\S+")


@dataclass(frozen=True)
class Run:
    """One streamed case. `checks` holds tokens of the response and whether it was harmful at each
    check; `harm` is the token at which harm begins, None for never. `checks_tokens` and
    `closing_tokens` are those of the windows that the checks and one full check read."""

    kind: str
    harm: int | None
    checks: tuple[tuple[int, bool], ...]
    closing_harmful: bool
    checks_tokens: int
    closing_tokens: int

    def flagged_at(self, hits: int) -> int | None:
        """Tokens at the check that completes `hits` harmful ones in a row."""
        streak = 0
        for tokens, harmful in self.checks:
            streak = streak + 1 if harmful else 0
            if streak == hits:
                return tokens
        return None


@dataclass(frozen=True)
class Streamer:
    """`guard` runs its windows on `engine` and tokenizes with `encoder`."""

    guard: Guard
    encoder: Encoder
    engine: RememberingEngine

    def runs(self, case: Case, schedules: Sequence[StreamSchedule]) -> list[Run]:
        """Feeds the case word by word, to its end even when flagged, under each schedule."""
        self.engine.forget()
        before = self.engine.tokens
        closing = self.guard.check(case.prompt, case.response)
        closing_tokens = self.engine.tokens - before
        harm = None if case.harm is None else self._count(case.response[: case.harm])
        runs = []
        for schedule in schedules:
            before = self.engine.tokens
            checks = tuple(self._checks(case, schedule))
            spent = self.engine.tokens - before
            runs.append(Run(case.kind, harm, checks, closing.harmful, spent, closing_tokens))
        return runs

    def _checks(self, case: Case, schedule: StreamSchedule) -> list[tuple[int, bool]]:
        stream = self.guard.stream(case.prompt, **asdict(schedule))
        chunks = _CHUNK.findall(case.response)
        verdicts = [verdict for chunk in chunks for verdict in stream.feed_all(chunk)]
        prompt = self._count(case.prompt)
        return [(verdict.tokens - prompt, verdict.harmful) for verdict in verdicts]

    def _count(self, text: str) -> int:
        return len(self.encoder.tokenize(text)[0])


def by_kind(runs: Sequence[Run], hits: int) -> list[dict[str, Any]]:
    """Figures of each kind, in the order of the kinds."""
    kinds = dict.fromkeys(run.kind for run in runs)
    return [{"kind": kind} | figures([r for r in runs if r.kind == kind], hits) for kind in kinds]


def figures(runs: Sequence[Run], hits: int) -> dict[str, Any]:
    """`detected` is the share flagged once harm had begun, of those in which it begins and that
    were not flagged before; `false_stops` the share of all that is flagged where nothing harmful
    had begun; `full_check` the share that the full check calls harmful, `caught` the share of those
    with harm that are flagged at any time or by the full check. `windows` is the mean number of
    checks, `cost` their tokens over those of full checks."""
    flags = [(run.harm, run.flagged_at(hits)) for run in runs]
    delays = [at - harm for harm, at in flags if at is not None and harm is not None and at > harm]
    early = sum(at is not None and (harm is None or at <= harm) for harm, at in flags)
    turned = [run for run in runs if run.harm is not None]
    left = len(turned) - sum(
        at is not None and harm is not None and at <= harm for harm, at in flags
    )
    caught = sum(run.closing_harmful or run.flagged_at(hits) is not None for run in turned)
    return {
        "rows": len(runs),
        "detected": len(delays) / left if left else None,
        "caught": caught / len(turned) if turned else None,
        "full_check": sum(run.closing_harmful for run in runs) / len(runs),
        "tokens_until_detection_median": statistics.median(delays) if delays else None,
        "tokens_until_detection_p90": _p90(delays),
        "false_stops": early / len(runs),
        "windows": statistics.mean(len(run.checks) for run in runs),
        "cost": sum(run.checks_tokens for run in runs) / sum(run.closing_tokens for run in runs),
    }


def _p90(values: Sequence[int]) -> int | None:
    return sorted(values)[math.ceil(0.9 * len(values)) - 1] if values else None
