"""Induction heads: what followed the special token the first time is what follows it the second time.

Gu & Dao 2023 (Mamba): among random tokens the special one ("*") stands once at a random place, followed by some
token v, and once more as the last input, where v is the answer. Nothing tells beforehand where to look.

    >>> print(show(InductionHeads(length=12)))
    input   4 7 * 9 7 7 7 2 7 6 2 *
    target  · · · · · · · · · · · 9

Published: a vocabulary of 16, the special token included, and 256 steps, tested on 64 to about a million.
Guessing among the ordinary tokens, which are the classes: loss ln (V - 1) = 2.708, 1 of 15 right. There is hardly
any partial credit: a token from anywhere in the text scores 1/(T - 2) = 0.016.
"""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp

from experiments.tasks.contract import Batch, Measures, draws, judge_symbols, whole


@dataclass(frozen=True, kw_only=True)
class InductionHeads:
    """length: steps T, at least 3: the pair starts at any step up to T - 3. vocabulary: V, at least 3."""

    reference: ClassVar[str] = "Gu & Dao 2023 (Mamba)"
    axes: ClassVar[tuple[str, ...]] = ("length", "vocabulary")
    objective: ClassVar[str] = "cross-entropy of the token"
    naive: ClassVar[str] = "guesses one of the ordinary tokens"
    wrong: ClassVar[str] = "another token"
    scored: ClassVar[int] = 1
    best: ClassVar[float] = 0.0

    length: int = 64
    vocabulary: int = 16

    def __post_init__(self) -> None:
        if self.length < 3 or self.vocabulary < 3:
            raise ValueError(
                "InductionHeads needs length >= 3 (the special token, its follower, the special token again) and "
                f"vocabulary >= 3; got length={self.length}, vocabulary={self.vocabulary}."
            )

    @property
    def inputs(self) -> int:
        return self.vocabulary

    @property
    def outputs(self) -> int:
        return self.vocabulary - 1

    @property
    def symbols(self) -> tuple[str, ...]:
        return (*self.answers, "*")

    @property
    def answers(self) -> tuple[str, ...]:
        return tuple(map(str, range(self.outputs)))

    @property
    def steps(self) -> int:
        return self.length

    @property
    def baseline(self) -> float:
        return math.log(self.outputs)

    def sample(self, key: jax.Array, batch: int) -> Batch:
        T, special = self.length, self.outputs
        u = draws(key, T + 1, batch)
        place, tokens = whole(u[-1:], 0, T - 2), whole(u[:T], 0, special)
        answer = jnp.take_along_axis(tokens, place + 1, axis=0)
        tokens = tokens.at[place, jnp.arange(batch)].set(special).at[-1].set(special)
        return Batch(jax.nn.one_hot(tokens, self.inputs), answer)

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        return judge_symbols(outputs, batch, 1 / self.outputs)

    def longer(self, factor: int) -> Self:
        return replace(self, length=self.length * factor)
