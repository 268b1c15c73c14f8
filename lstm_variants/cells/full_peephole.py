"""LSTM with full peepholes, as Olah 2015 draws them: every gate sees the whole cell.

Olah, "Understanding LSTM Networks", after Gers & Schmidhuber 2000. His figure joins C to h and x in front of
the gates' matrices, so that each gate has a full h × h matrix on the cell; Gers & Schmidhuber have one weight
from a cell to its own gate (`peephole.py`). As there, input and forget gate look at the old cell, the output
gate looks at the NEW one.

    z = tanh(W_z x + R_z y + b_z)                  block input
    i =    σ(W_i x + R_i y + P_i c  + b_i)         input gate
    f =    σ(W_f x + R_f y + P_f c  + b_f)         forget gate
    c' = z ⊙ i + c ⊙ f                             cell
    o =    σ(W_o x + R_o y + P_o c' + b_o)         output gate
    y' = tanh(c') ⊙ o                              block output

x input (n), y previous output (h), c previous cell (h). Parameters 4h(n + h + 1) + 3h², state 2h, operations
a step 8h(n + h) + 6h² + 16h.
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


class FullPeepholeState(NamedTuple):
    c: jax.Array
    y: jax.Array


class FullPeepholeCell(nnx.RNNCellBase):
    """`(FullPeepholeState (..., h), x (..., n)) -> (FullPeepholeState, y (..., h))`; gates in the order z i f o."""

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
        self.P_i = recurrent(rngs, initial, hidden)
        self.P_f = recurrent(rngs, initial, hidden)
        self.P_o = recurrent(rngs, initial, hidden)
        self.b = bias(rngs, initial, hidden, 0.0, i, f, 0.0)

    def __call__(self, carry: FullPeepholeState, inputs: jax.Array) -> tuple[FullPeepholeState, jax.Array]:
        c, y = carry
        z, i, f, o = split(affine(inputs, self.W[...], y, self.R[...], self.b[...]), 4)
        i = jax.nn.sigmoid(i + product(c, self.P_i[...]))
        f = jax.nn.sigmoid(f + product(c, self.P_f[...]))
        c = jnp.tanh(z) * i + c * f
        o = jax.nn.sigmoid(o + product(c, self.P_o[...]))
        y = jnp.tanh(c) * o
        return keeping(carry, FullPeepholeState(c, y)), y

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> FullPeepholeState:
        return zeros(FullPeepholeState, self.W, input_shape, self.hidden, self.hidden)

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class FullPeepholeLSTM:
    """hidden: units h. forget_bias: start of b_f (1: Jozefowicz et al. 2015). initial: start of the weights;
    the matrices on the cell start like the recurrent ones."""

    reference: ClassVar[str] = "Olah 2015 (peepholes as drawn: full matrices)"
    purpose: ClassVar[str] = (
        "To see what Olah's figure computes when taken literally, and whether matrices in place of single "
        "weights are worth 3h² parameters (Olah 2015)."
    )
    parameters: ClassVar[str] = "4*h*(n + h + 1) + 3*h**2"
    state: ClassVar[str] = "2*h"
    flops: ClassVar[str] = "8*h*(n + h) + 6*h**2 + 16*h"

    hidden: int = 32
    forget_bias: float = 1.0
    initial: Initial = STANDARD

    def __post_init__(self) -> None:
        at_least("FullPeepholeLSTM", "hidden", self.hidden, 1, "unit")

    def check(self) -> None:
        check_memory("FullPeepholeLSTM", self.initial, self.forget_bias)

    def build(self, inputs: int, rngs: nnx.Rngs) -> FullPeepholeCell:
        return FullPeepholeCell(
            inputs, self.hidden, forget_bias=self.forget_bias, initial=self.initial, rngs=rngs
        )
