"""Lead: votes for A and B are counted one by one; say after each vote which of them is ahead.

In the spirit of the counters of Weiss, Goldberg & Yahav 2018. What must be remembered is a difference that grows
without a bound, while the answer stays one of three: A leads, B leads, or neither (=). Greff et al. 2017 think that
the output activation is there for such states, which otherwise come out of the cell as large as they have become.

Votes come in runs: the first is A or B, both equally likely, and each further one repeats the last with probability
1 - 1 / run, so that a run has `run` votes on average (2: independent votes). In n votes the difference grows to
about √(n (run - 1)): 26 after a hundred votes in runs of eight.

    >>> print(show(Lead(length=16, run=4)))
    input   B B A A A A A B B B A B A A A A
    target  B B B = A A A A A = A = A A A A

The loss is the mean cross-entropy over all steps. The naive predictor knows how often each answer goes with the current
vote, whenever it comes, and pays 0.764. The score judges the close steps, at which the difference is at most 1 and one
vote more or less would give another answer: the share of them that is right, rescaled so that the naive predictor,
right at 0.417 of them, has 0. (A counter that ends at ten is right at 0.85 of all steps, and scores 0.55.) The
figures are exact, by dynamic programming over the difference. A sequence is wrong if any of its answers is.
"""

import functools
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from experiments.tasks.contract import (
    Batch,
    Measures,
    Quantity,
    above,
    all_right,
    cross_entropy,
    draws,
    mean_counted,
)

A, TIE, B = range(3)


@functools.cache
def frequencies(length: int, run: int) -> tuple[np.ndarray, np.ndarray]:
    """Expected number of steps in a sequence with each current vote and answer, `(2, 3)`: of all, of the close ones."""
    chance = np.zeros(
        (2, 2 * length + 1)
    )  # of each last vote and difference: 0 in the middle, A ahead right of it
    chance[0, length + 1] = chance[1, length - 1] = 0.5
    total = np.zeros_like(chance)
    for _ in range(length):
        total += chance
        mixed = chance + (chance[::-1] - chance) / run
        chance = np.stack([np.append(0, mixed[0, :-1]), np.append(mixed[1, 1:], 0)])
    close = total[:, [length + 1, length, length - 1]]
    return np.stack([total[:, length + 1 :].sum(1), close[:, TIE], total[:, :length].sum(1)], 1), close


@dataclass(frozen=True, kw_only=True)
class Lead:
    """length: votes, at least 2. run: votes in a row for the same, on average, at least 2."""

    reference: ClassVar[str] = "Weiss, Goldberg & Yahav 2018 (counters); Greff et al. 2017 (unbounded states)"
    axes: ClassVar[tuple[str, ...]] = ("length", "run")
    objective: ClassVar[str] = "cross-entropy, mean over all steps"
    naive: ClassVar[str] = "knows how often each answer goes with the current vote"
    wrong: ClassVar[str] = "any answer wrong"
    symbols: ClassVar[tuple[str, ...]] = ("A", "B")
    answers: ClassVar[tuple[str, ...]] = ("A", "=", "B")
    inputs: ClassVar[int] = 2
    outputs: ClassVar[int] = 3
    best: ClassVar[float] = 0.0

    length: int = 100
    run: int = 8

    def __post_init__(self) -> None:
        if self.length < 2 or self.run < 2:
            raise ValueError(
                "Lead needs length >= 2 and run >= 2 (2: independent votes); got "
                f"length={self.length}, run={self.run}."
            )

    @property
    def steps(self) -> int:
        return self.length

    @property
    def scored(self) -> int:
        return self.length

    @property
    def baseline(self) -> float:
        steps, _ = frequencies(self.length, self.run)
        given = steps / steps.sum(1, keepdims=True)
        return float(-(steps * np.log(np.where(steps > 0, given, 1))).sum() / self.length)

    @property
    def close(self) -> float:
        """Expected number of close steps."""
        return float(frequencies(self.length, self.run)[1].sum())

    @property
    def naive_accuracy(self) -> float:
        """Of the naive predictor, at the close steps."""
        steps, close = frequencies(self.length, self.run)
        return float(close[np.arange(2), steps.argmax(1)].sum() / close.sum())

    def sample(self, key: jax.Array, batch: int) -> Batch:
        u = draws(key, self.length, batch)
        changes = u < jnp.where(jnp.arange(self.length) == 0, 0.5, 1 / self.run)[:, None]
        votes = changes.cumsum(0) % 2
        lead = (1 - 2 * votes).cumsum(0)
        return Batch(jax.nn.one_hot(votes, 2), TIE - jnp.sign(lead))

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        right = outputs.argmax(-1) == batch.targets
        close = jnp.abs((batch.inputs[..., 0] - batch.inputs[..., 1]).cumsum(0)) <= 1
        mistakes = mean_counted(~right, close, self.close)
        return Measures(
            cross_entropy(outputs, batch.targets).mean(),
            1 - all_right(right, None),
            above(1 - mistakes, self.naive_accuracy),
        )

    def quantities(self, batch: Batch) -> dict[str, Quantity]:
        return {"votes A is ahead": Quantity((batch.inputs[..., 0] - batch.inputs[..., 1]).cumsum(0))}

    def longer(self, factor: int) -> Self:
        return replace(self, length=self.length * factor)
