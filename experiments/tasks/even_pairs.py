"""Even pairs: is the number of places at which a string of a and b changes its symbol even?

Delétang et al. 2023. Those are its pairs ab and ba. The length is uniform in `shortest` to `length` (they train on 1 to
40 symbols and test on up to 500); shorter strings are padded at their beginning. One answer, at the last symbol.

    >>> print(show(EvenPairs(length=9)))
    input   b b b a    b
    target  · · · · even

Guessing: loss ln 2 = 0.693, 1 of 2 right. The easiest of their regular languages, since changes alternate between a and
b: the number is even if the first symbol is also the last. So it is enough to hold one bit, over a lag that varies.
"""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp

from experiments.tasks.contract import Batch, Measures, Quantity, draws, judge_symbols, whole


@dataclass(frozen=True, kw_only=True)
class EvenPairs:
    """length: symbols of the longest string. shortest: of the shortest, at least 2."""

    reference: ClassVar[str] = "Delétang et al. 2023, even pairs"
    axes: ClassVar[tuple[str, ...]] = ("length",)
    objective: ClassVar[str] = "cross-entropy of the class"
    naive: ClassVar[str] = "guesses even or odd"
    wrong: ClassVar[str] = "the other class"
    symbols: ClassVar[tuple[str, ...]] = ("a", "b")
    answers: ClassVar[tuple[str, ...]] = ("even", "odd")
    inputs: ClassVar[int] = 2
    outputs: ClassVar[int] = 2
    scored: ClassVar[int] = 1
    baseline: ClassVar[float] = math.log(2)
    best: ClassVar[float] = 0.0

    length: int = 20
    shortest: int = 2

    def __post_init__(self) -> None:
        if not 2 <= self.shortest <= self.length:
            raise ValueError(
                "EvenPairs needs shortest in 2 to length (one symbol has no pairs); got "
                f"shortest={self.shortest}, length={self.length}."
            )

    @property
    def steps(self) -> int:
        return self.length

    def sample(self, key: jax.Array, batch: int) -> Batch:
        T = self.length
        u = draws(key, T + 1, batch)
        first = T - whole(u[-1], self.shortest, T + 1)
        there = jnp.arange(T)[:, None] >= first
        string = whole(u[:T], 0, 2)
        classes = string[first, jnp.arange(batch)] ^ string[-1]
        mask = there if self.shortest < T else None
        return Batch(jax.nn.one_hot(string, 2), classes[None], mask)

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        return judge_symbols(outputs, batch, 1 / 2)

    def quantities(self, batch: Batch) -> dict[str, Quantity]:
        string = batch.inputs.argmax(-1)
        first = 0 if batch.mask is None else batch.mask.argmax(0)
        bit = string[first, jnp.arange(string.shape[1])]
        return {"first symbol": Quantity(jnp.broadcast_to(bit, string.shape), batch.mask)}

    def longer(self, factor: int) -> Self:
        return replace(self, shortest=self.length * (factor - 1) + 1, length=self.length * factor)
