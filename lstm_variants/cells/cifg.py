"""CIFG: LSTM with peepholes and coupled input and forget gate, f = 1 - i.

Greff, Srivastava, Koutník, Steunebrink & Schmidhuber 2017, "LSTM: a search space odyssey". Their V
(`peephole.py`) with the forget gate tied to the input gate, nothing else: what is taken in is what is forgotten.
The input gate is learnt; Olah 2015 draws the twin that learns f, without peepholes (`coupled.py`).

    z = tanh(W_z x + R_z y + b_z)                  block input
    i =    σ(W_i x + R_i y + p_i ⊙ c  + b_i)       input gate
    f = 1 - i                                      forget gate
    c' = z ⊙ i + c ⊙ f                             cell
    o =    σ(W_o x + R_o y + p_o ⊙ c' + b_o)       output gate
    y' = tanh(c') ⊙ o                              block output

x input (n), y previous output (h), c previous cell (h). Parameters 3h(n + h + 1) + 2h, state 2h, operations
a step 6h(n + h) + 16h.
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


class CIFGState(NamedTuple):
    c: jax.Array
    y: jax.Array


class CIFGCell(nnx.RNNCellBase):
    """`(CIFGState (..., h), x (..., n)) -> (CIFGState, y (..., h))`; gates in the order z i o."""

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
        self.p_i = diagonal(rngs, hidden)
        self.p_o = diagonal(rngs, hidden)
        self.b = bias(rngs, initial, hidden, 0.0, -f, 0.0)

    def __call__(self, carry: CIFGState, inputs: jax.Array) -> tuple[CIFGState, jax.Array]:
        c, y = carry
        z, i, o = split(affine(inputs, self.W[...], y, self.R[...], self.b[...]), 3)
        i = jax.nn.sigmoid(i + self.p_i[...] * c)
        f = 1 - i
        c = jnp.tanh(z) * i + c * f
        o = jax.nn.sigmoid(o + self.p_o[...] * c)
        y = jnp.tanh(c) * o
        return keeping(carry, CIFGState(c, y)), y

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> CIFGState:
        return zeros(CIFGState, self.W, input_shape, self.hidden, self.hidden)

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class CIFG:
    """hidden: units h. forget_bias: b_i starts at -forget_bias, so that f starts at σ(forget_bias).
    initial: start of the weights."""

    reference: ClassVar[str] = "CIFG of Greff et al. 2017"
    purpose: ClassVar[str] = (
        "A quarter fewer weights at the same size: one gate decides what is forgotten and what is written. "
        "No significant loss in speech, handwriting or music (Greff et al. 2017)."
    )
    parameters: ClassVar[str] = "3*h*(n + h + 1) + 2*h"
    state: ClassVar[str] = "2*h"
    flops: ClassVar[str] = "6*h*(n + h) + 16*h"

    hidden: int = 32
    forget_bias: float = 1.0
    initial: Initial = STANDARD

    def __post_init__(self) -> None:
        at_least("CIFG", "hidden", self.hidden, 1, "unit")

    def check(self) -> None:
        check_memory("CIFG", self.initial, self.forget_bias)

    def build(self, inputs: int, rngs: nnx.Rngs) -> CIFGCell:
        return CIFGCell(inputs, self.hidden, forget_bias=self.forget_bias, initial=self.initial, rngs=rngs)
