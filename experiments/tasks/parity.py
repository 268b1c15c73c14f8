"""Parity: say at the end whether the number of ones so far is even or odd.

Posed in sequence: bits, written +1 and -1, one a step, and one answer at the last step. The length is uniform in
`shortest` to `length`; shorter sequences are padded at their beginning.

    >>> print(show(Parity(length=9)))
    bit     1 1 1 -1    1
    target  · · ·  · even

Guessing: loss ln 2 = 0.693, 1 of 2 right. Every bit matters, and all of them but one tell nothing: no partial credit
within a length (`shortest=length`). Between lengths there is: the short sequences are a curriculum. An automaton with
two states does it at every length, so what fails here is not memory but the search for it.
"""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp

from experiments.tasks.contract import Batch, Measures, Quantity, draws, judge_symbols, whole


@dataclass(frozen=True, kw_only=True)
class Parity:
    """length: bits of the longest sequence, at least 2. shortest: of the shortest."""

    reference: ClassVar[str] = "Minsky & Papert 1969, one bit a step; Delétang et al. 2023, parity check"
    axes: ClassVar[tuple[str, ...]] = ("length",)
    objective: ClassVar[str] = "cross-entropy of the class"
    naive: ClassVar[str] = "guesses even or odd"
    wrong: ClassVar[str] = "the other class"
    lines: ClassVar[tuple[str, ...]] = ("bit",)
    answers: ClassVar[tuple[str, ...]] = ("even", "odd")
    inputs: ClassVar[int] = 1
    outputs: ClassVar[int] = 2
    scored: ClassVar[int] = 1
    baseline: ClassVar[float] = math.log(2)
    best: ClassVar[float] = 0.0

    length: int = 20
    shortest: int = 2

    def __post_init__(self) -> None:
        if self.length < 2:
            raise ValueError(f"Parity needs length >= 2 to need memory; got length={self.length}.")
        if not 2 <= self.shortest <= self.length:
            raise ValueError(
                "Parity needs shortest in 2 to length (one bit is its own parity); got "
                f"shortest={self.shortest}, length={self.length}."
            )

    @property
    def steps(self) -> int:
        return self.length

    def sample(self, key: jax.Array, batch: int) -> Batch:
        T = self.length
        u = draws(key, T + 1, batch)
        there = jnp.arange(T)[:, None] >= T - whole(u[-1], self.shortest, T + 1)
        bits = whole(u[:T], 0, 2)
        classes = (bits * there).sum(0) % 2
        mask = there if self.shortest < T else None
        return Batch((2.0 * bits - 1)[..., None], classes[None], mask)

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        return judge_symbols(outputs, batch, 1 / 2)

    def quantities(self, batch: Batch) -> dict[str, Quantity]:
        there = True if batch.mask is None else batch.mask
        ones = ((batch.inputs[..., 0] > 0) & there).cumsum(0)
        return {"parity so far": Quantity(ones % 2), "ones so far": Quantity(ones.astype(jnp.float32))}

    def longer(self, factor: int) -> Self:
        return replace(self, shortest=self.length * (factor - 1) + 1, length=self.length * factor)
