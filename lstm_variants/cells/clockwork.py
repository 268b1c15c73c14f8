"""Clockwork RNN: modules that tick at their own periods.

Koutník, Greff, Gomez & Schmidhuber 2014, "A clockwork RNN". The h units form g modules of k = h / g
units; module i has the period T_i. Modules are sorted by period, and a module hears itself and the
slower ones (T_j ≥ T_i), never a faster one.

    ĥ = tanh(W x + R h + b)                R_ij = 0 unless T_i ≤ T_j
    h'_i = ĥ_i   if t mod T_i = 0          module i ticks
           h_i   otherwise                 it holds its state, bit for bit
    y = h'                                 all modules are read, ticking or not

x input (n), h previous state (as many units as `hidden`), t steps so far: 0 at the first step, where
every module ticks. Parameters hn + h(h + k)/2 + h: only the blocks of R that exist are parameters. State h
(and the clock), operations a step 2h(n + h) + 2h: modules at rest are computed and discarded and absent
blocks of R are zeros, so this is the cell of the paper, not its saving in operations. The gradient passes a
module at rest unchanged.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants.contract import at_least
from lstm_variants.initial import STANDARD, Initial, refuse_chrono
from lstm_variants.plumbing import bias, keeping, kernel, recurrent, zeros
from lstm_variants.products import affine


class ClockworkState(NamedTuple):
    """t is int32 (..., 1), one clock a sequence, so that masks and lengths treat it as they treat h."""

    h: jax.Array
    t: jax.Array


class ClockworkCell(nnx.RNNCellBase):
    """`(ClockworkState (..., h), x (..., n)) -> (ClockworkState, h (..., h))`; fastest module first."""

    def __init__(
        self,
        inputs: int,
        hidden: int,
        *,
        periods: tuple[int, ...],
        initial: Initial = STANDARD,
        rngs: nnx.Rngs,
    ):
        self.hidden = hidden
        self.periods = periods
        k = hidden // len(periods)
        self.W = kernel(rngs, initial, inputs, hidden)
        # Column block i, counted from 0 and `((g - i) k, k)`: weights from modules i ... g - 1 into module i.
        R = recurrent(rngs, initial, hidden)[...]
        self.R = nnx.List([nnx.Param(R[i * k :, i * k : (i + 1) * k]) for i in range(len(periods))])
        self.b = bias(rngs, initial, hidden, 0.0)

    def __call__(self, carry: ClockworkState, inputs: jax.Array) -> tuple[ClockworkState, jax.Array]:
        h, t = carry
        # States are rows, `h @ R`: what the paper draws as upper block triangle is the lower one here.
        R = jnp.concatenate([jnp.pad(r[...], ((self.hidden - r.shape[0], 0), (0, 0))) for r in self.R], -1)
        T = jnp.repeat(jnp.array(self.periods), self.hidden // len(self.periods))
        candidate = jnp.tanh(affine(inputs, self.W[...], h, R, self.b[...]))
        h = jnp.where(t % T == 0, candidate, h)
        return keeping(carry, ClockworkState(h, t + 1)), h

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> ClockworkState:
        (h,) = zeros(lambda *arrays: arrays, self.W, input_shape, self.hidden)
        return ClockworkState(h, jnp.zeros((*input_shape[:-1], 1), jnp.int32))

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class ClockworkRNN:
    """hidden: units h, shared out evenly. periods: T_1 < T_2 < ..., steps between ticks of a
    module. initial: start of the weights."""

    reference: ClassVar[str] = "Koutník, Greff, Gomez & Schmidhuber 2014"
    purpose: ClassVar[str] = (
        "Signals on several time scales that are known beforehand: modules tick at periods of their own and "
        "slow ones keep what is old; made for generating audio and classifying spoken words (Koutník et al. "
        "2014)."
    )
    parameters: ClassVar[str] = "h*(n + 1) + h*(h + h//len(periods))//2"
    state: ClassVar[str] = "h"
    flops: ClassVar[str] = "2*h*(n + h) + 2*h"

    hidden: int = 32
    periods: tuple[int, ...] = (1, 2, 4, 8)
    initial: Initial = STANDARD

    def __post_init__(self) -> None:
        at_least("ClockworkRNN", "hidden", self.hidden, 1, "unit")
        refuse_chrono("ClockworkRNN", self.initial)
        if not isinstance(self.periods, tuple) or not self.periods:
            raise ValueError(f"ClockworkRNN needs a tuple of periods, one a module; got {self.periods!r}.")
        for period in self.periods:
            at_least("ClockworkRNN", "period", period, 1, "step between two ticks")
        if any(fast >= slow for fast, slow in pairwise(self.periods)):
            raise ValueError(
                f"ClockworkRNN needs increasing periods (two modules of one period are one larger module); "
                f"got periods={self.periods}."
            )
        if self.hidden % len(self.periods):
            raise ValueError(
                f"ClockworkRNN needs hidden divisible by its {len(self.periods)} modules; "
                f"got hidden={self.hidden}."
            )

    def build(self, inputs: int, rngs: nnx.Rngs) -> ClockworkCell:
        return ClockworkCell(inputs, self.hidden, periods=self.periods, initial=self.initial, rngs=rngs)
