"""LSTM as first published: no forget gate, memory blocks, and gates that hear each other.

Hochreiter & Schmidhuber 1997, "Long short-term memory", section 4 and appendix A.1. A memory block is `size`
cells that share one input gate and one output gate: k = h / size blocks, cells of a block side by side. The
hidden layer is fully connected: cells and gates hear the inputs, all cells and all gates of the step before.

    u = (y, i, o)                          hidden layer, one step ago
    z = g(W_z x + R_z u + b_z)             block input          g(a) = 4σ(a) - 2 = 2 tanh(a/2)
    i = σ(W_i x + R_i u + b_i)             input gates (k)
    o = σ(W_o x + R_o u + b_o)             output gates (k)
    c' = c + z ⊙ i                         cell                 ⊙: each cell times the gate of its block
    y' = H(c') ⊙ o                         cell output          H(a) = 2σ(a) - 1 = tanh(a/2)

x input (n), c previous cell (h). With U = h + 2k units: parameters U(n + U) and the biases (U, 2k or none),
state 2h + 2k, operations a step 2U(n + U) + 8h + 2k and one a bias. `biases` is the paper's Table 10: "hidden"
all units of the hidden layer (Experiments 3 to 6), "gates" (Experiment 1), "none" (Experiment 2c). Its remedies
against cells that drift or are read too early are gates that start shut, by biases between -1 and -6.

The gradient is complete. The paper truncates it: an error that leaves a cell or a gate goes no further back in
time but through c. Its authors tried both and saw no significant difference (section 6).
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants.contract import at_least, finite, one_of
from lstm_variants.initial import STANDARD, Initial, refuse_chrono
from lstm_variants.plumbing import bias, blocks, keeping, zeros
from lstm_variants.products import product

BIASES = ("hidden", "gates", "none")


class LSTM1997State(NamedTuple):
    c: jax.Array
    y: jax.Array
    i: jax.Array
    o: jax.Array


def g(a: jax.Array) -> jax.Array:
    """4σ(a) - 2, in the form that does not cancel near 0 (it costs half the digits of bfloat16)."""
    return 2 * jnp.tanh(a / 2)


def H(a: jax.Array) -> jax.Array:
    """2σ(a) - 1, likewise."""
    return jnp.tanh(a / 2)


class LSTM1997Cell(nnx.RNNCellBase):
    """`(LSTM1997State, x (..., n)) -> (LSTM1997State, y (..., h))`; c and y are (..., h), i and o (..., k);
    units in the order z i o, in the columns of W and R and in the rows of R."""

    def __init__(
        self,
        inputs: int,
        hidden: int,
        *,
        size: int = 1,
        biases: str = "hidden",
        input_bias: float = -1.0,
        output_bias: float = -1.0,
        initial: Initial = STANDARD,
        rngs: nnx.Rngs,
    ):
        self.hidden, self.size, self.biases = hidden, size, biases
        k = hidden // size
        units = hidden + 2 * k

        def matrix(kind: str, rows: int, scale: float | jax.Array) -> nnx.Param[jax.Array]:
            z = blocks(rngs, kind, (rows, hidden), 1, scale)
            i_o = blocks(rngs, kind, (rows, k), 2, scale)
            return nnx.Param(jnp.concatenate([z[...], i_o[...]], axis=-1))

        self.W = matrix(initial.inputs, inputs, initial.input_scale)
        self.R = matrix(initial.recurrent, units, initial.recurrent_scale)
        if biases == "hidden":
            self.b_z = bias(rngs, initial, hidden, 0.0)
        if biases != "none":
            self.b_i = bias(rngs, initial, k, input_bias)
            self.b_o = bias(rngs, initial, k, output_bias)

    def __call__(self, carry: LSTM1997State, inputs: jax.Array) -> tuple[LSTM1997State, jax.Array]:
        c, y, i, o = carry
        a = product(
            jnp.concatenate([inputs, y, i, o], axis=-1), jnp.concatenate([self.W[...], self.R[...]], axis=0)
        )
        z, i, o = jnp.split(a, [self.hidden, self.hidden + i.shape[-1]], axis=-1)
        if self.biases == "hidden":
            z = z + self.b_z[...]
        if self.biases != "none":
            i, o = i + self.b_i[...], o + self.b_o[...]
        i, o = jax.nn.sigmoid(i), jax.nn.sigmoid(o)
        c = c + g(z) * jnp.repeat(i, self.size, axis=-1)
        y = H(c) * jnp.repeat(o, self.size, axis=-1)
        return keeping(carry, LSTM1997State(c, y, i, o)), y

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> LSTM1997State:
        k = self.hidden // self.size
        return zeros(LSTM1997State, self.W, input_shape, self.hidden, self.hidden, k, k)

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class LSTM1997:
    """hidden: memory cells h. size: cells a block. biases: units that have one, "hidden" | "gates" | "none".
    input_bias, output_bias: start of b_i and b_o. initial: start of the weights, without chrono."""

    reference: ClassVar[str] = "Hochreiter & Schmidhuber 1997"
    purpose: ClassVar[str] = (
        "Lags of more than 1,000 steps in sequences that are cut for it: nothing in it forgets, so its "
        "state has to be reset from outside (Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins "
        "2000)."
    )
    parameters: ClassVar[str] = (
        "(h + 2*(h//size))*(n + h + 2*(h//size)) + (biases == 'hidden')*h + (biases != 'none')*2*(h//size)"
    )
    state: ClassVar[str] = "2*h + 2*(h//size)"
    flops: ClassVar[str] = (
        "2*(h + 2*(h//size))*(n + h + 2*(h//size)) + 8*h + 2*(h//size)"
        " + (biases == 'hidden')*h + (biases != 'none')*2*(h//size)"
    )

    hidden: int = 32
    size: int = 1
    biases: str = "hidden"
    input_bias: float = -1.0
    output_bias: float = -1.0
    initial: Initial = STANDARD

    def __post_init__(self) -> None:
        at_least("LSTM1997", "hidden", self.hidden, 1, "memory cell")
        at_least("LSTM1997", "size", self.size, 1, "cell a block")
        one_of("LSTM1997", "biases", self.biases, BIASES)
        if self.hidden % self.size:
            raise ValueError(
                f"LSTM1997 needs hidden divisible by size, the cells of a block; "
                f"got hidden={self.hidden} and size={self.size}."
            )
        refuse_chrono("LSTM1997", self.initial)
        if self.biases == "none" and self.initial.biases != "zeros":
            raise ValueError(
                f"LSTM1997 has no biases to draw when biases='none'; got initial.biases={self.initial.biases!r}."
            )

    def check(self) -> None:
        """Raises ValueError for a number out of its range."""
        for field in ("input_bias", "output_bias"):
            value = getattr(self, field)
            finite("LSTM1997", field, value, "(-1 to -6 in the paper: the gate starts shut)")
            if self.biases == "none" and value != -1:
                raise ValueError(
                    f"LSTM1997 takes no {field} when biases='none'; got {field}={value}. Leave it at -1."
                )

    def build(self, inputs: int, rngs: nnx.Rngs) -> LSTM1997Cell:
        return LSTM1997Cell(
            inputs,
            self.hidden,
            size=self.size,
            biases=self.biases,
            input_bias=self.input_bias,
            output_bias=self.output_bias,
            initial=self.initial,
            rngs=rngs,
        )
