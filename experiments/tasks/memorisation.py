"""Noiseless memorisation: read symbols, wait, and say them again once the trigger has come.

Martens & Sutskever 2011; Pascanu, Mikolov & Bengio 2013. `places` symbols of `values` kinds, T blanks (-)
between and a trigger (!): on the last of these T steps, just before recall (Martens & Sutskever; the layout of copy
memory), or instead of the first blank of recall: trigger="on" (Pascanu et al.). The target is blank for T + places
steps, and then the symbols. The 20-bit problem has ten places of five values (5^10 = 2^23.2 sequences), the
5-bit problem `places=5, values=2`: only 32 sequences, of which each update could see all; here they are drawn.

    >>> print(show(Memorisation(length=4, places=3)))
    input   1 2 0 - - - ! - - -
    target  - - - - - - - 1 2 0

    >>> print(show(Memorisation(length=4, places=5, values=2, trigger="on")))
    input   0 1 0 1 1 - - - - ! - - - -
    target  - - - - - - - - - 0 1 0 1 1

The loss is averaged over all T + 2 places steps, blanks included. The naive predictor predicts blank, and at the end
guesses, for places ln values / (T + 2 places): at T = 50 0.2299 for 20 bits and 0.0578 for 5 bits. The
score is the accuracy over the recalled symbols above chance (1 / values), so that each symbol that is kept counts;
a sequence is wrong when any of them is. Published T: up to about 200.
"""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp

from experiments.tasks.contract import Batch, Measures, draws, judge_symbols, whole

TRIGGERS = ("before", "on")


@dataclass(frozen=True, kw_only=True)
class Memorisation:
    """length: T, blanks between, at least 1. places: symbols to keep. values: kinds of symbols, at least 2.

    trigger: on the step "before" recall or "on" its first.
    """

    reference: ClassVar[str] = "Martens & Sutskever 2011 (trigger before); Pascanu et al. 2013 (on)"
    axes: ClassVar[tuple[str, ...]] = ("length", "places", "values")
    objective: ClassVar[str] = "cross-entropy, mean over all steps"
    naive: ClassVar[str] = "predicts blank, and guesses where symbols are due"
    wrong: ClassVar[str] = "any recalled symbol wrong"
    best: ClassVar[float] = 0.0

    length: int = 50
    places: int = 10
    values: int = 5
    trigger: str = "before"

    def __post_init__(self) -> None:
        if self.length < 1 or self.places < 1 or self.values < 2 or self.trigger not in TRIGGERS:
            raise ValueError(
                "Memorisation needs length >= 1, places >= 1, values >= 2 (one leaves nothing to remember) and "
                f"trigger = 'before' or 'on'; got length={self.length}, places={self.places}, "
                f"values={self.values}, trigger={self.trigger!r}."
            )

    @property
    def inputs(self) -> int:
        return self.values + 2

    @property
    def outputs(self) -> int:
        return self.values + 1

    @property
    def symbols(self) -> tuple[str, ...]:
        return (*map(str, range(self.values)), "-", "!")

    @property
    def answers(self) -> tuple[str, ...]:
        return self.symbols[:-1]

    @property
    def steps(self) -> int:
        return self.length + 2 * self.places

    @property
    def scored(self) -> int:
        return self.steps

    @property
    def baseline(self) -> float:
        return self.places * math.log(self.values) / self.steps

    def sample(self, key: jax.Array, batch: int) -> Batch:
        data = whole(draws(key, self.places, batch), 0, self.values)
        blank, trigger = self.values, self.values + 1
        wait = jnp.full((self.length + self.places, batch), blank, data.dtype)
        asked = self.length - (self.trigger == "before")
        inputs = jnp.concatenate([data, wait.at[asked].set(trigger)])
        return Batch(jax.nn.one_hot(inputs, self.inputs), jnp.concatenate([wait, data]))

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        return judge_symbols(outputs, batch, 1 / self.values, judged=self.places)

    def longer(self, factor: int) -> Self:
        return replace(self, length=self.length * factor)
