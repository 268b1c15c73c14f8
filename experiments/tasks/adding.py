"""Adding problem: remember two marked numbers, give their sum at the end.

Hochreiter & Schmidhuber 1997, experiment 4, in the form of Arjovsky, Shah & Bengio 2016: values
uniform on [0, 1], one marker in each half of the sequence, target the plain sum. With `halves=False` the
two markers are at any two different steps, as in Bai, Kolter & Koltun 2018.

    >>> print(show(Adding(length=6)))
    value   0.28 0.52 0.05 0.61 0.52 0.51
    marker     0    1    0    1    0    0
    target     ·    ·    ·    ·    · 1.13

Always saying the mean, 1, has mean squared error 1/6 = Var(U + U) (the 0.1767 seen in the literature
is a slip); knowing one addend 1/12. Wrong: off by more than 0.08, which is the tolerance 0.04 of
Hochreiter & Schmidhuber, and of Sutskever 2013, on the mean of the two numbers.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp

from experiments.tasks.contract import Batch, Measures, Quantity, distinct, draws, judge_numbers, whole


@dataclass(frozen=True, kw_only=True)
class Adding:
    """length: steps T, at least 4. The first number has to be kept for 3T/4 steps on average,
    the two are T/2 apart.

    halves: one marker in each half; else two anywhere.
    """

    reference: ClassVar[str] = "Hochreiter & Schmidhuber 1997, exp. 4; Arjovsky et al. 2016"
    axes: ClassVar[tuple[str, ...]] = ("length",)
    objective: ClassVar[str] = "mean squared error"
    naive: ClassVar[str] = "predicts 1, the mean of the sum"
    wrong: ClassVar[str] = "off by more than 0.08"
    lines: ClassVar[tuple[str, ...]] = ("value", "marker")
    inputs: ClassVar[int] = 2
    outputs: ClassVar[int] = 1
    scored: ClassVar[int] = 1
    baseline: ClassVar[float] = 1 / 6
    best: ClassVar[float] = 0.0

    length: int = 50
    halves: bool = True

    def __post_init__(self) -> None:
        if self.length < 4:
            raise ValueError(f"Adding needs length >= 4 to hold two halves; got length={self.length}.")

    @property
    def steps(self) -> int:
        return self.length

    def sample(self, key: jax.Array, batch: int) -> Batch:
        T, half = self.length, self.length // 2
        u = draws(key, T + (2 if self.halves else T), batch)
        values = u[:T]
        if self.halves:
            first, second = whole(u[T], 0, half), whole(u[T + 1], half, T)
        else:
            first, second = distinct(u[T:], 2)
        step = jnp.arange(T)[:, None]
        marker = ((step == first) | (step == second)).astype(values.dtype)
        return Batch(jnp.stack([values, marker], axis=-1), (values * marker).sum(0)[None, :, None])

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        return judge_numbers(outputs, batch, 0.08, self.baseline)

    def quantities(self, batch: Batch) -> dict[str, Quantity]:
        value, marker = batch.inputs[..., 0], batch.inputs[..., 1]
        seen, total = marker.cumsum(0).round().astype(jnp.int32), (value * marker).cumsum(0)
        first = (value * marker * (seen == 1)).sum(0)
        return {
            "first number": Quantity(jnp.broadcast_to(first, seen.shape), seen > 0),
            "sum so far": Quantity(total),
            "numbers seen": Quantity(seen),
        }

    def longer(self, factor: int) -> Self:
        return replace(self, length=self.length * factor)
