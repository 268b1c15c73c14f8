"""Arithmetic: read two numbers and an operator, one character a step among letters that mean nothing; say the result.

In the spirit of Jozefowicz, Zaremba & Sutskever 2015, whose networks read text such as 3e36d9-h1h39f94eeh43keg3c= and
went on with its value. There the task is a language model, which is told every character of the answer once it
has predicted it. Here nothing is told: the input is blank (_) while the answer is said, so that a predictor without
memory knows the position in the answer and no more, and its loss is known exactly.

The question: two numbers of `digits` digits each, all digits uniform (so with leading zeros), + or - between them, and
`noise` letters a b c d at random places before the =. The answer: its sign (+ for zero), and digits + 1 digits.

    >>> print(show(Arithmetic(digits=2, noise=3)))
    input   c b 2 c 5 - 0 6 = _ _ _ _
    target  · · · · · · · · · + 0 1 9

The naive predictor knows how frequent every character is at every position (in about 3 of 4 answers the sign is +, and
the first digit 0): loss 1.598 with three digits (1.421 with two), 0.370 (0.437) of the characters right, score 0. Loss
and score are means over the positions, so there is partial credit: for the sign, and for the leading digits. An
answer is wrong when any of its characters is.
"""

import functools
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from experiments.tasks.contract import Batch, Measures, distinct, draws, judge_symbols, whole

PLUS, MINUS, EQUALS, BLANK, LETTER = range(10, 15)
LETTERS = "abcd"


@functools.cache
def frequencies(digits: int) -> np.ndarray:
    """Of the twelve characters at every position of the answer, `(digits + 2, 12)`."""
    n = 10**digits
    value = np.arange(1 - n, 2 * n - 1)
    pairs = np.maximum(n - abs(value - (n - 1)), 0) + np.maximum(n - abs(value), 0)  # as sum; as difference
    characters = [np.where(value < 0, MINUS, PLUS)]
    characters += [abs(value) // 10**k % 10 for k in range(digits, -1, -1)]
    return np.array([np.bincount(c, pairs, 12) for c in characters]) / (2 * n * n)


@dataclass(frozen=True, kw_only=True)
class Arithmetic:
    """digits: of each number, 1 to 6. noise: letters in the question."""

    reference: ClassVar[str] = "Jozefowicz et al. 2015, arithmetic (answers unseen)"
    axes: ClassVar[tuple[str, ...]] = ("digits", "noise")
    objective: ClassVar[str] = "cross-entropy, mean over the answer's characters"
    naive: ClassVar[str] = "knows only the position in the answer"
    wrong: ClassVar[str] = "any character of the answer wrong"
    symbols: ClassVar[tuple[str, ...]] = tuple("0123456789+-=_" + LETTERS)
    answers: ClassVar[tuple[str, ...]] = tuple("0123456789+-")
    inputs: ClassVar[int] = 18
    outputs: ClassVar[int] = 12
    best: ClassVar[float] = 0.0

    digits: int = 3
    noise: int = 4

    def __post_init__(self) -> None:
        if not 1 <= self.digits <= 6 or self.noise < 0:
            raise ValueError(
                "Arithmetic needs digits in 1 to 6 and noise >= 0; got "
                f"digits={self.digits}, noise={self.noise}."
            )

    @property
    def scored(self) -> int:
        return self.digits + 2

    @property
    def steps(self) -> int:
        return 2 * self.digits + 1 + self.noise + 1 + self.scored

    @property
    def baseline(self) -> float:
        p = frequencies(self.digits)
        return float(-(p * np.log(np.where(p > 0, p, 1))).sum(1).mean())

    @property
    def naive_accuracy(self) -> float:
        return float(frequencies(self.digits).max(1).mean())

    def sample(self, key: jax.Array, batch: int) -> Batch:
        n = self.digits
        asked, before = 2 * n + 1, 2 * n + 1 + self.noise
        u = draws(key, asked + 2 * before, batch)
        a, b, minus = whole(u[:n], 0, 10), whole(u[n : 2 * n], 0, 10), whole(u[2 * n], 0, 2)
        places = jnp.sort(distinct(u[asked : asked + before], asked), axis=0)
        question = LETTER + whole(u[asked + before :], 0, len(LETTERS))
        question = question.at[places, jnp.arange(batch)].set(jnp.concatenate([a, PLUS + minus[None], b]))
        ends = jnp.full((1 + self.scored, batch), BLANK).at[0].set(EQUALS)
        inputs = jnp.concatenate([question, ends])

        weights = 10 ** jnp.arange(n + 1)[::-1, None]
        value = ((a + (1 - 2 * minus) * b) * weights[1:]).sum(0)
        answer = jnp.abs(value) // weights % 10
        targets = jnp.concatenate([PLUS + (value < 0).astype(answer.dtype)[None], answer])
        return Batch(jax.nn.one_hot(inputs, self.inputs), targets)

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        return judge_symbols(outputs, batch, self.naive_accuracy)

    def longer(self, factor: int) -> Self:
        """More letters between: numbers with more digits would be another task."""
        return replace(self, noise=self.noise + self.steps * (factor - 1))
