"""From logits to a score and from a score to a level. See docs/bundle-format.md, "Scoring"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from guardlet.encoder import Judged
from guardlet.errors import EngineError

Level = Literal["safe", "controversial", "harmful"]


@dataclass(frozen=True)
class OperatingPoint:
    """Two score thresholds, how they were chosen (`rule`) and on which sets (`fitted_on`)."""

    threshold: float
    controversial: float
    rule: str
    fitted_on: tuple[str, ...]

    def level(self, score: float) -> Level:
        if score >= self.threshold:
            return "harmful"
        return "controversial" if score >= self.controversial else "safe"


def parse_operating_points(tree: Mapping[str, Any]) -> dict[str, OperatingPoint]:
    """From decoded JSON, names to points."""
    return {
        name: OperatingPoint(**{**point, "fitted_on": tuple(point["fitted_on"])})
        for name, point in tree.items()
    }


@dataclass(frozen=True)
class ScoreRules:
    """How logits become a verdict: the manifest's `score` object.

    `response_bias`, in units of logits, lets one threshold serve prompts and responses alike.
    """

    temperature: float
    harmful_index: int
    operating_points: Mapping[str, OperatingPoint]
    response_bias: float = 0.0

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any], harmful_index: int) -> ScoreRules:
        """From the decoded JSON of a manifest's, or of guard.json's, `score`."""
        points = parse_operating_points(tree["operating_points"])
        return cls(tree["temperature"], harmful_index, points, tree.get("response_bias", 0.0))

    def bias(self, judged: Judged) -> float:
        """What the harmful logit is raised by."""
        return self.response_bias if judged == "response" else 0.0

    def score(self, logits: NDArray[np.float32], judged: Judged) -> float:
        """P(harmful) of one window: softmax(logits / temperature)[harmful], in float64, the
        harmful logit of a judged response raised by `response_bias` first.

        `logits` is float [labels]. Source: temperature scaling, arXiv 1706.04599. Raises
        EngineError for logits that are no such thing: NaN would compare as safe.
        """
        if logits.ndim != 1 or self.harmful_index >= len(logits) or not np.isfinite(logits).all():
            raise EngineError("the model returned no usable logits; run `guardlet verify` on it")
        raised = logits.astype(np.float64)
        raised[self.harmful_index] += self.bias(judged)
        scaled = raised / self.temperature
        exponentials = np.exp(scaled - scaled.max())
        return float(exponentials[self.harmful_index] / exponentials.sum())

    def worst(self, logits: Iterable[NDArray[np.float32]], judged: Judged) -> tuple[float, int]:
        """The score of a text, which is its worst window's, and the first such window's index.

        `logits` holds each window's, at least one. Raises as `score` does.
        """
        scores = [self.score(window, judged) for window in logits]
        index = max(range(len(scores)), key=scores.__getitem__)
        return scores[index], index
