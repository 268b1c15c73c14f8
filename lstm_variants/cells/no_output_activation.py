"""NOAF: LSTM with peepholes and no output activation, H(c) = c.

Greff, Srivastava, Koutník, Steunebrink & Schmidhuber 2017, "LSTM: a search space odyssey". Their V
(`peephole.py`) with H the identity in place of tanh, nothing else: an output may have any size.

    z = tanh(W_z x + R_z y + b_z)                  block input
    i =    σ(W_i x + R_i y + p_i ⊙ c  + b_i)       input gate
    f =    σ(W_f x + R_f y + p_f ⊙ c  + b_f)       forget gate
    c' = z ⊙ i + c ⊙ f                             cell
    o =    σ(W_o x + R_o y + p_o ⊙ c' + b_o)       output gate
    y' = c' ⊙ o                                    block output

x input (n), y previous output (h), c previous cell (h). Parameters 4h(n + h + 1) + 3h, state 2h, operations
a step 8h(n + h) + 18h.
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


class NOAFState(NamedTuple):
    c: jax.Array
    y: jax.Array


class NOAFCell(nnx.RNNCellBase):
    """`(NOAFState (..., h), x (..., n)) -> (NOAFState, y (..., h))`; gates in the order z i f o."""

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
        self.p_i = diagonal(rngs, hidden)
        self.p_f = diagonal(rngs, hidden)
        self.p_o = diagonal(rngs, hidden)
        self.b = bias(rngs, initial, hidden, 0.0, i, f, 0.0)

    def __call__(self, carry: NOAFState, inputs: jax.Array) -> tuple[NOAFState, jax.Array]:
        c, y = carry
        z, i, f, o = split(affine(inputs, self.W[...], y, self.R[...], self.b[...]), 4)
        i = jax.nn.sigmoid(i + self.p_i[...] * c)
        f = jax.nn.sigmoid(f + self.p_f[...] * c)
        c = jnp.tanh(z) * i + c * f
        o = jax.nn.sigmoid(o + self.p_o[...] * c)
        y = c * o
        return keeping(carry, NOAFState(c, y)), y

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> NOAFState:
        return zeros(NOAFState, self.W, input_shape, self.hidden, self.hidden)

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class NOAF:
    """hidden: units h. forget_bias: start of b_f (1: Jozefowicz et al. 2015). initial: start of the weights."""

    reference: ClassVar[str] = "NOAF of Greff et al. 2017"
    purpose: ClassVar[str] = (
        "Ablation: what squashing the cell is worth on its way out. Without it networks were significantly "
        "worse in speech, handwriting and music (Greff et al. 2017)."
    )
    parameters: ClassVar[str] = "4*h*(n + h + 1) + 3*h"
    state: ClassVar[str] = "2*h"
    flops: ClassVar[str] = "8*h*(n + h) + 18*h"

    hidden: int = 32
    forget_bias: float = 1.0
    initial: Initial = STANDARD

    def __post_init__(self) -> None:
        at_least("NOAF", "hidden", self.hidden, 1, "unit")

    def check(self) -> None:
        check_memory("NOAF", self.initial, self.forget_bias)

    def build(self, inputs: int, rngs: nnx.Rngs) -> NOAFCell:
        return NOAFCell(inputs, self.hidden, forget_bias=self.forget_bias, initial=self.initial, rngs=rngs)
