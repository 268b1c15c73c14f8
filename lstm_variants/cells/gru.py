"""Gated recurrent unit, in the form of Chung et al. 2014 that Olah 2015 draws.

Cho et al. 2014 (arXiv v3: the reset gate acts BEFORE the recurrent product; v1, cuDNN and PyTorch
apply it after: `gru_after.py`. So does Flax's `nnx.GRUCell`, but without the bias inside the reset that
its docstring promises). Here z multiplies the candidate; Cho et al. and PyTorch let it multiply the old
state, which is the same cell with the weights of z negated. One bias a gate (the figure has none).

    z = σ(W_z x + R_z h + b_z)             update gate
    r = σ(W_r x + R_r h + b_r)             reset gate
    h̃ = tanh(W_h x + R_h (r ⊙ h) + b_h)    candidate
    h' = (1 - z) ⊙ h + z ⊙ h̃               state and output

x input (n), h previous state (as many units as `hidden`). Parameters 3h(n + h + 1), state h,
operations a step 6h(n + h) + 11h.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants.contract import at_least
from lstm_variants.initial import STANDARD, Initial, check_memory, memory_biases
from lstm_variants.plumbing import bias, keeping, kernel, recurrent, zeros
from lstm_variants.products import affine, split


class GRUState(NamedTuple):
    h: jax.Array


class GRUCell(nnx.RNNCellBase):
    """`(GRUState (..., h), x (..., n)) -> (GRUState, h (..., h))`; gates z r in W R b, candidate apart."""

    def __init__(
        self,
        inputs: int,
        hidden: int,
        *,
        forget_bias: float = 1.0,
        initial: Initial = STANDARD,
        rngs: nnx.Rngs,
    ):
        self.hidden = hidden
        f, _ = memory_biases(rngs, initial, hidden, forget_bias)
        self.W = kernel(rngs, initial, inputs, hidden, gates=2)
        self.R = recurrent(rngs, initial, hidden, gates=2)
        self.b = bias(rngs, initial, hidden, -f, 0.0)
        self.W_h = kernel(rngs, initial, inputs, hidden)
        self.R_h = recurrent(rngs, initial, hidden)
        self.b_h = bias(rngs, initial, hidden, 0.0)

    def __call__(self, carry: GRUState, inputs: jax.Array) -> tuple[GRUState, jax.Array]:
        (h,) = carry
        z, r = split(jax.nn.sigmoid(affine(inputs, self.W[...], h, self.R[...], self.b[...])), 2)
        candidate = jnp.tanh(affine(inputs, self.W_h[...], r * h, self.R_h[...], self.b_h[...]))
        h = (1 - z) * h + z * candidate
        return keeping(carry, GRUState(h)), h

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> GRUState:
        return zeros(GRUState, self.W, input_shape, self.hidden)

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class GRU:
    """hidden: units h. forget_bias: b_z starts at -forget_bias, so that the old state is kept at the
    rate 1 - z = σ(forget_bias), as by the forget gate of the other cells (the papers start at 0).
    initial: start of the weights."""

    reference: ClassVar[str] = "Cho et al. 2014 (v3); Chung et al. 2014"
    purpose: ClassVar[str] = (
        "Three quarters of an LSTM's weights and no cell beside the state: made for phrases in translation "
        "(Cho et al. 2014), comparable to the LSTM in music and speech at equal parameters (Chung et al. "
        "2014)."
    )
    parameters: ClassVar[str] = "3*h*(n + h + 1)"
    state: ClassVar[str] = "h"
    flops: ClassVar[str] = "6*h*(n + h) + 11*h"

    hidden: int = 32
    forget_bias: float = 1.0
    initial: Initial = STANDARD

    def __post_init__(self) -> None:
        at_least("GRU", "hidden", self.hidden, 1, "unit")

    def check(self) -> None:
        check_memory("GRU", self.initial, self.forget_bias)

    def build(self, inputs: int, rngs: nnx.Rngs) -> GRUCell:
        return GRUCell(inputs, self.hidden, forget_bias=self.forget_bias, initial=self.initial, rngs=rngs)
