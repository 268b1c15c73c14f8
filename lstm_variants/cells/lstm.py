"""LSTM with a forget gate: the block of Greff et al. 2017 without peepholes (their NP).

Gers, Schmidhuber & Cummins 2000, "Learning to forget" (forget gate); the form drawn by Olah 2015.

    z = tanh(W_z x + R_z y + b_z)          block input
    i =    σ(W_i x + R_i y + b_i)          input gate
    f =    σ(W_f x + R_f y + b_f)          forget gate
    o =    σ(W_o x + R_o y + b_o)          output gate
    c' = z ⊙ i + c ⊙ f                     cell
    y' = tanh(c') ⊙ o                      block output

x input (n), y previous output (h), c previous cell (h). Parameters 4h(n + h + 1), state 2h, operations
a step 8h(n + h) + 13h.
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


class LSTMState(NamedTuple):
    c: jax.Array
    y: jax.Array


class LSTMCell(nnx.RNNCellBase):
    """`(LSTMState (..., h), x (..., n)) -> (LSTMState, y (..., h))`; gates in the order z i f o."""

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
        f, i = memory_biases(rngs, initial, hidden, forget_bias)
        self.W = kernel(rngs, initial, inputs, hidden, gates=4)
        self.R = recurrent(rngs, initial, hidden, gates=4)
        self.b = bias(rngs, initial, hidden, 0.0, i, f, 0.0)

    def __call__(self, carry: LSTMState, inputs: jax.Array) -> tuple[LSTMState, jax.Array]:
        c, y = carry
        z, i, f, o = split(affine(inputs, self.W[...], y, self.R[...], self.b[...]), 4)
        c = jnp.tanh(z) * jax.nn.sigmoid(i) + c * jax.nn.sigmoid(f)
        y = jnp.tanh(c) * jax.nn.sigmoid(o)
        return keeping(carry, LSTMState(c, y)), y

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> LSTMState:
        return zeros(LSTMState, self.W, input_shape, self.hidden, self.hidden)

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class LSTM:
    """hidden: units h. forget_bias: start of b_f (1: Jozefowicz et al. 2015). initial: start of the weights."""

    reference: ClassVar[str] = "Gers, Schmidhuber & Cummins 2000 (no peepholes)"
    purpose: ClassVar[str] = (
        "Where to begin if nothing is known of the task: what libraries call an LSTM. Leaving out the "
        "peepholes cost nothing significant in speech, handwriting or music (Greff et al. 2017)."
    )
    parameters: ClassVar[str] = "4*h*(n + h + 1)"
    state: ClassVar[str] = "2*h"
    flops: ClassVar[str] = "8*h*(n + h) + 13*h"

    hidden: int = 32
    forget_bias: float = 1.0
    initial: Initial = STANDARD

    def __post_init__(self) -> None:
        at_least("LSTM", "hidden", self.hidden, 1, "unit")

    def check(self) -> None:
        check_memory("LSTM", self.initial, self.forget_bias)

    def build(self, inputs: int, rngs: nnx.Rngs) -> LSTMCell:
        return LSTMCell(inputs, self.hidden, forget_bias=self.forget_bias, initial=self.initial, rngs=rngs)
