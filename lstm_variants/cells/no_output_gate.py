"""NOG: LSTM with peepholes and no output gate, o = 1.

Greff, Srivastava, Koutník, Steunebrink & Schmidhuber 2017, "LSTM: a search space odyssey". Their V
(`peephole.py`) with the output gate and its peephole taken away, nothing else: the cell is always read.

    z = tanh(W_z x + R_z y + b_z)                  block input
    i =    σ(W_i x + R_i y + p_i ⊙ c  + b_i)       input gate
    f =    σ(W_f x + R_f y + p_f ⊙ c  + b_f)       forget gate
    c' = z ⊙ i + c ⊙ f                             cell
    y' = tanh(c')                                  block output

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


class NOGState(NamedTuple):
    c: jax.Array
    y: jax.Array


class NOGCell(nnx.RNNCellBase):
    """`(NOGState (..., h), x (..., n)) -> (NOGState, y (..., h))`; gates in the order z i f."""

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
        self.W = kernel(rngs, initial, inputs, hidden, gates=3)
        self.R = recurrent(rngs, initial, hidden, gates=3)
        self.p_i = diagonal(rngs, hidden)
        self.p_f = diagonal(rngs, hidden)
        self.b = bias(rngs, initial, hidden, 0.0, i, f)

    def __call__(self, carry: NOGState, inputs: jax.Array) -> tuple[NOGState, jax.Array]:
        c, y = carry
        z, i, f = split(affine(inputs, self.W[...], y, self.R[...], self.b[...]), 3)
        i = jax.nn.sigmoid(i + self.p_i[...] * c)
        f = jax.nn.sigmoid(f + self.p_f[...] * c)
        c = jnp.tanh(z) * i + c * f
        y = jnp.tanh(c)
        return keeping(carry, NOGState(c, y)), y

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> NOGState:
        return zeros(NOGState, self.W, input_shape, self.hidden, self.hidden)

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class NOG:
    """hidden: units h. forget_bias: start of b_f (1: Jozefowicz et al. 2015). initial: start of the weights."""

    reference: ClassVar[str] = "NOG of Greff et al. 2017"
    purpose: ClassVar[str] = (
        "Ablation: what the output gate is worth. Without it networks were significantly worse in speech "
        "and handwriting, not in music (Greff et al. 2017)."
    )
    parameters: ClassVar[str] = "3*h*(n + h + 1) + 2*h"
    state: ClassVar[str] = "2*h"
    flops: ClassVar[str] = "6*h*(n + h) + 14*h"

    hidden: int = 32
    forget_bias: float = 1.0
    initial: Initial = STANDARD

    def __post_init__(self) -> None:
        at_least("NOG", "hidden", self.hidden, 1, "unit")

    def check(self) -> None:
        check_memory("NOG", self.initial, self.forget_bias)

    def build(self, inputs: int, rngs: nnx.Rngs) -> NOGCell:
        return NOGCell(inputs, self.hidden, forget_bias=self.forget_bias, initial=self.initial, rngs=rngs)
