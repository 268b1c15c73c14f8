"""String transduction: read a string, then write it back to front, twice, its odd places first, or sorted.

Four languages of Delétang et al. 2023: `reverse` (a stack does it: deterministic context-free), `duplicate`,
`odds_first` (symbols 1, 3, 5 .. and then 2, 4, 6 ..) and `sort` (bucket sort: context-sensitive, as they count, but
counters do it). A string of n symbols, uniform out of `alphabet`, is followed by as many blank steps (-) as its answer
has symbols, n or 2n, at each of which one is written. n is uniform in `shortest` to `length` (they train on 1 to 40 and
test on up to 500; with five symbols to sort and two otherwise); shorter strings are padded at their beginning.

    >>> print(show(StringTransduction(length=4, rule="reverse", alphabet=5)))
    input   1 2 0 - - -
    target  · · · 0 2 1

What came is not told to the network again, nor is what it wrote. Guessing: loss ln of the alphabet, 0.693, and 1 of 2
right. Partial credit: the score is the accuracy per symbol, in which long strings count more, above chance; a string is
wrong when any of its symbols is.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp

from experiments.tasks.contract import (
    Batch,
    Measures,
    above_chance,
    all_right,
    cross_entropy,
    draws,
    mean_counted,
    whole,
)

Place = Callable[[jax.Array, jax.Array], jax.Array]
PLACES: dict[str, Place] = {  # in the string of n symbols, of what is the k-th to write
    "reverse": lambda k, n: n - 1 - k,
    "duplicate": lambda k, n: k % n,
    "odds_first": lambda k, n: jnp.where(2 * k < n, 2 * k, 2 * (k - (n + 1) // 2) + 1),
    "sort": lambda k, n: k,  # of the sorted string
}


@dataclass(frozen=True, kw_only=True)
class StringTransduction:
    """length: symbols of the longest string. shortest: of the shortest. rule: one of PLACES. alphabet: symbols, at
    least 2."""

    reference: ClassVar[str] = "Delétang et al. 2023, reverse and duplicate string, odds first, bucket sort"
    axes: ClassVar[tuple[str, ...]] = ("length", "alphabet")
    objective: ClassVar[str] = "cross-entropy, mean over the symbols to write"
    naive: ClassVar[str] = "guesses one of the symbols"
    wrong: ClassVar[str] = "any symbol wrong"
    best: ClassVar[float] = 0.0

    length: int = 10
    shortest: int = 2
    rule: str = "reverse"
    alphabet: int = 2

    def __post_init__(self) -> None:
        if self.rule not in PLACES:
            raise ValueError(
                f"StringTransduction needs rule as one of {', '.join(PLACES)}; got '{self.rule}'."
            )
        if not 1 <= self.shortest <= self.length >= 2 or self.alphabet < 2:
            raise ValueError(
                "StringTransduction needs length >= 2, shortest in 1 to length and alphabet >= 2; got "
                f"length={self.length}, shortest={self.shortest}, alphabet={self.alphabet}."
            )

    @property
    def times(self) -> int:
        """Symbols of the answer for one of the string."""
        return 2 if self.rule == "duplicate" else 1

    @property
    def inputs(self) -> int:
        return self.alphabet + 1

    @property
    def outputs(self) -> int:
        return self.alphabet

    @property
    def symbols(self) -> tuple[str, ...]:
        return (*map(str, range(self.alphabet)), "-")

    @property
    def scored(self) -> int:
        return self.times * self.length

    @property
    def steps(self) -> int:
        return self.length + self.scored

    @property
    def baseline(self) -> float:
        return math.log(self.alphabet)

    @property
    def written(self) -> float:
        """Symbols of the answer, expected."""
        return self.times * (self.shortest + self.length) / 2

    def sample(self, key: jax.Array, batch: int) -> Batch:
        L, S, A = self.length, self.scored, self.alphabet
        u = draws(key, L + 1, batch)
        n = whole(u[-1], self.shortest, L + 1)
        there = jnp.arange(L)[:, None] < n
        string = whole(u[:L], 0, A)
        padding = (L - n) * (1 + self.times)
        t = jnp.arange(L + S)[:, None] - padding
        reading = (t >= 0) & (t < n)
        read = jnp.take_along_axis(string, t.clip(0, L - 1), axis=0)
        k = jnp.arange(S)[:, None] - (S - self.times * n)
        known = jnp.where(there, string, A).sort(0) if self.rule == "sort" else string
        targets = jnp.take_along_axis(known, PLACES[self.rule](k, n).clip(0, L - 1), axis=0)
        fixed = self.shortest == L
        return Batch(
            jax.nn.one_hot(jnp.where(reading, read, A), A + 1),
            jnp.minimum(targets, A - 1),
            None if fixed else t >= 0,
            None if fixed else k >= 0,
        )

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        right = outputs.argmax(-1) == batch.targets
        loss = mean_counted(cross_entropy(outputs, batch.targets), batch.counts, self.written)
        # One minus what is wrong, since how many symbols a batch writes varies: nobody scores more than 1.
        accuracy = 1 - mean_counted(~right, batch.counts, self.written)
        return Measures(loss, 1 - all_right(right, batch.counts), above_chance(accuracy, self.alphabet))

    def longer(self, factor: int) -> Self:
        return replace(self, shortest=self.length * (factor - 1) + 1, length=self.length * factor)
