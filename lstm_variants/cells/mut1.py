"""MUT1: the first of three cells that a search over ten thousand architectures found.

Jozefowicz, Zaremba & Sutskever 2015, "An empirical exploration of recurrent network architectures". Next to
the GRU of `gru.py` the update gate is blind to the state, and the candidate takes the squashed input itself,
with no matrix.

    z = σ(W_z x + b_z)                          update gate
    r = σ(W_r x + R_r h + b_r)                  reset gate
    h̃ = tanh(R_h (r ⊙ h) + tanh(x) + b_h)       candidate
    h' = h̃ ⊙ z + h ⊙ (1 - z)                    state and output

The bare x needs inputs of size h, which the paper has: its inputs are embedded, or are the layer below. Where
n ≠ h, x is P x throughout, with P (h × n) a learnt embedding, so that the cell itself is always the published
one. (Some codes put a matrix in front of the bare x alone, which turns MUT2 into the GRU.)

x input (n), h previous state (as many units as `hidden`). Parameters 4h² + 3h, state h, operations a step
8h² + 13h; where n ≠ h, hn parameters and 2hn operations more.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants.contract import at_least
from lstm_variants.initial import STANDARD, Initial, check_memory, memory_biases
from lstm_variants.plumbing import bias, keeping, kernel, recurrent, zeros
from lstm_variants.products import affine, product


class MUT1State(NamedTuple):
    h: jax.Array


class MUT1Cell(nnx.RNNCellBase):
    """`(MUT1State (..., h), x (..., n)) -> (MUT1State, h (..., h))`."""

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
        if inputs != hidden:
            self.P = kernel(rngs, initial, inputs, hidden)
        self.W_z = kernel(rngs, initial, hidden, hidden)
        self.b_z = bias(rngs, initial, hidden, -f)
        self.W_r = kernel(rngs, initial, hidden, hidden)
        self.R_r = recurrent(rngs, initial, hidden)
        self.b_r = bias(rngs, initial, hidden, 0.0)
        self.R_h = recurrent(rngs, initial, hidden)
        self.b_h = bias(rngs, initial, hidden, 0.0)

    def __call__(self, carry: MUT1State, inputs: jax.Array) -> tuple[MUT1State, jax.Array]:
        (h,) = carry
        x = inputs if inputs.shape[-1] == self.hidden else product(inputs, self.P[...])
        z = jax.nn.sigmoid(product(x, self.W_z[...]) + self.b_z[...])
        r = jax.nn.sigmoid(affine(x, self.W_r[...], h, self.R_r[...], self.b_r[...]))
        candidate = jnp.tanh(product(r * h, self.R_h[...]) + jnp.tanh(x) + self.b_h[...])
        h = z * candidate + (1 - z) * h
        return keeping(carry, MUT1State(h)), h

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> MUT1State:
        return zeros(MUT1State, self.W_z, input_shape, self.hidden)

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class MUT1:
    """hidden: units h. forget_bias: b_z starts at -forget_bias, so that the old state is kept at the
    rate 1 - z = σ(forget_bias), as by the forget gate of the other cells. initial: start of the weights."""

    reference: ClassVar[str] = "Jozefowicz, Zaremba & Sutskever 2015 (MUT1)"
    purpose: ClassVar[str] = (
        "Found among 10,000 architectures by evolution, and the best of their table at arithmetic and at "
        "XML: 0.921 and 0.475, the LSTM 0.892 and 0.425 (Jozefowicz, Zaremba & Sutskever 2015)."
    )
    parameters: ClassVar[str] = "4*h*h + 3*h + (h*n if n != h else 0)"
    state: ClassVar[str] = "h"
    flops: ClassVar[str] = "8*h*h + 13*h + (2*h*n if n != h else 0)"

    hidden: int = 32
    forget_bias: float = 1.0
    initial: Initial = STANDARD

    def __post_init__(self) -> None:
        at_least("MUT1", "hidden", self.hidden, 1, "unit")

    def check(self) -> None:
        check_memory("MUT1", self.initial, self.forget_bias)

    def build(self, inputs: int, rngs: nnx.Rngs) -> MUT1Cell:
        return MUT1Cell(inputs, self.hidden, forget_bias=self.forget_bias, initial=self.initial, rngs=rngs)
