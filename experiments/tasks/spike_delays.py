"""Spike delays: measure the time since the last spike, and say it at each spike.

Gers, Schraudolph & Schmidhuber 2002, "measuring spike delays" (MSD): a line that is 0 except at spikes, where it
is 1, the first of them at the first step, the others at

    T(n) = T(n-1) + F + I(n)        I(n) uniform in 0, 1, ..., spread

At spike n >= 1 the output is to be I(n), which only the time since spike n - 1 tells. `intervals=1` is their
non-continual version (NMSD: one interval, I in {0, 1} or up to 10; F as large as can be learnt). Their task of
telling trains of spikes 50 steps apart from trains 49 apart is close to `SpikeDelays(fixed=49, spread=1)`, in which
every interval is drawn anew. Longer sequences have more intervals, so that NMSD's become MSD's. There a stream
stopped at its first error, at the latest after 100 intervals in training and 1000 in tests; here streams have a
given number of intervals.

    >>> print(show(SpikeDelays(fixed=3, spread=2, intervals=3)))
    spike   1 0 0 1 0 0 0 1 0 0 1
    target  · · · 0 · · · 1 · · 0

The loss is the mean squared error at the spikes; saying the mean, spread/2, has the variance of I,
((spread + 1)² - 1)/12: 1/4 with spread 1, 10 with spread 10. Wrong: off by more than 0.49, the paper's tolerance,
at any spike of the sequence. With spread 1 there is nothing between the mean and the answer; with a large one, knowing
in which half of its range I lies leaves about a quarter of the loss. Shorter sequences are padded at their
beginning: every one ends with its last spike.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp

from experiments.tasks.contract import Batch, Measures, all_right, draws, mean_counted, whole


@dataclass(frozen=True, kw_only=True)
class SpikeDelays:
    """fixed: F, the shortest time between spikes, at least 1. spread: the largest I, at least 1.

    intervals: how many are measured in a sequence.
    """

    reference: ClassVar[str] = "Gers, Schraudolph & Schmidhuber 2002, MSD and NMSD"
    axes: ClassVar[tuple[str, ...]] = ("fixed", "spread", "intervals")
    objective: ClassVar[str] = "mean squared error at the spikes"
    naive: ClassVar[str] = "predicts the mean of I"
    wrong: ClassVar[str] = "off by more than 0.49 at any spike"
    lines: ClassVar[tuple[str, ...]] = ("spike",)
    inputs: ClassVar[int] = 1
    outputs: ClassVar[int] = 1
    best: ClassVar[float] = 0.0

    fixed: int = 10
    spread: int = 1
    intervals: int = 5

    def __post_init__(self) -> None:
        if self.fixed < 1 or self.spread < 1 or self.intervals < 1:
            raise ValueError(
                "SpikeDelays needs fixed >= 1, spread >= 1 (else there is nothing to measure) and intervals >= 1; "
                f"got fixed={self.fixed}, spread={self.spread}, intervals={self.intervals}."
            )

    @property
    def steps(self) -> int:
        return 1 + self.intervals * (self.fixed + self.spread)

    @property
    def scored(self) -> int:
        """All steps at which a spike other than the first can be."""
        return 1 + (self.intervals - 1) * (self.fixed + self.spread)

    @property
    def baseline(self) -> float:
        return ((self.spread + 1) ** 2 - 1) / 12

    def sample(self, key: jax.Array, batch: int) -> Batch:
        T, S = self.steps, self.scored
        delays = whole(draws(key, self.intervals, batch), 0, self.spread + 1)
        # steps from spike n - 1 to the last
        before_end = jnp.cumsum((self.fixed + delays)[::-1], axis=0)[::-1]
        spikes = jnp.concatenate([T - 1 - before_end, jnp.full((1, batch), T - 1)])
        here = jnp.arange(batch)
        inputs = jnp.zeros((T, batch)).at[spikes, here].set(1.0)
        targets = jnp.zeros((S, batch)).at[spikes[1:] - (T - S), here].set(delays)
        counts = jnp.zeros((S, batch), bool).at[spikes[1:] - (T - S), here].set(True)
        mask = jnp.arange(T)[:, None] >= spikes[0]
        return Batch(inputs[..., None], targets[..., None], mask, counts)

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        off = (outputs - batch.targets)[..., 0]
        loss = mean_counted(off**2, batch.counts, self.intervals)
        return Measures(loss, 1 - all_right(jnp.abs(off) <= 0.49, batch.counts), 1 - loss / self.baseline)

    def longer(self, factor: int) -> Self:
        """`factor` times as many intervals, of the same lengths: streams that go on, as the paper tests them."""
        return replace(self, intervals=self.intervals * factor)
