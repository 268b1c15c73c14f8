"""Temporal order with three symbols: say in which order X and Y came, eight classes.

Hochreiter & Schmidhuber 1997, experiment 6b. An E, distractors a b c d, and three informative symbols,
each X or Y, at random steps in [0.10 T, 0.20 T], [0.33 T, 0.43 T] and [0.66 T, 0.76 T]; at the last step
the trigger B asks for the answer. Lengths there vary from 100 to 110; here all are T. Example, T = 10:

    E X c Y a d Y b a B        target class X Y Y = 0*4 + 1*2 + 1 = 3

Guessing: loss ln 8 = 2.079, 1 of 8 right; knowing the last symbol alone: ln 4, 1 of 4.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp

from experiments.tasks.contract import Batch, Measures, above_chance, cross_entropy, whole

DISTRACTORS, X, Y, START, TRIGGER, SYMBOLS = 4, 4, 5, 6, 7, 8
WINDOWS = ((0.10, 0.20), (0.33, 0.43), (0.66, 0.76))
CLASSES = 8


@dataclass(frozen=True, kw_only=True)
class TemporalOrder:
    """length: steps T, at least 10. The earliest symbol has to be kept for up to 0.9 T steps."""

    reference: ClassVar[str] = "Hochreiter & Schmidhuber 1997, exp. 6b (fixed length)"
    axes: ClassVar[tuple[str, ...]] = ("length",)
    inputs: ClassVar[int] = SYMBOLS
    outputs: ClassVar[int] = CLASSES
    scored: ClassVar[int] = 1
    baseline: ClassVar[float] = math.log(CLASSES)

    length: int = 60

    def __post_init__(self) -> None:
        if self.length < 10:
            raise ValueError(
                f"TemporalOrder needs length >= 10 for its three windows to lie apart; got length={self.length}."
            )

    @property
    def steps(self) -> int:
        return self.length

    def sample(self, key: jax.Array, batch: int) -> Batch:
        T = self.length
        u = jax.random.uniform(key, (T + 6, batch))
        low = jnp.array([round(a * T) for a, _ in WINDOWS])[:, None]
        high = jnp.array([round(b * T) for _, b in WINDOWS])[:, None]
        places, bits = whole(u[:3], low, high + 1), whole(u[3:6], 0, 2)
        symbols = whole(u[6:], 0, DISTRACTORS)
        symbols = symbols.at[places, jnp.arange(batch)].set(X + bits)
        symbols = symbols.at[0].set(START).at[-1].set(TRIGGER)
        classes = bits[0] * 4 + bits[1] * 2 + bits[2]
        return Batch(jax.nn.one_hot(symbols, SYMBOLS), classes[None])

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        right = (outputs.argmax(-1) == batch.targets).mean()
        return Measures(cross_entropy(outputs, batch.targets).mean(), 1 - right, above_chance(right, CLASSES))
