"""Exclusive or of two marked bits: the adding problem in which half an answer is worth nothing.

In the form of Martens & Sutskever 2011 and Sutskever 2013: the length T' is uniform in T to 1.1 T, two bits are
marked, bit I in 1..T'/10 and bit J in T'/10..T'/2 (steps counted from 1); all others are noise. The borders
are read as I <= floor(T'/10) < J <= floor(T'/2), so that the two differ, and 1.1 T is rounded down. (The code of
Martens & Sutskever also marks the first step, and one near the end, with -1; this is the plain form, without.)
The class is asked for at the last step; shorter sequences are padded at their beginning.

    >>> print(show(Xor(length=20)))
    bit     0 1 0 1 1 1 1 0 1 0 0 0 0 1 0 0 1 1 1 1 0 1
    marker  1 0 0 0 0 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
    target  · · · · · · · · · · · · · · · · · · · · · 1

Guessing: loss ln 2 = 0.693, 1 of 2 right. Knowing one of the bits does not help: no partial goal lowers the loss,
which makes this harder to learn than temporal order (Hochreiter & Schmidhuber 1997, section 6, on problems of
this kind). Two states are enough to remember; to find out that the marked bits matter is the problem.
"""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp

from experiments.tasks.contract import Batch, Measures, draws, judge_symbols, whole


@dataclass(frozen=True, kw_only=True)
class Xor:
    """length: T, the shortest sequence's steps, at least 10. The bits have to be kept for 0.5 T to 1.1 T steps."""

    reference: ClassVar[str] = "Martens & Sutskever 2011; Sutskever 2013 (after H&S 1997, sec. 6)"
    axes: ClassVar[tuple[str, ...]] = ("length",)
    objective: ClassVar[str] = "cross-entropy of the class"
    naive: ClassVar[str] = "guesses 0 or 1"
    wrong: ClassVar[str] = "the other class"
    lines: ClassVar[tuple[str, ...]] = ("bit", "marker")
    inputs: ClassVar[int] = 2
    outputs: ClassVar[int] = 2
    scored: ClassVar[int] = 1
    baseline: ClassVar[float] = math.log(2)
    best: ClassVar[float] = 0.0

    length: int = 50

    def __post_init__(self) -> None:
        if self.length < 10:
            raise ValueError(
                f"Xor needs length >= 10 for its windows to hold a step; got length={self.length}."
            )

    @property
    def steps(self) -> int:
        return self.length + self.length // 10

    def sample(self, key: jax.Array, batch: int) -> Batch:
        T = self.steps
        u = draws(key, T + 3, batch)
        length = whole(u[-1], self.length, T + 1)
        I = 1 + whole(u[-2], 0, length // 10)
        J = 1 + whole(u[-3], length // 10, length // 2)
        # of the sequence's own, from 1; 0 and less is padding
        step = 1 + jnp.arange(T)[:, None] - (T - length)
        bits, marked = whole(u[:T], 0, 2), (step == I) | (step == J)
        classes = (bits * marked).sum(0) % 2
        return Batch(jnp.stack([bits, marked], axis=-1).astype(u.dtype), classes[None], step > 0)

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        return judge_symbols(outputs, batch, 1 / 2)

    def longer(self, factor: int) -> Self:
        return replace(self, length=self.length * factor)
