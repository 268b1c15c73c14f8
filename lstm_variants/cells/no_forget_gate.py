"""NFG: LSTM with peepholes and no forget gate, f = 1.

Greff, Srivastava, Koutník, Steunebrink & Schmidhuber 2017, "LSTM: a search space odyssey". Their V
(`peephole.py`) with the forget gate and its peephole taken away, nothing else: what is in the cell stays.

    z = tanh(W_z x + R_z y + b_z)                  block input
    i =    σ(W_i x + R_i y + p_i ⊙ c  + b_i)       input gate
    c' = z ⊙ i + c                                 cell
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
from lstm_variants.initial import STANDARD, Initial, refuse_chrono
from lstm_variants.plumbing import bias, diagonal, keeping, kernel, recurrent, zeros
from lstm_variants.products import affine, split


class NFGState(NamedTuple):
    c: jax.Array
    y: jax.Array


class NFGCell(nnx.RNNCellBase):
    """`(NFGState (..., h), x (..., n)) -> (NFGState, y (..., h))`; gates in the order z i o."""

    def __init__(
        self,
        inputs: int,
        hidden: int,
        *,
        initial: Initial = STANDARD,
        rngs: nnx.Rngs,
    ):
        self.hidden = hidden
        self.W = kernel(rngs, initial, inputs, hidden, gates=3)
        self.R = recurrent(rngs, initial, hidden, gates=3)
        self.p_i = diagonal(rngs, hidden)
        self.p_o = diagonal(rngs, hidden)
        self.b = bias(rngs, initial, hidden, 0.0, 0.0, 0.0)

    def __call__(self, carry: NFGState, inputs: jax.Array) -> tuple[NFGState, jax.Array]:
        c, y = carry
        z, i, o = split(affine(inputs, self.W[...], y, self.R[...], self.b[...]), 3)
        i = jax.nn.sigmoid(i + self.p_i[...] * c)
        c = jnp.tanh(z) * i + c
        o = jax.nn.sigmoid(o + self.p_o[...] * c)
        y = jnp.tanh(c) * o
        return keeping(carry, NFGState(c, y)), y

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> NFGState:
        return zeros(NFGState, self.W, input_shape, self.hidden, self.hidden)

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class NFG:
    """hidden: units h. initial: start of the weights, without chrono."""

    reference: ClassVar[str] = "NFG of Greff et al. 2017"
    purpose: ClassVar[str] = (
        "Ablation: what forgetting is worth. Significantly worse in speech, handwriting and music (Greff et "
        "al. 2017), and arithmetic fell from 0.89 to 0.29 (Jozefowicz, Zaremba & Sutskever 2015)."
    )
    parameters: ClassVar[str] = "3*h*(n + h + 1) + 2*h"
    state: ClassVar[str] = "2*h"
    flops: ClassVar[str] = "6*h*(n + h) + 14*h"

    hidden: int = 32
    initial: Initial = STANDARD

    def __post_init__(self) -> None:
        at_least("NFG", "hidden", self.hidden, 1, "unit")
        refuse_chrono("NFG", self.initial)

    def build(self, inputs: int, rngs: nnx.Rngs) -> NFGCell:
        return NFGCell(inputs, self.hidden, initial=self.initial, rngs=rngs)
