"""Gated recurrent unit whose reset gate acts AFTER the recurrent product.

Cho et al. 2014 (arXiv v1), and the form that cuDNN and PyTorch compute, because all products with h can
then be one; `gru.py` has the form of v3 and of Chung et al. The two differ unless r = 1 or R_h is diagonal. The
letters are cuDNN's: the candidate has two biases, b_h beside W_h x and b_R inside the reset (the gates need
no second one). Here z multiplies the candidate, as in `gru.py`; Cho et al., cuDNN and PyTorch let it
multiply the old state, which is the same cell with the weights of z negated.

    z = σ(W_z x + R_z h + b_z)                     update gate
    r = σ(W_r x + R_r h + b_r)                     reset gate
    h̃ = tanh(W_h x + b_h + r ⊙ (R_h h + b_R))      candidate
    h' = (1 - z) ⊙ h + z ⊙ h̃                       state and output

x input (n), h previous state (as many units as `hidden`). Parameters 3h(n + h + 1) + h, state h, operations
a step 6h(n + h) + 13h.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants.contract import at_least
from lstm_variants.initial import STANDARD, Initial, check_memory, memory_biases
from lstm_variants.plumbing import bias, keeping, kernel, recurrent, zeros
from lstm_variants.products import affine, product, split


class GRUAfterState(NamedTuple):
    h: jax.Array


class GRUAfterCell(nnx.RNNCellBase):
    """`(GRUAfterState (..., h), x (..., n)) -> (GRUAfterState, h (..., h))`; gates z r in W R b, candidate
    apart."""

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
        self.b_h = bias(rngs, initial, hidden, 0.0)
        self.R_h = recurrent(rngs, initial, hidden)
        self.b_R = bias(rngs, initial, hidden, 0.0)

    def __call__(self, carry: GRUAfterState, inputs: jax.Array) -> tuple[GRUAfterState, jax.Array]:
        (h,) = carry
        z, r = split(jax.nn.sigmoid(affine(inputs, self.W[...], h, self.R[...], self.b[...])), 2)
        recalled = r * (product(h, self.R_h[...]) + self.b_R[...])
        candidate = jnp.tanh(product(inputs, self.W_h[...]) + self.b_h[...] + recalled)
        h = (1 - z) * h + z * candidate
        return keeping(carry, GRUAfterState(h)), h

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> GRUAfterState:
        return zeros(GRUAfterState, self.W, input_shape, self.hidden)

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class GRUAfter:
    """hidden: units h. forget_bias: b_z starts at -forget_bias, so that the old state is kept at the
    rate 1 - z = σ(forget_bias), as by the forget gate of the other cells (the papers start at 0).
    initial: start of the weights."""

    reference: ClassVar[str] = "Cho et al. 2014 (v1); cuDNN, PyTorch"
    purpose: ClassVar[str] = (
        "The GRU of cuDNN and PyTorch: all products with the state are one. For networks that come from "
        "there or go there (Cho et al. 2014, v1)."
    )
    parameters: ClassVar[str] = "3*h*(n + h + 1) + h"
    state: ClassVar[str] = "h"
    flops: ClassVar[str] = "6*h*(n + h) + 13*h"

    hidden: int = 32
    forget_bias: float = 1.0
    initial: Initial = STANDARD

    def __post_init__(self) -> None:
        at_least("GRUAfter", "hidden", self.hidden, 1, "unit")

    def check(self) -> None:
        check_memory("GRUAfter", self.initial, self.forget_bias)

    def build(self, inputs: int, rngs: nnx.Rngs) -> GRUAfterCell:
        return GRUAfterCell(
            inputs, self.hidden, forget_bias=self.forget_bias, initial=self.initial, rngs=rngs
        )
