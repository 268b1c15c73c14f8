"""Waveform generation: without any input, produce a signal made of slow and fast parts.

The setting of Koutník, Greff, Gomez & Schmidhuber 2014: no input, one linear output, a fixed target of
320 samples to be reproduced from the zero state. Their targets were clips of music; ours are sums of
sines whose periods span the clocks (8, 32, 80 and 160 steps), with fixed phases that differ by `signal`,
so that nothing is downloaded:

    y(t) = Σ_k sin(2π t / P_k + φ_k) / K        φ_k = 2π frac((k + 1) (signal + 1) (√5 - 1) / 2)

Input: one line that is always 0. The target is one sequence, as there: validation and test are that
sequence too, and only the initial weights differ between seeds; `batch=1` is enough. The loss is the
normalised mean squared error (1 for the signal's mean, the naive baseline), the score 1 - NMSE. A sample
is wrong when off by more than half the amplitude of one sine, so that none of them can be left out: without
one the score is still 1 - 1/K (0.75), but half of the samples or more are wrong. Longer sequences go on with the
signal.

    >>> print(show(Waveform(length=8, periods=(4, 8))))
    input      0    0    0    0     0     0    0    0
    target  0.16 0.01 0.38 0.05 -0.84 -0.75 0.29 0.69
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from experiments.tasks.contract import Batch, Measures


@dataclass(frozen=True, kw_only=True)
class Waveform:
    """length: samples. periods: of the sines, in samples. signal: which of the targets, from 0."""

    reference: ClassVar[str] = "Koutník et al. 2014, generation (sums of sines for music)"
    axes: ClassVar[tuple[str, ...]] = ("length",)
    objective: ClassVar[str] = "normalised mean squared error"
    naive: ClassVar[str] = "predicts the signal's mean"
    wrong: ClassVar[str] = "off by more than half a sine's amplitude (each sample an item)"
    lines: ClassVar[tuple[str, ...]] = ("input",)
    single: ClassVar[bool] = True  # the same sequence always: a test on it is exact
    inputs: ClassVar[int] = 1
    outputs: ClassVar[int] = 1
    baseline: ClassVar[float] = 1.0
    best: ClassVar[float] = 0.0

    length: int = 320
    periods: tuple[int, ...] = (8, 32, 80, 160)
    signal: int = 0

    def __post_init__(self) -> None:
        if self.length < 2 or not self.periods or min(self.periods) < 2 or self.signal < 0:
            raise ValueError(
                "Waveform needs length >= 2, periods of at least 2 samples each and signal >= 0; got "
                f"length={self.length}, periods={self.periods}, signal={self.signal}."
            )

    @property
    def steps(self) -> int:
        return self.length

    @property
    def scored(self) -> int:
        return self.length

    def target(self) -> np.ndarray:
        """The signal `(length,)`."""
        k = np.arange(1, len(self.periods) + 1)
        phase = 2 * np.pi * np.modf(k * (self.signal + 1) * (np.sqrt(5) - 1) / 2)[0]
        t = np.arange(self.length)[:, None]
        return np.sin(2 * np.pi * t / np.array(self.periods) + phase).mean(1)

    def sample(self, key: jax.Array, batch: int) -> Batch:
        target = jnp.asarray(self.target(), jnp.float32)[:, None, None]
        return Batch(jnp.zeros((self.length, batch, 1)), jnp.broadcast_to(target, (self.length, batch, 1)))

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        off = outputs - batch.targets
        nmse = (off**2).mean() / float(self.target().var())
        tolerance = 0.5 / len(self.periods)
        return Measures(nmse, (jnp.abs(off) > tolerance).mean(), 1 - nmse)

    def longer(self, factor: int) -> Self:
        return replace(self, length=self.length * factor)
