"""Modular arithmetic: the value of an expression such as 1 + 2 * 3 - 4, modulo 5.

The simple form, without brackets, of Delétang et al. 2023. Digits 0..4 and operators + - * alternate, all uniform; *
binds before + and -. The length is uniform among the odd numbers in `shortest` to `length` (they train on 1 to 40
characters and test on up to 500); shorter expressions are padded at their beginning. The answer is asked for at the
last digit, without a trigger.

    >>> print(show(ModularArithmetic(length=9), seed=6))
    input   3 * 3 - 1 * 3 + 1
    target  · · · · · · · · 2

A regular language for all its precedence: it is enough to carry two numbers modulo 5, the sum s of the terms that are
finished and the product p, with its sign, that is not; the answer is s + p. That makes 25 states:

    * x:  p ← p x          + x:  s ← s + p, p ← x          - x:  s ← s + p, p ← -x

The naive predictor knows the last digit alone. It does better than 1 of 5 and ln 5 = 1.6094, since a product with a 0
is 0: loss 1.6074 and 0.2133 right with up to 19 characters (1.6090 and 0.2063 with 39; 1.5736 and 19 of 75 with 3).
Partial credit: the short expressions.
"""

import functools
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from experiments.tasks.contract import Batch, Measures, draws, guessing, judge_symbols, whole

PLUS, MINUS, TIMES = range(3)
Pair = tuple[jax.Array, jax.Array]


@functools.cache
def given_last(modulus: int, shortest: int, longest: int) -> np.ndarray:
    """Chances of every answer given the last digit, `(digit, answer)`, when lengths are odd and uniform.

    By the automaton above: `state[s, p]` is the chance of its state after 1, 2, ... digits.
    """
    m, all_ = modulus, np.arange(modulus)
    becomes = np.eye(m)[np.outer(all_, all_) % m]  # (p, x, p x)
    value = np.eye(m)[(all_[:, None, None] + np.outer(all_, all_)) % m]  # (s, p, x, s + p x)
    state = np.zeros((m, m))
    state[0] = 1 / m
    tables = []
    for length in range(3, longest + 1, 2):
        total = state[all_, (all_[:, None] - all_) % m].sum(1)  # of s + p
        after = [total[(all_ - all_[:, None]) % m], total[(all_ + all_[:, None]) % m]]
        after.append(np.einsum("sp,spxa->xa", state, value))
        if length >= shortest:
            tables.append(np.mean(after, axis=0))
        state = (state @ becomes.mean(1) + 2 * total[:, None] / m) / 3
    return np.mean(tables, axis=0)


@dataclass(frozen=True, kw_only=True)
class ModularArithmetic:
    """length: characters of the longest expression (one less where even). shortest: of the shortest, at least 3.

    modulus: of the arithmetic, at least 2; the digits lie below it.
    """

    reference: ClassVar[str] = "Delétang et al. 2023, modular arithmetic (simple)"
    axes: ClassVar[tuple[str, ...]] = ("length", "modulus")
    objective: ClassVar[str] = "cross-entropy of the value"
    naive: ClassVar[str] = "knows only the last digit"
    wrong: ClassVar[str] = "another value"
    scored: ClassVar[int] = 1
    best: ClassVar[float] = 0.0

    length: int = 19
    shortest: int = 3
    modulus: int = 5

    def __post_init__(self) -> None:
        if not 3 <= self.shortest <= self.length - 1 + self.length % 2 or self.modulus < 2:
            raise ValueError(
                "ModularArithmetic needs an odd length in shortest to length, shortest >= 3 (two digits and an "
                f"operator) and modulus >= 2; got length={self.length}, shortest={self.shortest}, "
                f"modulus={self.modulus}."
            )

    @property
    def inputs(self) -> int:
        return self.modulus + 3

    @property
    def outputs(self) -> int:
        return self.modulus

    @property
    def symbols(self) -> tuple[str, ...]:
        return (*map(str, range(self.modulus)), "+", "-", "*")

    @property
    def steps(self) -> int:
        return self.length - 1 + self.length % 2

    @property
    def chances(self) -> np.ndarray:
        """Of every answer given the last digit, `(digit, answer)`."""
        return given_last(self.modulus, self.shortest, self.steps)

    @property
    def baseline(self) -> float:
        return guessing(self.chances)[0]

    @property
    def naive_accuracy(self) -> float:
        return guessing(self.chances)[1]

    def sample(self, key: jax.Array, batch: int) -> Batch:
        T, m = self.steps, self.modulus
        u = draws(key, T + 1, batch)
        fewest, most = self.shortest // 2, T // 2  # operators
        padding = 2 * (most - whole(u[-1], fewest, most + 1))
        there = jnp.arange(T)[:, None] >= padding
        digits, operators = whole(u[:T:2], 0, m), whole(u[1:T:2], 0, 3)
        characters = jnp.zeros((T, batch), jnp.int32).at[::2].set(digits).at[1::2].set(m + operators)

        def read(state: Pair, character: Pair) -> tuple[Pair, None]:
            (s, p), (x, operator) = state, character
            times = operator == TIMES
            signed = jnp.where(operator == MINUS, -x, x)
            return (jnp.where(times, s, s + p) % m, jnp.where(times, p * x, signed) % m), None

        # Before an expression stands 0 + 0 + ... +, which changes nothing.
        x = jnp.where(there[::2], digits, 0)
        operator = jnp.concatenate([jnp.full((1, batch), PLUS), jnp.where(there[1::2], operators, PLUS)])
        zero = jnp.zeros(batch, jnp.int32)
        (s, p), _ = jax.lax.scan(read, (zero, zero), (x, operator))
        mask = there if fewest < most else None
        return Batch(jax.nn.one_hot(characters, self.inputs), ((s + p) % m)[None], mask)

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        return judge_symbols(outputs, batch, self.naive_accuracy)

    def longer(self, factor: int) -> Self:
        return replace(self, shortest=self.steps * (factor - 1) + 1, length=self.steps * factor | 1)
