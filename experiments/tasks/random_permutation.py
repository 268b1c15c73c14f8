"""Random permutation: the last symbol is the first one again; what lies between is noise.

Martens & Sutskever 2011; Pascanu, Mikolov & Bengio 2013. T symbols out of 100: the first is 1 or 2 and so is the
last, which equals it; the others are uniform over 3..100, independently: no permutation, in spite of the name.
To predict the next symbol is possible at the last step alone (elsewhere ln 98 = 4.585 nats cannot be had), and only
there is it judged. So the input is the first T - 1 symbols, and the target, at the last of these, the symbol that
would come next: one out of all the symbols.

    >>> print(show(RandomPermutation(length=8)))
    input   1 53 7 62 54 52 52
    target  ·  · ·  ·  ·  ·  1

The naive predictor knows that 1 or 2 comes and guesses which: loss ln 2 = 0.693, half of the answers right,
score 0 (a network begins at ln 100 = 4.605 and at a score below 0). There is no partial credit after that.
"""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp

from experiments.tasks.contract import Batch, Measures, draws, judge_symbols, whole

FIRST = 2  # symbols that may come first, and last


@dataclass(frozen=True, kw_only=True)
class RandomPermutation:
    """length: T, symbols of a sequence, the one to be predicted included, at least 3. alphabet: kinds of symbols."""

    reference: ClassVar[str] = "Martens & Sutskever 2011; Pascanu et al. 2013 (as H&S 1997, exp. 2b)"
    axes: ClassVar[tuple[str, ...]] = ("length", "alphabet")
    objective: ClassVar[str] = "cross-entropy of the last symbol"
    naive: ClassVar[str] = "guesses 1 or 2"
    wrong: ClassVar[str] = "another symbol"
    scored: ClassVar[int] = 1
    baseline: ClassVar[float] = math.log(FIRST)
    best: ClassVar[float] = 0.0

    length: int = 50
    alphabet: int = 100

    def __post_init__(self) -> None:
        if self.length < 3 or self.alphabet < 3:
            raise ValueError(
                "RandomPermutation needs length >= 3 (with two symbols there is nothing between) and "
                f"alphabet >= 3; got length={self.length}, alphabet={self.alphabet}."
            )

    @property
    def inputs(self) -> int:
        return self.alphabet

    @property
    def outputs(self) -> int:
        return self.alphabet

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(map(str, range(1, self.alphabet + 1)))

    @property
    def answers(self) -> tuple[str, ...]:
        return self.symbols

    @property
    def steps(self) -> int:
        return self.length - 1

    def sample(self, key: jax.Array, batch: int) -> Batch:
        u = draws(key, self.steps, batch)
        first, between = whole(u[:1], 0, FIRST), whole(u[1:], FIRST, self.alphabet)
        return Batch(jax.nn.one_hot(jnp.concatenate([first, between]), self.inputs), first)

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        return judge_symbols(outputs, batch, 1 / FIRST)

    def longer(self, factor: int) -> Self:
        return replace(self, length=self.length * factor)
