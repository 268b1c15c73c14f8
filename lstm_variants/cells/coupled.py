"""LSTM with coupled gates as Olah 2015 draws it: what is forgotten is what is replaced.

Here f is learnt and 1 - f goes on the block input; CIFG of Greff et al. 2017 (`cifg.py`) learns i and puts
1 - i on the cell. Both are one family, since 1 - σ(a) = σ(-a): negate the gate's weights and one becomes the
other. Greff's form keeps the peepholes of its baseline, Olah's has none, so that this cell differs from the
LSTM of `lstm.py` in the coupling alone.

    z = tanh(W_z x + R_z y + b_z)          block input
    f =    σ(W_f x + R_f y + b_f)          forget gate
    i = 1 - f                              input gate
    o =    σ(W_o x + R_o y + b_o)          output gate
    c' = z ⊙ i + c ⊙ f                     cell
    y' = tanh(c') ⊙ o                      block output

x input (n), y previous output (h), c previous cell (h). Parameters 3h(n + h + 1), state 2h, operations a step
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
from lstm_variants.products import affine, split


class CoupledState(NamedTuple):
    c: jax.Array
    y: jax.Array


class CoupledCell(nnx.RNNCellBase):
    """`(CoupledState (..., h), x (..., n)) -> (CoupledState, y (..., h))`; gates in the order z f o."""

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
        self.b = bias(rngs, initial, hidden, 0.0, f, 0.0)

    def __call__(self, carry: CoupledState, inputs: jax.Array) -> tuple[CoupledState, jax.Array]:
        c, y = carry
        z, f, o = split(affine(inputs, self.W[...], y, self.R[...], self.b[...]), 3)
        f = jax.nn.sigmoid(f)
        i = 1 - f
        c = jnp.tanh(z) * i + c * f
        y = jnp.tanh(c) * jax.nn.sigmoid(o)
        return keeping(carry, CoupledState(c, y)), y

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> CoupledState:
        return zeros(CoupledState, self.W, input_shape, self.hidden, self.hidden)

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class CoupledLSTM:
    """hidden: units h. forget_bias: start of b_f. initial: start of the weights."""

    reference: ClassVar[str] = "Olah 2015 (coupled gates, no peepholes)"
    purpose: ClassVar[str] = (
        "The same saving without peepholes: it forgets only where it writes something new (Olah 2015). "
        "Against the LSTM it shows what the coupling alone changes."
    )
    parameters: ClassVar[str] = "3*h*(n + h + 1)"
    state: ClassVar[str] = "2*h"
    flops: ClassVar[str] = "6*h*(n + h) + 12*h"

    hidden: int = 32
    forget_bias: float = 1.0
    initial: Initial = STANDARD

    def __post_init__(self) -> None:
        at_least("CoupledLSTM", "hidden", self.hidden, 1, "unit")

    def check(self) -> None:
        check_memory("CoupledLSTM", self.initial, self.forget_bias)

    def build(self, inputs: int, rngs: nnx.Rngs) -> CoupledCell:
        return CoupledCell(inputs, self.hidden, forget_bias=self.forget_bias, initial=self.initial, rngs=rngs)
