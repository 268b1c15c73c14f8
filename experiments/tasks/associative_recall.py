"""Associative recall: read keys with their values, then say the value of the key that is asked for.

In the spirit of Ba et al. 2016: different letters, each followed by a digit, then question marks and one of the
letters, whose digit is the answer at the last step.

    >>> print(show(AssociativeRecall()))
    input   c 9 l 5 z 2 h 6 ? ? z
    target  · · · · · · · · · · 2

Guessing: loss ln values = 2.303, 1/values = 1 of 10 right. Half a memory earns partial credit: answering any one
digit of the text is right in 1/pairs of the sequences and by luck in 1/values of the rest (0.325), a score of
1/pairs; knowing how often each digit occurred, but not after which letter, brings the loss down to 1.187.
"""

import math
from dataclasses import dataclass, replace
from string import ascii_lowercase, digits
from typing import ClassVar, Self

import jax
import jax.numpy as jnp

from experiments.tasks.contract import Batch, Measures, distinct, draws, judge_symbols, whole


@dataclass(frozen=True, kw_only=True)
class AssociativeRecall:
    """pairs: letters, all different, with a digit each (digits may repeat), 1 to keys. keys: letters in use, at
    most 26. values: digits in use, 2 to 10. marks: question marks before the query, at least 1. They are the
    gap: `longer` adds marks, since more pairs would need more letters.
    """

    reference: ClassVar[str] = "in the spirit of Ba et al. 2016"
    axes: ClassVar[tuple[str, ...]] = ("marks", "pairs")
    objective: ClassVar[str] = "cross-entropy of the value"
    naive: ClassVar[str] = "guesses one of the values"
    wrong: ClassVar[str] = "another value"
    scored: ClassVar[int] = 1
    best: ClassVar[float] = 0.0

    pairs: int = 4
    keys: int = 26
    values: int = 10
    marks: int = 2

    def __post_init__(self) -> None:
        if not (1 <= self.pairs <= self.keys <= 26 and 2 <= self.values <= 10 and self.marks >= 1):
            raise ValueError(
                "AssociativeRecall needs 1 <= pairs <= keys <= 26 (the keys of a sequence differ), 2 <= values <= 10 "
                f"and marks >= 1; got pairs={self.pairs}, keys={self.keys}, values={self.values}, marks={self.marks}."
            )

    @property
    def inputs(self) -> int:
        return self.keys + self.values + 1

    @property
    def outputs(self) -> int:
        return self.values

    @property
    def symbols(self) -> tuple[str, ...]:
        return (*ascii_lowercase[: self.keys], *self.answers, "?")

    @property
    def answers(self) -> tuple[str, ...]:
        return tuple(digits[: self.values])

    @property
    def baseline(self) -> float:
        return math.log(self.values)

    @property
    def steps(self) -> int:
        return 2 * self.pairs + self.marks + 1

    def sample(self, key: jax.Array, batch: int) -> Batch:
        D = self.pairs
        u = draws(key, self.keys + D + 1, batch)
        keys, values = distinct(u[: self.keys], D), whole(u[self.keys : -1], 0, self.values)
        asked = whole(u[-1:], 0, D)
        pairs = jnp.stack([keys, self.keys + values], axis=1).reshape(2 * D, batch)
        marks = jnp.full((self.marks, batch), self.inputs - 1)
        text = jnp.concatenate([pairs, marks, jnp.take_along_axis(keys, asked, axis=0)])
        return Batch(jax.nn.one_hot(text, self.inputs), jnp.take_along_axis(values, asked, axis=0))

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        return judge_symbols(outputs, batch, 1 / self.values)

    def longer(self, factor: int) -> Self:
        return replace(self, marks=self.marks + self.steps * (factor - 1))
