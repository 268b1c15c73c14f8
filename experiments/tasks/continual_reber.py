"""Continual embedded Reber grammar: predict the next symbol of a stream of strings that is never reset.

Gers, Schmidhuber & Cummins 2000: strings of the embedded Reber grammar (see `embedded_reber`) follow one another
without an end and without any sign but their own; B always follows the last E. A stream begins with a string
and is cut after `length` symbols, each of which the network sees and predicts the next one of:

    >>> print(show(ContinualReber(length=20)))
    input   B T B T S S S X X V V E T E B P B T S S
    target  T B T S S S X X V V E T E B P B T S S X

The network has to forget: what it counted in one string must not reach into the next. The loss is the
cross-entropy per symbol. Exact figures for streams of 100: the best predictor that sees the current symbol
alone pays 1.280 (score 0), one that knows all 0.410 (the expected number of forks times ln 2; 7 ln 2 / 12 =
0.404 in the long run), one that forgets the outer letter 0.466 (score 0.936, nearly every stream wrong).
A stream is wrong if at any step an illegal symbol is as active as a legal one. In the paper it is wrong if an
output is 0.49 or more away from 1 for a legal symbol or from 0 for another one, and streams go on up to the first
error or to a million symbols.

Forgetting the outer letter costs so little of that score that a comparison by it hardly sees memory. With `outer` the
score is 1 - H / ln 2, where H is the mean cross-entropy of the outer letter where it is due, the symbol after the inner
E: 1 for who remembers it, 0 for who knows that one is due and not which, below for who does not know that. Training is
the same.
"""

import functools
import math
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from experiments.specs import ADDED
from experiments.tasks.contract import Batch, Measures, Quantity, cross_entropy, draws
from experiments.tasks.embedded_reber import (
    END,
    FOLLOWING,
    FORKS,
    OUTER,
    READ,
    SYMBOLS,
    figures,
    legal_first,
    nodes_after,
    remembered,
    walk,
)

AGAIN = np.where(FOLLOWING == END, 0, FOLLOWING)  # after the last E a new string begins
READ_AGAIN = np.where(READ == END, 0, READ)


def fair(length: int) -> np.ndarray:
    """Chance of a node's second edge after each of 0 to `length` symbols."""
    return np.tile(FORKS / 2, (length + 1, 1))


@functools.cache
def stream_figures(length: int) -> tuple[float, float, float]:
    return figures(fair(length), AGAIN)


@dataclass(frozen=True, kw_only=True)
class ContinualReber:
    """length: symbols of the stream, at least 9. Strings have 12 on average. outer: score the outer letters alone."""

    reference: ClassVar[str] = "Gers, Schmidhuber & Cummins 2000, continual embedded Reber grammar"
    axes: ClassVar[tuple[str, ...]] = ("length",)
    objective: ClassVar[str] = "cross-entropy, mean over all steps"
    naive: ClassVar[str] = "knows how often each symbol follows the current one"
    wrong: ClassVar[str] = "at any step of the stream an illegal symbol is as active as a legal one"
    symbols: ClassVar[tuple[str, ...]] = tuple(SYMBOLS)
    answers: ClassVar[tuple[str, ...]] = tuple(SYMBOLS)
    inputs: ClassVar[int] = len(SYMBOLS)
    outputs: ClassVar[int] = len(SYMBOLS)

    length: int = 100
    outer: bool = field(default=False, metadata=ADDED)

    def __post_init__(self) -> None:
        if self.length < 9:
            raise ValueError(
                f"ContinualReber needs length >= 9, the shortest string's; got length={self.length}."
            )

    @property
    def steps(self) -> int:
        return self.length

    @property
    def scored(self) -> int:
        return self.length

    @property
    def baseline(self) -> float:
        return stream_figures(self.length)[0] / self.length

    @property
    def best(self) -> float:
        return stream_figures(self.length)[1] / self.length

    def sample(self, key: jax.Array, batch: int) -> Batch:
        symbols, _ = walk(draws(key, self.length + 1, batch), fair(self.length), AGAIN)
        return Batch(jax.nn.one_hot(symbols[:-1], self.inputs), symbols[1:])

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        loss = cross_entropy(outputs, batch.targets).mean()
        right = legal_first(outputs, batch.inputs, READ_AGAIN).all(0).mean()
        if not self.outer:
            return Measures(loss, 1 - right, (self.baseline - loss) / (self.baseline - self.best))
        due = jnp.asarray(OUTER)[nodes_after(batch.inputs, READ_AGAIN)]
        paid = jnp.where(due, cross_entropy(outputs, batch.targets), 0.0).sum() / jnp.maximum(due.sum(), 1)
        return Measures(loss, 1 - right, 1 - paid / math.log(2))

    def quantities(self, batch: Batch) -> dict[str, Quantity]:
        return remembered(batch.inputs, READ_AGAIN)

    def longer(self, factor: int) -> Self:
        return replace(self, length=self.length * factor)
