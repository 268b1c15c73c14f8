"""Periodic function: without any input, go through the same shape again and again.

Gers, Schraudolph & Schmidhuber 2002, "periodic function generation" (PFG): an input that is always 0, one output,
and with period F (there 10 and 25)

    cos        (1 - cos(2π t / F)) / 2
    triangle   2 (t mod F) / F  up to t mod F = F/2,  2 - 2 (t mod F) / F  after it
    square     0  up to t mod F = F/2,  1  after it

    >>> print(show(Periodic(shape="triangle", period=8, periods=2)))
    input   0    0   0    0 0    0   0    0 0    0   0    0 0    0   0    0
    target  0 0.25 0.5 0.75 1 0.75 0.5 0.25 0 0.25 0.5 0.75 1 0.75 0.5 0.25

There is one target sequence a spec, so that validation and test are that sequence too, and only the initial weights
differ between seeds; `batch=1` is enough. The loss is the mean squared error over `periods` whole periods. Saying the
mean has the signal's variance: 1/8 for cos, and for large F 1/12 for the triangle and 1/4 for the square (0.09 and
0.24 at F = 10). Wrong: the whole sequence, if any step of it is off by more than 0.3, the paper's
tolerance (0.15 in one of its tests). A copy of the signal with a random phase has twice the mean's loss: keeping
still is worth more than a period that is a little off. There a stream stopped at its first error, at the latest
after 100 periods in training and 1000 in tests.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from experiments.tasks.contract import Batch, Measures, judge_numbers

SHAPES = ("cos", "triangle", "square")


@dataclass(frozen=True, kw_only=True)
class Periodic:
    """shape: "cos", "triangle" or "square". period: F in steps, at least 3. periods: how many."""

    reference: ClassVar[str] = "Gers, Schraudolph & Schmidhuber 2002, PFG"
    axes: ClassVar[tuple[str, ...]] = ("period", "periods")
    objective: ClassVar[str] = "mean squared error"
    naive: ClassVar[str] = "predicts the signal's mean"
    wrong: ClassVar[str] = "any step off by more than 0.3 (the sequence is one item)"
    lines: ClassVar[tuple[str, ...]] = ("input",)
    single: ClassVar[bool] = True  # the same sequence always: a test on it is exact
    inputs: ClassVar[int] = 1
    outputs: ClassVar[int] = 1
    best: ClassVar[float] = 0.0

    shape: str = "cos"
    period: int = 10
    periods: int = 10

    def __post_init__(self) -> None:
        if self.shape not in SHAPES or self.period < 3 or self.periods < 1:
            raise ValueError(
                f"Periodic needs shape in {SHAPES}, period >= 3 and periods >= 1; got shape={self.shape!r}, "
                f"period={self.period}, periods={self.periods}."
            )

    @property
    def steps(self) -> int:
        return self.period * self.periods

    @property
    def scored(self) -> int:
        return self.steps

    @property
    def baseline(self) -> float:
        return float(self.target().var())

    def target(self) -> np.ndarray:
        """The signal `(T,)`."""
        t, F = np.arange(self.steps) % self.period, self.period
        match self.shape:
            case "cos":
                return 0.5 * (1 - np.cos(2 * np.pi * t / F))
            case "triangle":
                return np.where(2 * t <= F, 2 * t / F, 2 - 2 * t / F)
            case _:
                return np.where(2 * t > F, 1.0, 0.0)

    def sample(self, key: jax.Array, batch: int) -> Batch:
        target = jnp.asarray(self.target(), jnp.float32)[:, None, None]
        return Batch(jnp.zeros((self.steps, batch, 1)), jnp.broadcast_to(target, (self.steps, batch, 1)))

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        return judge_numbers(outputs, batch, 0.3, self.baseline)

    def longer(self, factor: int) -> Self:
        return replace(self, periods=self.periods * factor)
