"""LSTM with coupled input and forget gate: what is forgotten is what is replaced.

Olah 2015 (figure) and CIFG of Greff et al. 2017. Two forms are published: Olah learns f and puts
1 - f on the block input, Greff et al. learn i and put 1 - i on the cell. They are the same family,
since 1 - σ(a) = σ(-a): negate the gate's weights and one becomes the other. This file learns i, as
Greff et al. do, and has no peepholes, as in Olah's figure, so that it differs from the LSTM without
peepholes in the coupling alone (Greff's CIFG keeps peepholes on i and o).

    z = tanh(W_z x + R_z y + b_z)          block input
    i =    σ(W_i x + R_i y + b_i)          input gate
    f = 1 - i                              forget gate
    o =    σ(W_o x + R_o y + b_o)          output gate
    c' = z ⊙ i + c ⊙ f                     cell
    y' = tanh(c') ⊙ o                      block output

x input (n), y previous output (h), c previous cell (h). Parameters 3h(n + h + 1).
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants.contract import at_least, finite
from lstm_variants.plumbing import affine, bias, kernel, recurrent, split, zeros


class CoupledState(NamedTuple):
    c: jax.Array
    y: jax.Array


class CoupledCell(nnx.RNNCellBase):
    """`(CoupledState (..., h), x (..., n)) -> (CoupledState, y (..., h))`; gates in the order z i o."""

    def __init__(self, inputs: int, hidden: int, *, forget_bias: float = 1.0, rngs: nnx.Rngs):
        self.hidden = hidden
        self.W = kernel(rngs, inputs, hidden, gates=3)
        self.R = recurrent(rngs, hidden, gates=3)
        self.b = bias(hidden, 0.0, -forget_bias, 0.0)

    def __call__(self, carry: CoupledState, inputs: jax.Array) -> tuple[CoupledState, jax.Array]:
        c, y = carry
        z, i, o = split(affine(inputs, self.W[...], y, self.R[...], self.b[...]), 3)
        i = jax.nn.sigmoid(i)
        f = 1 - i
        c = jnp.tanh(z) * i + c * f
        y = jnp.tanh(c) * jax.nn.sigmoid(o)
        return CoupledState(c, y), y

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> CoupledState:
        return zeros(CoupledState, input_shape, self.hidden, self.hidden)

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class CoupledLSTM:
    """hidden: units h. forget_bias: b_i starts at -forget_bias, so that f starts at σ(forget_bias)
    as in the other cells (the papers start at 0)."""

    reference: ClassVar[str] = "Olah 2015; CIFG of Greff et al. 2017 (no peepholes)"
    parameters: ClassVar[str] = "3*h*(n + h + 1)"

    hidden: int = 32
    forget_bias: float = 1.0

    def __post_init__(self) -> None:
        at_least("CoupledLSTM", "hidden", self.hidden, 1, "unit")

    def check(self) -> None:
        finite("CoupledLSTM", "forget_bias", self.forget_bias, "(5 holds a gate open for about 150 steps)")

    def build(self, inputs: int, rngs: nnx.Rngs) -> CoupledCell:
        return CoupledCell(inputs, self.hidden, forget_bias=self.forget_bias, rngs=rngs)
