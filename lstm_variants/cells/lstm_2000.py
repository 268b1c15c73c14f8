"""LSTM that learns to forget: memory blocks as of 1997, and a forget gate for each.

Gers, Schmidhuber & Cummins 2000, "Learning to forget", as in their experiments. A memory block is `size` cells
that share an input, a forget and an output gate: k = h / size blocks, cells of a block side by side. Cells and
gates hear the inputs and the cell outputs, no longer other gates (`lstm_1997.py`); gates alone have biases.

    z = g(W_z x + R_z y)                   block input          g(a) = 4σ(a) - 2 = 2 tanh(a/2)
    i = σ(W_i x + R_i y + b_i)             input gates (k)
    f = σ(W_f x + R_f y + b_f)             forget gates (k)
    o = σ(W_o x + R_o y + b_o)             output gates (k)
    c' = z ⊙ i + c ⊙ f                     cell                 ⊙: each cell times the gate of its block
    y' = H(c') ⊙ o                         cell output          H(a) = 2σ(a) - 1 = tanh(a/2)

x input (n), y previous output (h), c previous cell (h). Parameters (h + 3k)(n + h) + 3k, state 2h, operations a
step 2(h + 3k)(n + h) + 9h + 6k. In the paper forget gates start open and the others shut, by biases of ±0.5,
±1, ±1.5 and ±2 in its four blocks; here all blocks start alike. The gradient is complete (theirs is truncated).
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants.contract import at_least, finite
from lstm_variants.initial import STANDARD, Initial, check_memory, memory_biases
from lstm_variants.plumbing import bias, blocks, keeping, zeros
from lstm_variants.products import product


class LSTM2000State(NamedTuple):
    c: jax.Array
    y: jax.Array


def g(a: jax.Array) -> jax.Array:
    """4σ(a) - 2, in the form that does not cancel near 0 (it costs half the digits of bfloat16)."""
    return 2 * jnp.tanh(a / 2)


def H(a: jax.Array) -> jax.Array:
    """2σ(a) - 1, likewise."""
    return jnp.tanh(a / 2)


class LSTM2000Cell(nnx.RNNCellBase):
    """`(LSTM2000State (..., h), x (..., n)) -> (LSTM2000State, y (..., h))`; units in the order z i f o: h cells,
    then three times k gates. Biases in the order i f o."""

    def __init__(
        self,
        inputs: int,
        hidden: int,
        *,
        size: int = 1,
        forget_bias: float = 1.0,
        input_bias: float = -1.0,
        output_bias: float = -1.0,
        initial: Initial = STANDARD,
        rngs: nnx.Rngs,
    ):
        self.hidden, self.size = hidden, size
        k = hidden // size

        def matrix(kind: str, rows: int, scale: float | jax.Array) -> nnx.Param[jax.Array]:
            z = blocks(rngs, kind, (rows, hidden), 1, scale)
            i_f_o = blocks(rngs, kind, (rows, k), 3, scale)
            return nnx.Param(jnp.concatenate([z[...], i_f_o[...]], axis=-1))

        f, i = memory_biases(rngs, initial, k, forget_bias)
        self.W = matrix(initial.inputs, inputs, initial.input_scale)
        self.R = matrix(initial.recurrent, hidden, initial.recurrent_scale)
        self.b = bias(rngs, initial, k, i if initial.chrono else input_bias, f, output_bias)

    def __call__(self, carry: LSTM2000State, inputs: jax.Array) -> tuple[LSTM2000State, jax.Array]:
        c, y = carry
        a = product(
            jnp.concatenate([inputs, y], axis=-1), jnp.concatenate([self.W[...], self.R[...]], axis=0)
        )
        z, gates = jnp.split(a, [self.hidden], axis=-1)
        gates = jax.nn.sigmoid(gates + self.b[...])
        i, f, o = jnp.split(jnp.repeat(gates, self.size, axis=-1), 3, axis=-1)
        c = g(z) * i + c * f
        y = H(c) * o
        return keeping(carry, LSTM2000State(c, y)), y

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> LSTM2000State:
        return zeros(LSTM2000State, self.W, input_shape, self.hidden, self.hidden)

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class LSTM2000:
    """hidden: memory cells h. size: cells a block. forget_bias, input_bias, output_bias: start of b_f, b_i and
    b_o, the same for all blocks. initial: start of the weights."""

    reference: ClassVar[str] = "Gers, Schmidhuber & Cummins 2000 (memory blocks, as in their experiments)"
    purpose: ClassVar[str] = (
        "Streams that nobody cuts into sequences: its forget gate resets the state once it has served, "
        "where the LSTM of 1997 fails (Gers, Schmidhuber & Cummins 2000, continual Reber strings)."
    )
    parameters: ClassVar[str] = "(h + 3*(h//size))*(n + h) + 3*(h//size)"
    state: ClassVar[str] = "2*h"
    flops: ClassVar[str] = "2*(h + 3*(h//size))*(n + h) + 9*h + 6*(h//size)"

    hidden: int = 32
    size: int = 1
    forget_bias: float = 1.0
    input_bias: float = -1.0
    output_bias: float = -1.0
    initial: Initial = STANDARD

    def __post_init__(self) -> None:
        at_least("LSTM2000", "hidden", self.hidden, 1, "memory cell")
        at_least("LSTM2000", "size", self.size, 1, "cell a block")
        if self.hidden % self.size:
            raise ValueError(
                f"LSTM2000 needs hidden divisible by size, the cells of a block; "
                f"got hidden={self.hidden} and size={self.size}."
            )

    def check(self) -> None:
        """Raises ValueError for a number out of its range."""
        check_memory("LSTM2000", self.initial, self.forget_bias)
        finite("LSTM2000", "input_bias", self.input_bias, "(negative: the gate starts shut)")
        finite("LSTM2000", "output_bias", self.output_bias, "(negative: the gate starts shut)")
        if self.initial.chrono and self.input_bias != -1:
            raise ValueError(
                f"LSTM2000 takes either input_bias or chrono initialisation, which draws that bias itself; got "
                f"input_bias={self.input_bias} and chrono={self.initial.chrono}. Leave input_bias at -1."
            )

    def build(self, inputs: int, rngs: nnx.Rngs) -> LSTM2000Cell:
        return LSTM2000Cell(
            inputs,
            self.hidden,
            size=self.size,
            forget_bias=self.forget_bias,
            input_bias=self.input_bias,
            output_bias=self.output_bias,
            initial=self.initial,
            rngs=rngs,
        )
