"""FGR: LSTM with peepholes and full gate recurrence, every gate hears all gates of the step before.

Greff, Srivastava, Koutník, Steunebrink & Schmidhuber 2017, "LSTM: a search space odyssey". Their V
(`peephole.py`) with nine more matrices, nothing else: such connections were in the LSTM of 1997
(`lstm_1997.py`) and were dropped later. R_if leads from the old input gate i to the forget gate f.

    z = tanh(W_z x + R_z y + b_z)                                                      block input
    i =    σ(W_i x + R_i y + R_ii i + R_fi f + R_oi o + p_i ⊙ c  + b_i)                input gate
    f =    σ(W_f x + R_f y + R_if i + R_ff f + R_of o + p_f ⊙ c  + b_f)                forget gate
    c' = z ⊙ i + c ⊙ f                                                                 cell
    o =    σ(W_o x + R_o y + R_io i + R_fo f + R_oo o + p_o ⊙ c' + b_o)                output gate
    y' = tanh(c') ⊙ o                                                                  block output

On the right of σ the letters i, f, o are the gates of the step before (zero at first), in the cell and the
block output those of this step. x input (n), y previous output (h), c previous cell (h). Parameters
4h(n + h + 1) + 3h + 9h², state 5h, operations a step 8h(n + h) + 18h² + 22h.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants.contract import at_least
from lstm_variants.initial import STANDARD, Initial, check_memory, memory_biases
from lstm_variants.plumbing import bias, diagonal, keeping, kernel, recurrent, zeros
from lstm_variants.products import affine, product, split


class FGRState(NamedTuple):
    c: jax.Array
    y: jax.Array
    i: jax.Array
    f: jax.Array
    o: jax.Array


class FGRCell(nnx.RNNCellBase):
    """`(FGRState (..., h), x (..., n)) -> (FGRState, y (..., h))`; gates in the order z i f o.

    The nine matrices are `R_from_i`, `R_from_f`, `R_from_o`, each `(h, 3h)` to the gates i f o.
    """

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
        self.R_from_i = recurrent(rngs, initial, hidden, gates=3)
        self.R_from_f = recurrent(rngs, initial, hidden, gates=3)
        self.R_from_o = recurrent(rngs, initial, hidden, gates=3)
        self.p_i = diagonal(rngs, hidden)
        self.p_f = diagonal(rngs, hidden)
        self.p_o = diagonal(rngs, hidden)
        self.b = bias(rngs, initial, hidden, 0.0, i, f, 0.0)

    def __call__(self, carry: FGRState, inputs: jax.Array) -> tuple[FGRState, jax.Array]:
        c, y, i, f, o = carry
        R_gates = jnp.concatenate([self.R_from_i[...], self.R_from_f[...], self.R_from_o[...]], axis=0)
        to_i, to_f, to_o = split(product(jnp.concatenate([i, f, o], axis=-1), R_gates), 3)
        z, i, f, o = split(affine(inputs, self.W[...], y, self.R[...], self.b[...]), 4)
        i = jax.nn.sigmoid(i + to_i + self.p_i[...] * c)
        f = jax.nn.sigmoid(f + to_f + self.p_f[...] * c)
        c = jnp.tanh(z) * i + c * f
        o = jax.nn.sigmoid(o + to_o + self.p_o[...] * c)
        y = jnp.tanh(c) * o
        return keeping(carry, FGRState(c, y, i, f, o)), y

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> FGRState:
        return zeros(FGRState, self.W, input_shape, *5 * [self.hidden])

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class FGR:
    """hidden: units h. forget_bias: start of b_f (1: Jozefowicz et al. 2015). initial: start of the weights, of
    the nine matrices too."""

    reference: ClassVar[str] = "FGR of Greff et al. 2017"
    purpose: ClassVar[str] = (
        "Whether gates should hear gates, as in the LSTM of 1997: nine more matrices brought no gain in "
        "speech, handwriting or music (Greff et al. 2017)."
    )
    parameters: ClassVar[str] = "4*h*(n + h + 1) + 3*h + 9*h**2"
    state: ClassVar[str] = "5*h"
    flops: ClassVar[str] = "8*h*(n + h) + 18*h**2 + 22*h"

    hidden: int = 32
    forget_bias: float = 1.0
    initial: Initial = STANDARD

    def __post_init__(self) -> None:
        at_least("FGR", "hidden", self.hidden, 1, "unit")

    def check(self) -> None:
        check_memory("FGR", self.initial, self.forget_bias)

    def build(self, inputs: int, rngs: nnx.Rngs) -> FGRCell:
        return FGRCell(inputs, self.hidden, forget_bias=self.forget_bias, initial=self.initial, rngs=rngs)
