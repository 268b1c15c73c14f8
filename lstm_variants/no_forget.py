"""LSTM without a forget gate: f = 1, what was stored stays.

Ablation NFG of Greff et al. 2017, and in this respect the LSTM of Hochreiter & Schmidhuber 1997. The
baseline here is the LSTM WITHOUT peepholes (Greff et al. ablate the block with peepholes), so this
cell differs from `lstm.py` in the forget gate alone.

    z = tanh(W_z x + R_z y + b_z)          block input
    i =    σ(W_i x + R_i y + b_i)          input gate
    o =    σ(W_o x + R_o y + b_o)          output gate
    c' = z ⊙ i + c                         cell
    y' = tanh(c') ⊙ o                      block output

x input (n), y previous output (h), c previous cell (h). Parameters 3h(n + h + 1).
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants.contract import at_least
from lstm_variants.plumbing import affine, bias, kernel, recurrent, split, zeros


class NoForgetState(NamedTuple):
    c: jax.Array
    y: jax.Array


class NoForgetCell(nnx.RNNCellBase):
    """`(NoForgetState (..., h), x (..., n)) -> (NoForgetState, y (..., h))`; gates in the order z i o."""

    def __init__(self, inputs: int, hidden: int, *, rngs: nnx.Rngs):
        self.hidden = hidden
        self.W = kernel(rngs, inputs, hidden, gates=3)
        self.R = recurrent(rngs, hidden, gates=3)
        self.b = bias(hidden, 0.0, 0.0, 0.0)

    def __call__(self, carry: NoForgetState, inputs: jax.Array) -> tuple[NoForgetState, jax.Array]:
        c, y = carry
        z, i, o = split(affine(inputs, self.W[...], y, self.R[...], self.b[...]), 3)
        c = jnp.tanh(z) * jax.nn.sigmoid(i) + c
        y = jnp.tanh(c) * jax.nn.sigmoid(o)
        return NoForgetState(c, y), y

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> NoForgetState:
        return zeros(NoForgetState, input_shape, self.hidden, self.hidden)

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class NoForgetLSTM:
    """hidden: units h."""

    reference: ClassVar[str] = "NFG of Greff et al. 2017 (no peepholes)"
    parameters: ClassVar[str] = "3*h*(n + h + 1)"

    hidden: int = 32

    def __post_init__(self) -> None:
        at_least("NoForgetLSTM", "hidden", self.hidden, 1, "unit")

    def build(self, inputs: int, rngs: nnx.Rngs) -> NoForgetCell:
        return NoForgetCell(inputs, self.hidden, rngs=rngs)
