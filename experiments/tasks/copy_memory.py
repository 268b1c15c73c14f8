"""Copy memory: keep ten symbols over a long gap, then say them again.

Arjovsky, Shah & Bengio 2016: ten symbols from 1..8, T - 1 blanks (0), one delimiter (9), ten blanks;
the target is blank for T + 10 steps and then the ten symbols. Example with recall 3, delay 4:

    input    3 7 1 0 0 0 9 0 0 0
    target   0 0 0 0 0 0 0 3 7 1

The loss is the cross-entropy averaged over all T + 20 steps: the naive predictor says blank, and at the
end guesses, for recall ln 8 / (T + 20) (0.0204 at T = 1000: exactly what Bai et al. 2018 report for their
LSTM). The score is the accuracy over the recalled symbols above chance (1/8); a sequence is wrong when
any of its recalled symbols is. (Bai et al. use eleven delimiters instead of one: another task.)
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp

from experiments.tasks.contract import Batch, Measures, above_chance, cross_entropy, whole


@dataclass(frozen=True, kw_only=True)
class CopyMemory:
    """delay: T, at least 1. recall: symbols to keep. symbols: size of their alphabet, at least 2."""

    reference: ClassVar[str] = "Arjovsky, Shah & Bengio 2016 (one delimiter)"
    axes: ClassVar[tuple[str, ...]] = ("delay", "recall", "symbols")

    delay: int = 100
    recall: int = 10
    symbols: int = 8

    def __post_init__(self) -> None:
        if self.delay < 1 or self.recall < 1 or self.symbols < 2:
            raise ValueError(
                "CopyMemory needs delay >= 1, recall >= 1 and symbols >= 2 (one symbol leaves nothing to "
                f"remember); got delay={self.delay}, recall={self.recall}, symbols={self.symbols}."
            )

    @property
    def inputs(self) -> int:
        return self.symbols + 2

    @property
    def outputs(self) -> int:
        return self.symbols + 1

    @property
    def steps(self) -> int:
        return self.delay + 2 * self.recall

    @property
    def scored(self) -> int:
        return self.steps

    @property
    def baseline(self) -> float:
        return self.recall * math.log(self.symbols) / self.steps

    def sample(self, key: jax.Array, batch: int) -> Batch:
        data = whole(jax.random.uniform(key, (self.recall, batch)), 1, self.symbols + 1)

        def blanks(steps: int) -> jax.Array:
            return jnp.zeros((steps, batch), data.dtype)

        delimiter = blanks(1) + self.symbols + 1
        inputs = jnp.concatenate([data, blanks(self.delay - 1), delimiter, blanks(self.recall)])
        targets = jnp.concatenate([blanks(self.delay + self.recall), data])
        return Batch(jax.nn.one_hot(inputs, self.inputs), targets)

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        right = (outputs.argmax(-1) == batch.targets)[-self.recall :]
        return Measures(
            cross_entropy(outputs, batch.targets).mean(),
            1 - right.all(0).mean(),
            above_chance(right.mean(), self.symbols),
        )
