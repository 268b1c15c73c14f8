"""Timed spikes: told how long to wait, make the spikes, one after the other, without an end.

Gers, Schraudolph & Schmidhuber 2002, "generating timed spikes" (GTS): the roles of input and target in spike
delays are swapped. The target is 1 at the spikes and 0 elsewhere, spikes being at

    T(n) = T(n-1) + F + I(n)        I(n) uniform in 0, 1, ..., spread

and the input is I(n) at the first step after spike n - 1, when the wait begins, and 0 at all other steps. The
stream starts at step 0 as if a spike had been at step -1. An interval I = 0 looks like no input at all: only a
network that knows when its own last spike was can tell. (The paper gives the roles, F and I; that the interval is
given as one number, at this step, is our reading.)

    >>> print(show(TimedSpikes(fixed=3, spread=2, intervals=4)))
    interval  0 0 0 1 0 0 0 0 0 0 1 0 0 0 1 0 0 0 1 0
    target    0 0 1 0 0 0 1 0 0 1 0 0 0 1 0 0 0 1 0 0

Every one of T = intervals (F + spread) steps is judged: `intervals` of the longest kind, some more of shorter ones.
The loss is the mean squared error. The naive predictor sees the step's input alone: after I > 0 it predicts 0, which is
right; at input 0 it predicts the share of spikes among such steps, for a loss of 0.0822 at the defaults. Staying
silent scores less than 0. Wrong: any step of the stream off by more than 0.49, the paper's tolerance; one that
comes one step too late is off twice, so that there is little credit for a spike at about the right time. There a
stream stopped at its first error, at the latest after 100 intervals in training and 1000 in tests.
"""

import functools
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from experiments.tasks.contract import Batch, Measures, draws, judge_numbers, whole


@functools.cache
def naive_loss(fixed: int, spread: int, steps: int) -> float:
    """Squared error a step of the best predictor that sees the step's input alone: Z p (1 - p) / T.

    r(t), the probability of a spike at step t, is the mean of r(t - F), ..., r(t - F - spread), and r(-1) = 1. Z: the
    expected number of steps with input 0, all but spread / (spread + 1) of those after a spike. p: spikes among them;
    there is none elsewhere, as F >= 2.
    """
    before = fixed + spread
    r = np.zeros(before + steps)  # r[before + t]
    r[before - 1] = 1.0
    for t in range(before, before + steps):
        r[t] = r[t - before : t - fixed + 1].mean()
    zeros = steps - r[before - 1 : -1].sum() * spread / (spread + 1)
    p = r[before:].sum() / zeros
    return float(zeros * p * (1 - p) / steps)


@dataclass(frozen=True, kw_only=True)
class TimedSpikes:
    """fixed: F, the shortest time between spikes, at least 2. spread: the largest I, at least 1.

    intervals: T holds this many of the longest.
    """

    reference: ClassVar[str] = "Gers, Schraudolph & Schmidhuber 2002, GTS"
    axes: ClassVar[tuple[str, ...]] = ("fixed", "spread", "intervals")
    objective: ClassVar[str] = "mean squared error of all steps"
    naive: ClassVar[str] = "predicts 0 when an interval is given, else the share of spikes among such steps"
    wrong: ClassVar[str] = "any step off by more than 0.49"
    lines: ClassVar[tuple[str, ...]] = ("interval",)
    inputs: ClassVar[int] = 1
    outputs: ClassVar[int] = 1
    best: ClassVar[float] = 0.0

    fixed: int = 10
    spread: int = 1
    intervals: int = 5

    def __post_init__(self) -> None:
        if self.fixed < 2 or self.spread < 1 or self.intervals < 1:
            raise ValueError(
                "TimedSpikes needs fixed >= 2 (else a spike may be due as soon as its interval is given), spread >= 1 "
                f"and intervals >= 1; got fixed={self.fixed}, spread={self.spread}, intervals={self.intervals}."
            )

    @property
    def steps(self) -> int:
        return self.intervals * (self.fixed + self.spread)

    @property
    def scored(self) -> int:
        return self.steps

    @property
    def baseline(self) -> float:
        return naive_loss(self.fixed, self.spread, self.steps)

    def sample(self, key: jax.Array, batch: int) -> Batch:
        T = self.steps
        waits = whole(draws(key, T // self.fixed + 1, batch), 0, self.spread + 1)  # enough if all are 0
        spikes = jnp.cumsum(self.fixed + waits, axis=0) - 1
        given = jnp.concatenate([jnp.zeros((1, batch), spikes.dtype), spikes[:-1] + 1])
        here = jnp.arange(batch)
        inputs = jnp.zeros((T, batch)).at[given, here].set(waits, mode="drop")
        targets = jnp.zeros((T, batch)).at[spikes, here].set(1.0, mode="drop")
        return Batch(inputs[..., None], targets[..., None])

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        return judge_numbers(outputs, batch, 0.49, self.baseline)

    def longer(self, factor: int) -> Self:
        """The stream goes on for `factor` times as many steps, with intervals of the same lengths."""
        return replace(self, intervals=self.intervals * factor)
