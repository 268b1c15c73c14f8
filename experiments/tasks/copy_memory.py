"""Copy memory: keep ten symbols over a long gap, then say them again.

Arjovsky, Shah & Bengio 2016: ten symbols from 1..8, T - 1 blanks (0), one delimiter (9), ten blanks;
the target is blank for T + 10 steps and then the ten symbols. Here with 3 symbols and a delay of 4:

    >>> print(show(CopyMemory(delay=4, recall=3)))
    input   3 5 1 0 0 0 9 0 0 0
    target  0 0 0 0 0 0 0 3 5 1

The loss is the cross-entropy averaged over all T + 20 steps: the naive predictor predicts blank, and at the
end guesses, for recall ln 8 / (T + 20) (0.0204 at T = 1000: exactly what Bai et al. 2018 report for their
LSTM). The score is the accuracy over the recalled symbols above chance (1/8); a sequence is wrong when
any of its recalled symbols is. In Bai et al. the delimiter stays on for the rest, eleven steps: `held`.
"""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp

from experiments.tasks.contract import Batch, Measures, Quantity, draws, judge_symbols, whole


@dataclass(frozen=True, kw_only=True)
class CopyMemory:
    """delay: T, at least 1. recall: symbols to keep. symbols: size of their alphabet, at least 2.

    held: the delimiter stays on while the symbols are recalled.
    """

    reference: ClassVar[str] = "Arjovsky, Shah & Bengio 2016 (one delimiter); Bai et al. 2018 (held)"
    axes: ClassVar[tuple[str, ...]] = ("delay", "recall", "alphabet")
    objective: ClassVar[str] = "cross-entropy, mean over all steps"
    naive: ClassVar[str] = "predicts blank, and guesses where symbols are due"
    wrong: ClassVar[str] = "any recalled symbol wrong"

    delay: int = 100
    recall: int = 10
    alphabet: int = 8
    held: bool = False

    def __post_init__(self) -> None:
        if self.delay < 1 or self.recall < 1 or self.alphabet < 2:
            raise ValueError(
                "CopyMemory needs delay >= 1, recall >= 1 and alphabet >= 2 (one symbol leaves nothing to "
                f"remember); got delay={self.delay}, recall={self.recall}, alphabet={self.alphabet}."
            )

    @property
    def inputs(self) -> int:
        return self.alphabet + 2

    @property
    def outputs(self) -> int:
        return self.alphabet + 1

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(map(str, range(self.inputs)))

    @property
    def steps(self) -> int:
        return self.delay + 2 * self.recall

    @property
    def scored(self) -> int:
        return self.steps

    @property
    def baseline(self) -> float:
        return self.recall * math.log(self.alphabet) / self.steps

    best: ClassVar[float] = 0.0

    def sample(self, key: jax.Array, batch: int) -> Batch:
        data = whole(draws(key, self.recall, batch), 1, self.alphabet + 1)

        def constant(symbol: int, steps: int) -> jax.Array:
            return jnp.full((steps, batch), symbol, data.dtype)

        delimiter = self.alphabet + 1
        after = constant(delimiter if self.held else 0, self.recall)
        inputs = jnp.concatenate([data, constant(0, self.delay - 1), constant(delimiter, 1), after])
        targets = jnp.concatenate([constant(0, self.delay + self.recall), data])
        return Batch(jax.nn.one_hot(inputs, self.inputs), targets)

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        return judge_symbols(outputs, batch, 1 / self.alphabet, judged=self.recall)

    def quantities(self, batch: Batch) -> dict[str, Quantity]:
        symbols = batch.inputs.argmax(-1)
        step = jnp.arange(len(symbols))[:, None]
        return {
            f"symbol {k + 1}": Quantity(
                jnp.broadcast_to(symbols[k], symbols.shape), jnp.broadcast_to(step >= k, symbols.shape)
            )
            for k in range(self.recall)
        }

    def longer(self, factor: int) -> Self:
        return replace(self, delay=self.delay * factor)
