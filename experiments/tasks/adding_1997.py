"""Adding problem of 1997: remember two marked numbers among many, give half their mean plus a half.

Hochreiter & Schmidhuber 1997, experiment 4. Pairs (value, marker) with values uniform on [-1, 1]; the two marked
ones are among the first 10 pairs and in the first half, the first and the last pair have marker -1 (see `marked`;
`adding` is the easier modern form). At the end the target 0.5 + (X1 + X2) / 4, in [0, 1], is asked for:

    >>> print(show(Adding1997(length=20)))
    value   0.04 -0.9 0.21 0.05 0.02 0 -0.64 0.03 -0.11 -0.63 -0.9 -0.53 0.01 -0.26 -0.06 0.47 0.73 0.74 0.45 -0.16 0.41
    marker    -1    0    0    1    0 0     0    1     0     0    0     0    0     0     0    0    0    0    0     0   -1
    target     ·    ·    ·    ·    · ·     ·    ·     ·     ·    ·     ·    ·     ·     ·    ·    ·    ·    ·     · 0.52

Always saying 0.5 has mean squared error 1/24 = 0.0417 (0.0392 with T = 100, counting the 12 % of sequences in
which a mark falls on the very first pair, whose value is then 0), knowing one of the two numbers about half of
that. Wrong: off by more than 0.04; always saying 0.5 is right for 15.4 % of sequences with two numbers (0.16 with
one). Published: an LSTM had 1 of 2560 wrong after 74,000 sequences of T = 100, where the lag is at least 50.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp

from experiments.tasks.contract import Batch, Measures, judge_numbers
from experiments.tasks.marked import WRONG, check_length, hidden, longest, marked_pairs


@dataclass(frozen=True, kw_only=True)
class Adding1997:
    """length: shortest length T, at least 20; lengths are uniform in T to 1.1 T, the lag is at least T/2."""

    reference: ClassVar[str] = "Hochreiter & Schmidhuber 1997, exp. 4"
    axes: ClassVar[tuple[str, ...]] = ("length",)
    objective: ClassVar[str] = "mean squared error"
    naive: ClassVar[str] = "predicts 0.5, the mean of the target"
    wrong: ClassVar[str] = "off by more than 0.04"
    lines: ClassVar[tuple[str, ...]] = ("value", "marker")
    inputs: ClassVar[int] = 2
    outputs: ClassVar[int] = 1
    scored: ClassVar[int] = 1
    best: ClassVar[float] = 0.0

    length: int = 100

    def __post_init__(self) -> None:
        check_length("Adding1997", self.length)

    @property
    def steps(self) -> int:
        return longest(self.length)

    @property
    def baseline(self) -> float:
        """Var(X1 + X2) / 16, where Var X = 1/3 and one of the two is 0 with probability `hidden`."""
        return (2 - hidden(self.length)) / 48

    def sample(self, key: jax.Array, batch: int) -> Batch:
        inputs, marked, mask = marked_pairs(key, batch, self.length, low=-1.0, neutral=0.0)
        target = 0.5 + jnp.where(marked, inputs[..., 0], 0.0).sum(0) / 4
        return Batch(inputs, target[None, :, None], mask)

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        return judge_numbers(outputs, batch, WRONG, self.baseline)

    def longer(self, factor: int) -> Self:
        return replace(self, length=self.length * factor)
