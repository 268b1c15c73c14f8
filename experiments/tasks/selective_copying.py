"""Selective copying: pick the data out of the noise, and say them in order at the end.

Gu & Dao 2023 (Mamba): data symbols at random places among noise (one symbol, "-"), then a marker ("?") at every step
at which one of them is to be said. Unlike in copy memory, no clock tells which steps to store.

    >>> print(show(SelectiveCopying(length=10, tokens=3)))
    input   3 - 1 - - - - 4 - - ? ? ?
    target  · · · · · · · · · · 3 1 4

With `held=False` the marker comes once, before the recall, and noise follows:

    >>> print(show(SelectiveCopying(length=10, tokens=3, held=False)))
    input   3 - 1 - - - - 4 - - ? - - -
    target  · · · · · · · · · · · 3 1 4

Published: a vocabulary of 16, noise and marker included, as here, with 16 data among 4096 steps (Mamba), or in 256
steps with one marker (MAD: `length=239, tokens=16, held=False`).
Guessing: loss ln alphabet = 2.639, 1 of 14 right. The score is the accuracy per symbol above chance, so that every
symbol that is kept in its place is worth 1/tokens; a sequence is wrong when any of them is.
"""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp

from experiments.tasks.contract import Batch, Measures, distinct, draws, judge_symbols, whole


@dataclass(frozen=True, kw_only=True)
class SelectiveCopying:
    """length: steps of data and noise, before the markers. tokens: data to keep, at most length. alphabet: data
    symbols, at least 2. held: the marker stands at every step of the recall, else once before it.
    """

    reference: ClassVar[str] = "Gu & Dao 2023 (Mamba); Poli et al. 2024 (MAD)"
    axes: ClassVar[tuple[str, ...]] = ("length", "tokens", "alphabet")
    objective: ClassVar[str] = "cross-entropy, mean over the data"
    naive: ClassVar[str] = "guesses one of the data symbols"
    wrong: ClassVar[str] = "any symbol wrong"
    best: ClassVar[float] = 0.0

    length: int = 64
    tokens: int = 8
    alphabet: int = 14
    held: bool = True

    def __post_init__(self) -> None:
        if not (1 <= self.tokens <= self.length and self.alphabet >= 2):
            raise ValueError(
                "SelectiveCopying needs 1 <= tokens <= length and alphabet >= 2 (one symbol leaves nothing to "
                f"remember); got length={self.length}, tokens={self.tokens}, alphabet={self.alphabet}."
            )

    @property
    def inputs(self) -> int:
        return self.alphabet + 2

    @property
    def outputs(self) -> int:
        return self.alphabet

    @property
    def symbols(self) -> tuple[str, ...]:
        return (*self.answers, "-", "?")

    @property
    def answers(self) -> tuple[str, ...]:
        return tuple(map(str, range(1, self.alphabet + 1)))

    @property
    def steps(self) -> int:
        return self.length + self.tokens + (not self.held)

    @property
    def scored(self) -> int:
        return self.tokens

    @property
    def baseline(self) -> float:
        return math.log(self.alphabet)

    def sample(self, key: jax.Array, batch: int) -> Batch:
        T, n, noise = self.length, self.tokens, self.alphabet
        u = draws(key, T + n, batch)
        places, data = jnp.sort(distinct(u[:T], n), axis=0), whole(u[T:], 0, self.alphabet)
        text = jnp.full((T, batch), noise).at[places, jnp.arange(batch)].set(data)
        markers = jnp.full((n + (not self.held), batch), noise + 1)
        if not self.held:
            markers = markers.at[1:].set(noise)
        return Batch(jax.nn.one_hot(jnp.concatenate([text, markers]), self.inputs), data)

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        return judge_symbols(outputs, batch, 1 / self.alphabet)

    def longer(self, factor: int) -> Self:
        return replace(self, length=self.length * factor)
