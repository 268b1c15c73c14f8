"""Cycle navigation: where on a circle of five places does a walk end?

Delétang et al. 2023. A walk begins at place 0; every move is a step ahead (+), a step back (-) or none (0), uniformly.
The number of moves is uniform in `shortest` to `length` (they train on 1 to 40 moves and test on up to 500); shorter
walks are padded at their beginning. The place is asked for at the last move.

    >>> print(show(CycleNavigation(length=9)))
    input   + - - - - + -
    target  · · · · · · 2

It is the sum of the moves modulo 5, which an automaton of five states keeps. The naive predictor knows the last move
alone. It does a little better than 1 of 5 and ln 5 = 1.6094, since a short walk ends near where it began: loss 1.6093
and 0.2046 right with 5 to 20 moves, 1.6061 and 0.2300 with 1 to 40.
"""

import functools
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from experiments.tasks.contract import Batch, Measures, Quantity, draws, guessing, judge_symbols, whole

MOVES = (1, -1, 0)


@functools.cache
def given_last(places: int, shortest: int, longest: int) -> np.ndarray:
    """Chances of every place given the last move, `(move, place)`, when numbers of moves are uniform."""
    start, tables = np.eye(places)[0], []
    for count in range(1, longest + 1):
        after = np.array([np.roll(start, move) for move in MOVES])
        if count >= shortest:
            tables.append(after)
        start = after.mean(0)
    return np.mean(tables, axis=0)


@dataclass(frozen=True, kw_only=True)
class CycleNavigation:
    """length: moves of the longest walk, at least 2. shortest: of the shortest. places: of the circle, at least 3."""

    reference: ClassVar[str] = "Delétang et al. 2023, cycle navigation"
    axes: ClassVar[tuple[str, ...]] = ("length", "places")
    objective: ClassVar[str] = "cross-entropy of the place"
    naive: ClassVar[str] = "knows only the last move"
    wrong: ClassVar[str] = "another place"
    symbols: ClassVar[tuple[str, ...]] = ("+", "-", "0")
    inputs: ClassVar[int] = 3
    scored: ClassVar[int] = 1
    best: ClassVar[float] = 0.0

    length: int = 20
    shortest: int = 5
    places: int = 5

    def __post_init__(self) -> None:
        if not 1 <= self.shortest <= self.length >= 2 or self.places < 3:
            raise ValueError(
                "CycleNavigation needs length >= 2 (one move is its own answer), shortest in 1 to length and places "
                f">= 3; got length={self.length}, shortest={self.shortest}, places={self.places}."
            )

    @property
    def outputs(self) -> int:
        return self.places

    @property
    def steps(self) -> int:
        return self.length

    @property
    def chances(self) -> np.ndarray:
        """Of every place given the last move, `(move, place)`."""
        return given_last(self.places, self.shortest, self.length)

    @property
    def baseline(self) -> float:
        return guessing(self.chances)[0]

    @property
    def naive_accuracy(self) -> float:
        return guessing(self.chances)[1]

    def sample(self, key: jax.Array, batch: int) -> Batch:
        T = self.length
        u = draws(key, T + 1, batch)
        there = jnp.arange(T)[:, None] >= T - whole(u[-1], self.shortest, T + 1)
        moves = whole(u[:T], 0, 3)
        places = self.places_of(moves, there)[-1]
        mask = there if self.shortest < T else None
        return Batch(jax.nn.one_hot(moves, 3), places[None], mask)

    def places_of(self, moves: jax.Array, there: jax.Array | bool) -> jax.Array:
        """The place after every move, (T, B)."""
        return jnp.where(there, jnp.array(MOVES)[moves], 0).cumsum(0) % self.places

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        return judge_symbols(outputs, batch, self.naive_accuracy)

    def quantities(self, batch: Batch) -> dict[str, Quantity]:
        there = True if batch.mask is None else batch.mask
        return {"place so far": Quantity(self.places_of(batch.inputs.argmax(-1), there))}

    def longer(self, factor: int) -> Self:
        return replace(self, shortest=self.length * (factor - 1) + 1, length=self.length * factor)
