"""Multiplication problem: remember two marked numbers among many, give their product.

Hochreiter & Schmidhuber 1997, experiment 5: as their adding problem (see `marked`), with values uniform on [0, 1]
and the product X1 X2 as the target, to show that an LSTM's cells do more than integrate:

    >>> print(show(Multiplication(length=20)))
    value   0.52 0.05 0.61 0.52 0.51 0.5 0.18 0.51 0.45 0.18 0.05 0.24 0.5 0.37 0.47 0.73 0.87 0.87 0.72 0.42  0.7
    marker    -1    0    0    1    0   0    0    1    0    0    0    0   0    0    0    0    0    0    0    0   -1
    target     ·    ·    ·    ·    ·   ·    ·    ·    ·    ·    ·    ·   ·    ·    ·    ·    ·    ·    ·    · 0.27

Always saying the mean has mean squared error 7/144 = 0.0486 for the product of two numbers, knowing one of them
1/36; with T = 100 the first is 0.0592, exactly, since in 12 % of sequences a mark falls on the very first pair,
whose value is then 1. Wrong: off by more than 0.04. Published, for T = 100: 139 of 2560 wrong after 482,000
sequences, 14 after 1,273,000. The "MSE" 0.0139 in the same row of their Table 8 cannot be a mean squared error:
14 errors of at most 1 and 2546 of at most 0.04 make 0.0071 at most. It must be the mean absolute error.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp

from experiments.tasks.contract import Batch, Measures, judge_numbers
from experiments.tasks.marked import WRONG, check_length, hidden, longest, marked_pairs


@dataclass(frozen=True, kw_only=True)
class Multiplication:
    """length: shortest length T, at least 20; lengths are uniform in T to 1.1 T, the lag is at least T/2."""

    reference: ClassVar[str] = "Hochreiter & Schmidhuber 1997, exp. 5"
    axes: ClassVar[tuple[str, ...]] = ("length",)
    objective: ClassVar[str] = "mean squared error"
    naive: ClassVar[str] = "predicts the mean of the target"
    wrong: ClassVar[str] = "off by more than 0.04"
    lines: ClassVar[tuple[str, ...]] = ("value", "marker")
    inputs: ClassVar[int] = 2
    outputs: ClassVar[int] = 1
    scored: ClassVar[int] = 1
    best: ClassVar[float] = 0.0

    length: int = 100

    def __post_init__(self) -> None:
        check_length("Multiplication", self.length)

    @property
    def steps(self) -> int:
        return longest(self.length)

    @property
    def mean(self) -> float:
        """Of the target: 1/4, or 1/2 where one of the two numbers is 1."""
        return (1 + hidden(self.length)) / 4

    @property
    def baseline(self) -> float:
        """E[target²] is 1/9, or 1/3 where one of the two numbers is 1."""
        return (1 + 2 * hidden(self.length)) / 9 - self.mean**2

    def sample(self, key: jax.Array, batch: int) -> Batch:
        inputs, marked, mask = marked_pairs(key, batch, self.length, low=0.0, neutral=1.0)
        target = jnp.where(marked, inputs[..., 0], 1.0).prod(0)
        return Batch(inputs, target[None, :, None], mask)

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        return judge_numbers(outputs, batch, WRONG, self.baseline)

    def longer(self, factor: int) -> Self:
        return replace(self, length=self.length * factor)
