"""NIG: LSTM with peepholes and no input gate, i = 1.

Greff, Srivastava, Koutník, Steunebrink & Schmidhuber 2017, "LSTM: a search space odyssey". Their V
(`peephole.py`) with the input gate and its peephole taken away, nothing else: the cell takes in all of z.

    z = tanh(W_z x + R_z y + b_z)                  block input
    f =    σ(W_f x + R_f y + p_f ⊙ c  + b_f)       forget gate
    c' = z + c ⊙ f                                 cell
    o =    σ(W_o x + R_o y + p_o ⊙ c' + b_o)       output gate
    y' = tanh(c') ⊙ o                              block output

x input (n), y previous output (h), c previous cell (h). Parameters 3h(n + h + 1) + 2h, state 2h, operations
a step 6h(n + h) + 14h.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants.contract import at_least
from lstm_variants.initial import STANDARD, Initial, check_memory, memory_biases
from lstm_variants.plumbing import bias, diagonal, keeping, kernel, recurrent, zeros
from lstm_variants.products import affine, split


class NIGState(NamedTuple):
    c: jax.Array
    y: jax.Array


class NIGCell(nnx.RNNCellBase):
    """`(NIGState (..., h), x (..., n)) -> (NIGState, y (..., h))`; gates in the order z f o."""

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
        self.W = kernel(rngs, initial, inputs, hidden, gates=3)
        self.R = recurrent(rngs, initial, hidden, gates=3)
        self.p_f = diagonal(rngs, hidden)
        self.p_o = diagonal(rngs, hidden)
        self.b = bias(rngs, initial, hidden, 0.0, f, 0.0)

    def __call__(self, carry: NIGState, inputs: jax.Array) -> tuple[NIGState, jax.Array]:
        c, y = carry
        z, f, o = split(affine(inputs, self.W[...], y, self.R[...], self.b[...]), 3)
        f = jax.nn.sigmoid(f + self.p_f[...] * c)
        c = jnp.tanh(z) + c * f
        o = jax.nn.sigmoid(o + self.p_o[...] * c)
        y = jnp.tanh(c) * o
        return keeping(carry, NIGState(c, y)), y

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> NIGState:
        return zeros(NIGState, self.W, input_shape, self.hidden, self.hidden)

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class NIG:
    """hidden: units h. forget_bias: start of b_f (1: Jozefowicz et al. 2015). initial: start of the weights."""

    reference: ClassVar[str] = "NIG of Greff et al. 2017"
    purpose: ClassVar[str] = (
        "Ablation: what the input gate is worth. Without it networks were significantly worse in speech and "
        "handwriting, not in music (Greff et al. 2017)."
    )
    parameters: ClassVar[str] = "3*h*(n + h + 1) + 2*h"
    state: ClassVar[str] = "2*h"
    flops: ClassVar[str] = "6*h*(n + h) + 14*h"

    hidden: int = 32
    forget_bias: float = 1.0
    initial: Initial = STANDARD

    def __post_init__(self) -> None:
        at_least("NIG", "hidden", self.hidden, 1, "unit")

    def check(self) -> None:
        check_memory("NIG", self.initial, self.forget_bias)

    def build(self, inputs: int, rngs: nnx.Rngs) -> NIGCell:
        return NIGCell(inputs, self.hidden, forget_bias=self.forget_bias, initial=self.initial, rngs=rngs)
