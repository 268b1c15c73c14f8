"""MUT3: the third of three cells that a search over ten thousand architectures found.

Jozefowicz, Zaremba & Sutskever 2015, "An empirical exploration of recurrent network architectures". It is the
GRU of `gru.py` but for one tanh, on the state that the update gate sees.

    z = σ(W_z x + R_z tanh(h) + b_z)            update gate
    r = σ(W_r x + R_r h + b_r)                  reset gate
    h̃ = tanh(R_h (r ⊙ h) + W_h x + b_h)         candidate
    h' = h̃ ⊙ z + h ⊙ (1 - z)                    state and output

x input (n), h previous state (as many units as `hidden`). Parameters 3h(n + h + 1), state h, operations a step
6h(n + h) + 12h.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants.contract import at_least
from lstm_variants.initial import STANDARD, Initial, check_memory, memory_biases
from lstm_variants.plumbing import bias, keeping, kernel, recurrent, zeros
from lstm_variants.products import affine


class MUT3State(NamedTuple):
    h: jax.Array


class MUT3Cell(nnx.RNNCellBase):
    """`(MUT3State (..., h), x (..., n)) -> (MUT3State, h (..., h))`."""

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
        self.W_z = kernel(rngs, initial, inputs, hidden)
        self.R_z = recurrent(rngs, initial, hidden)
        self.b_z = bias(rngs, initial, hidden, -f)
        self.W_r = kernel(rngs, initial, inputs, hidden)
        self.R_r = recurrent(rngs, initial, hidden)
        self.b_r = bias(rngs, initial, hidden, 0.0)
        self.W_h = kernel(rngs, initial, inputs, hidden)
        self.R_h = recurrent(rngs, initial, hidden)
        self.b_h = bias(rngs, initial, hidden, 0.0)

    def __call__(self, carry: MUT3State, inputs: jax.Array) -> tuple[MUT3State, jax.Array]:
        (h,) = carry
        z = jax.nn.sigmoid(affine(inputs, self.W_z[...], jnp.tanh(h), self.R_z[...], self.b_z[...]))
        r = jax.nn.sigmoid(affine(inputs, self.W_r[...], h, self.R_r[...], self.b_r[...]))
        candidate = jnp.tanh(affine(inputs, self.W_h[...], r * h, self.R_h[...], self.b_h[...]))
        h = z * candidate + (1 - z) * h
        return keeping(carry, MUT3State(h)), h

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> MUT3State:
        return zeros(MUT3State, self.W_z, input_shape, self.hidden)

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class MUT3:
    """hidden: units h. forget_bias: b_z starts at -forget_bias, so that the old state is kept at the
    rate 1 - z = σ(forget_bias), as by the forget gate of the other cells. initial: start of the weights."""

    reference: ClassVar[str] = "Jozefowicz, Zaremba & Sutskever 2015 (MUT3)"
    purpose: ClassVar[str] = (
        "The best of the three found by evolution at predicting words: 0.092, the LSTM 0.089 (Jozefowicz, "
        "Zaremba & Sutskever 2015, second-hand)."
    )
    parameters: ClassVar[str] = "3*h*(n + h + 1)"
    state: ClassVar[str] = "h"
    flops: ClassVar[str] = "6*h*(n + h) + 12*h"

    hidden: int = 32
    forget_bias: float = 1.0
    initial: Initial = STANDARD

    def __post_init__(self) -> None:
        at_least("MUT3", "hidden", self.hidden, 1, "unit")

    def check(self) -> None:
        check_memory("MUT3", self.initial, self.forget_bias)

    def build(self, inputs: int, rngs: nnx.Rngs) -> MUT3Cell:
        return MUT3Cell(inputs, self.hidden, forget_bias=self.forget_bias, initial=self.initial, rngs=rngs)
