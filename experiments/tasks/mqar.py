"""Multi-query associative recall: many pairs, and every key is asked for once, the sooner the likelier.

Arora et al. 2023 (Zoology). N tokens out of V: first D different keys of 1 .. V/2 - 1, each followed by its value
of V/2 .. V - 1 (the values differ, too), then each key once more, as a query, at which its value is the target.
Query places are every second step, 2D + 2 (g - 1) with g = 1, 2 .. (N - 2D)/2, drawn without replacement with
p ∝ g^(a - 1), a = 0.01. The rest is 0. Only the queries are judged.

    >>> print(show(Mqar(length=16, pairs=3, vocabulary=16)))
    input   3 12 1 8 7 11  3 0 1 0  7 0 0 0 0 0
    target  ·  · · · ·  · 12 · 8 · 11 · · · · ·

With `random_filler` the 0s between the queries are random tokens out of all V instead; one may coincide with a key,
which makes it no query: it is not judged. Published: V = 8192 and (N, D) = (64, 4), (128, 8), (256, 16), (512, 64).

Knowing that a value is due: loss ln V/2 = 3.466, 1 of V/2 = 32 right; answering any value of the text: loss ln D,
1 of D = 4 right. The score is the accuracy per query above chance (so the latter scores 0.226); a sequence is wrong
when any of its D queries is.
"""

import math
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
    distinct,
    draws,
    mean_counted,
    whole,
)

POWER = 0.01  # a


@dataclass(frozen=True, kw_only=True)
class Mqar:
    """length: N, at least 4D. pairs: D. vocabulary: V, even, with at least D + 1 tokens in each half.

    random_filler: random tokens between the queries, else 0.
    """

    reference: ClassVar[str] = "Arora et al. 2023 (Zoology)"
    axes: ClassVar[tuple[str, ...]] = ("length", "pairs", "vocabulary")
    objective: ClassVar[str] = "cross-entropy, mean over the queries"
    naive: ClassVar[str] = "guesses one of the V/2 tokens that can be values"
    wrong: ClassVar[str] = "any query wrong"
    best: ClassVar[float] = 0.0

    length: int = 64
    pairs: int = 4
    vocabulary: int = 64
    random_filler: bool = False

    def __post_init__(self) -> None:
        N, D, V = self.length, self.pairs, self.vocabulary
        if not (D >= 1 and N >= 4 * D and V % 2 == 0 and V // 2 > D):
            raise ValueError(
                "Mqar needs pairs D >= 1, length >= 4D (so that all queries find a place) and an even vocabulary >= "
                f"2D + 2 (0 is no key); got length={N}, pairs={D}, vocabulary={V}."
            )

    @property
    def inputs(self) -> int:
        return self.vocabulary

    @property
    def outputs(self) -> int:
        return self.vocabulary

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(map(str, range(self.vocabulary)))

    @property
    def steps(self) -> int:
        return self.length

    @property
    def scored(self) -> int:
        return self.length - 2 * self.pairs

    @property
    def baseline(self) -> float:
        return math.log(self.vocabulary // 2)

    def sample(self, key: jax.Array, batch: int) -> Batch:
        S, D, V = self.scored, self.pairs, self.vocabulary
        half, G = V // 2, S // 2
        u = draws(key, V - 1 + G + (S if self.random_filler else 0), batch)
        keys = 1 + distinct(u[: half - 1], D)
        values = half + distinct(u[half - 1 : V - 1], D)
        # Of exponential clocks with rates p, the first D to ring are D draws without replacement.
        slowness = jnp.arange(1, G + 1)[:, None] ** (1 - POWER)
        places = 2 * distinct(-jnp.log1p(-u[V - 1 : V - 1 + G]) * slowness, D)
        pairs = jnp.stack([keys, values], axis=1).reshape(2 * D, batch)
        filler = whole(u[V - 1 + G :], 0, V) if self.random_filler else jnp.zeros((S, batch), keys.dtype)
        here = jnp.arange(batch)
        queries = filler.at[places, here].set(keys)
        targets = jnp.zeros((S, batch), values.dtype).at[places, here].set(values)
        counts = jnp.zeros((S, batch), bool).at[places, here].set(True)
        return Batch(jax.nn.one_hot(jnp.concatenate([pairs, queries]), V), targets, None, counts)

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        right = outputs.argmax(-1) == batch.targets
        loss = mean_counted(cross_entropy(outputs, batch.targets), batch.counts, self.pairs)
        accuracy = mean_counted(right, batch.counts, self.pairs)
        error = 1 - all_right(right, batch.counts)
        return Measures(loss, error, above_chance(accuracy, self.vocabulary // 2))

    def longer(self, factor: int) -> Self:
        return replace(self, length=self.length * factor)
