"""Noise-free long lag: the symbol that comes first, x or y, comes again at the very end.

Hochreiter & Schmidhuber 1997, experiments 2a, 2b and 2c, with p = `alphabet`. In a and b the next symbol is
predicted at every step, so that the last input is the last but one of the p + 1 symbols:

    a   x a1 a2 ... ap-1 x    or the same with y: there are only these two sequences
    b   x (p - 1 symbols drawn from a1 ... ap-1) x    or with y
    c   b x (q + k symbols drawn from a1 ... ap) e    or with y: which one? k has P(k) ∝ 0.9^k, k <= `suffix`

    >>> print(show(NoiseFreeLag(alphabet=5)))
    input    x a1 a2 a3 a4
    target  a1 a2 a3 a4  x

c asks at the end alone, with two outputs; its lag varies, and e announces the end, which b leaves to counting.
The paper has no limit of k (q + 4 symbols at least, by this rule q + 13 on average; it says q + 14), and calls a
task solved when in 10,000 successive sequences all outputs were within 0.25 (a, b) or 0.2 (c) of their targets.
Here a sequence is wrong when its last symbol is. RTRL and BPTT never solved p = 100; an LSTM did after 5,040
sequences of a and 5,680 of b.

The naive predictor knows the step and pays ln 2 too much for the last symbol, 0.0069 a step with p = 100. The
score is the accuracy on the last symbol, above 1/2; it is negative as long as x and y are not expected there.
"""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from experiments.tasks.contract import Batch, Measures, above_chance, cross_entropy, draws, whole

STAY = 0.9  # P(one more symbol in the suffix), c


@dataclass(frozen=True, kw_only=True)
class NoiseFreeLag:
    """variant: a, b or c. alphabet: p, at least 3. suffix: largest k, for c.

    lag: symbols between the two that agree, k not counted. 0: as published, p - 1 (a, b) or q = p (c). With
    another lag a goes round through a1 ... ap-1; multiples of p - 1 end as the published sequences do.
    """

    reference: ClassVar[str] = "Hochreiter & Schmidhuber 1997, exp. 2a, 2b, 2c"
    axes: ClassVar[tuple[str, ...]] = ("alphabet", "lag")
    objective: ClassVar[str] = "cross-entropy, mean over predicted symbols"
    naive: ClassVar[str] = "knows the step; guesses x or y at the last one"
    wrong: ClassVar[str] = "another symbol most active at the last step"

    variant: str = "a"
    alphabet: int = 100
    lag: int = 0
    suffix: int = 40

    def __post_init__(self) -> None:
        if self.variant not in ("a", "b", "c") or self.alphabet < 3 or self.lag < 0 or self.suffix < 0:
            raise ValueError(
                "NoiseFreeLag needs variant a, b or c, alphabet >= 3, lag >= 0 (0: as published) and suffix >= 0; "
                f"got variant={self.variant!r}, alphabet={self.alphabet}, lag={self.lag}, suffix={self.suffix}."
            )

    @property
    def between(self) -> int:
        """Symbols between the two that agree; in c, at least."""
        return self.lag or (self.alphabet if self.variant == "c" else self.alphabet - 1)

    @property
    def middle(self) -> tuple[str, ...]:
        return tuple(f"a{i + 1}" for i in range(self.alphabet if self.variant == "c" else self.alphabet - 1))

    @property
    def symbols(self) -> tuple[str, ...]:
        return (*self.middle, "x", "y", *("be" if self.variant == "c" else ""))

    @property
    def answers(self) -> tuple[str, ...]:
        return ("x", "y") if self.variant == "c" else self.symbols

    @property
    def inputs(self) -> int:
        return len(self.symbols)

    @property
    def outputs(self) -> int:
        return len(self.answers)

    @property
    def steps(self) -> int:
        return self.between + (self.suffix + 3 if self.variant == "c" else 1)

    @property
    def scored(self) -> int:
        return 1 if self.variant == "c" else self.steps

    @property
    def baseline(self) -> float:
        return self.best + math.log(2) / self.scored

    @property
    def best(self) -> float:
        return self.between * math.log(self.alphabet - 1) / self.scored if self.variant == "b" else 0.0

    def sample(self, key: jax.Array, batch: int) -> Batch:
        return self.ask(key, batch) if self.variant == "c" else self.predict(key, batch)

    def predict(self, key: jax.Array, batch: int) -> Batch:
        lag, letters = self.between, len(self.middle)
        u = draws(key, 1 + (lag if self.variant == "b" else 0), batch)
        first = letters + whole(u[:1], 0, 2)
        cycle = jnp.broadcast_to(jnp.arange(lag)[:, None] % letters, (lag, batch))
        middle = whole(u[1:], 0, letters) if self.variant == "b" else cycle
        symbols = jnp.concatenate([first, middle.astype(first.dtype), first])
        return Batch(jax.nn.one_hot(symbols[:-1], self.inputs), symbols[1:])

    def ask(self, key: jax.Array, batch: int) -> Batch:
        T, letters = self.steps, self.alphabet
        u = draws(key, T + 2, batch)
        weights = STAY ** np.arange(self.suffix + 1)
        ends = jnp.asarray((weights.cumsum() / weights.sum())[:-1, None], u.dtype)
        padding = self.suffix - (u[T] >= ends).sum(0)
        answer = whole(u[T + 1], 0, 2)
        here = jnp.arange(batch)
        symbols = whole(u[:T], 0, letters).at[padding, here].set(letters + 2)
        symbols = symbols.at[padding + 1, here].set(letters + answer).at[-1].set(letters + 3)
        mask = (jnp.arange(T)[:, None] >= padding) if self.suffix else None
        return Batch(jax.nn.one_hot(symbols, self.inputs), answer[None], mask)

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        right = (outputs[-1].argmax(-1) == batch.targets[-1]).mean()
        return Measures(cross_entropy(outputs, batch.targets).mean(), 1 - right, above_chance(right, 2))

    def longer(self, factor: int) -> Self:
        spread = self.suffix + 3 if self.variant == "c" else 0
        return replace(self, lag=self.between * factor + spread * (factor - 1))
