"""How a guard is adapted."""

from __future__ import annotations

from dataclasses import dataclass

from guardlet_training.adapt.method import Method, Target
from guardlet_training.recipe import Training

_LEARNING_RATE = {Method.LORA: 1e-4, Method.FULL: 2e-5}


@dataclass(frozen=True)
class AdaptSettings:
    """Defaults are those of the paper's CipherChat case (section 4.3): 200 steps of a batch of 8
    new cases beside 8 replayed rows, LoRA of rank 32 at 1e-4. It does not say alpha: twice the
    rank here. `learning_rate` None is 1e-4 for `lora` and 2e-5 for `full`.

    The paper replays labels. `target` is by default the guard's own scores instead: labels alone
    stretch or shrink the scores, and the operating points then no longer fit.
    """

    method: Method = Method.LORA
    rank: int = 32
    steps: int = 200
    batch_size: int = 8
    learning_rate: float | None = None
    target: Target = Target.SCORES
    seed: int = 42

    @property
    def alpha(self) -> int:
        return 2 * self.rank

    @property
    def rate(self) -> float:
        """The learning rate in use."""
        chosen = self.learning_rate
        return _LEARNING_RATE[self.method] if chosen is None else chosen

    def training(self) -> Training:
        """As the trainer takes it: one epoch, which the sampler makes `steps` long. Rows with a
        teacher, which the replayed ones are, learn from it alone."""
        return Training(
            epochs=1,
            batch_size=2 * self.batch_size,
            micro_batch_size=2 * self.batch_size,
            learning_rate=self.rate,
            weight_decay=0.0,
            distil_weight=0.0,
            teacher="soft",
            warmup_steps=self.steps // 10,
            seed=self.seed,
        )
