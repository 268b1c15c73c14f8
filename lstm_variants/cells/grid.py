"""Grid LSTM over time and depth: a memory cell along each of the two.

Kalchbrenner, Danihelka & Graves 2015, "Grid long short-term memory" (two dimensions). A stacked LSTM sends
only a hidden vector up; here the way up is an LSTM as well, with a memory of its own, from layer to layer. In each
layer, m and h of the time dimension come from the last step, m̂ and ĥ of the depth dimension from the layer
below:

    u = σ(W_u ĥ + R_u h + b_u)             update gate               time transform
    f = σ(W_f ĥ + R_f h + b_f)             forget gate
    o = σ(W_o ĥ + R_o h + b_o)             output gate
    c = tanh(W_c ĥ + R_c h + b_c)          candidate
    m' = f ⊙ m + u ⊙ c                     memory
    h' = o ⊙ tanh(m')                      hidden

    m̂', ĥ' = the same of m̂, ĥ, with h' in place of ĥ and ĥ in place of h, and with
             weights of its own            depth transform

and the layer above gets m̂' and ĥ'. The first layer gets the observation, projected: m̂ = W_m x, ĥ = W_h x. The
output is ĥ' of the top layer. Depth has priority, as in the paper: its transform waits for the new h' of time.
`tied` layers share their weights.

Choices, where sources differ: h' = o ⊙ tanh(m') as in the codes that we know and in every LSTM here, so that the
time transform is `lstm.py`; the paper itself is remembered to print tanh(o ⊙ m'). One code starts m̂ at 0 instead
of W_m x.

x input (n), every vector h. State 2h a layer. Parameters 2hn and 8h(2h + 1) a layer (once if tied), operations a
step 4hn and 32h² + 26h a layer.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants.contract import at_least, finite
from lstm_variants.initial import STANDARD, Initial, check_memory, memory_biases
from lstm_variants.plumbing import bias, keeping, kernel, recurrent, zeros
from lstm_variants.products import affine, product, split

Array = jax.Array


class GridState(NamedTuple):
    """Time dimension: one array `(..., h)` a layer, lowest first."""

    m: tuple[Array, ...]
    h: tuple[Array, ...]


class GridTransform(nnx.Module):
    """`(m, h, other) -> (m', h')` along one dimension, `other` being the hidden of the other one; gates in the
    order u f o c."""

    def __init__(
        self,
        hidden: int,
        update_bias: float | Array,
        forget_bias: float | Array,
        initial: Initial,
        rngs: nnx.Rngs,
    ):
        self.W = kernel(rngs, initial, hidden, hidden, gates=4)
        self.R = recurrent(rngs, initial, hidden, gates=4)
        self.b = bias(rngs, initial, hidden, update_bias, forget_bias, 0.0, 0.0)

    def __call__(self, m: Array, h: Array, other: Array) -> tuple[Array, Array]:
        u, f, o, c = split(affine(other, self.W[...], h, self.R[...], self.b[...]), 4)
        m = jax.nn.sigmoid(f) * m + jax.nn.sigmoid(u) * jnp.tanh(c)
        h = jax.nn.sigmoid(o) * jnp.tanh(m)
        return m, h


class GridCell(nnx.RNNCellBase):
    """`(GridState, x (..., n)) -> (GridState, ĥ (..., h) of the top layer)`; W is W_m W_h."""

    def __init__(
        self,
        inputs: int,
        hidden: int,
        *,
        layers: int,
        tied: bool = False,
        forget_bias: float = 1.0,
        depth_bias: float = 1.0,
        initial: Initial = STANDARD,
        rngs: nnx.Rngs,
    ):
        self.hidden = hidden
        self.layers = layers
        self.W = kernel(rngs, initial, inputs, hidden, gates=2)
        time, depth = [], []
        for _ in range(1 if tied else layers):
            f, u = memory_biases(rngs, initial, hidden, forget_bias)
            time.append(GridTransform(hidden, u, f, initial, rngs))
            depth.append(GridTransform(hidden, 0.0, depth_bias, initial, rngs))
        self.time, self.depth = nnx.List(time), nnx.List(depth)

    def __call__(self, carry: GridState, inputs: Array) -> tuple[GridState, Array]:
        depth_m, depth_h = split(product(inputs, self.W[...]), 2)
        memories, hiddens = [], []
        for layer, (m, h) in enumerate(zip(*carry, strict=True)):
            k = layer % len(self.time)  # tied: always 0
            m, h = self.time[k](m, h, depth_h)
            depth_m, depth_h = self.depth[k](depth_m, depth_h, h)
            memories.append(m)
            hiddens.append(h)
        return keeping(carry, GridState(tuple(memories), tuple(hiddens))), depth_h

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> GridState:
        sizes = [self.hidden] * self.layers
        return GridState(*(zeros(lambda *m: m, self.W, input_shape, *sizes) for _ in GridState._fields))

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class GridLSTM:
    """hidden: units h of each layer, in either dimension. tied: all layers have the same weights. forget_bias,
    depth_bias: start of b_f along time and along depth. initial: start of the weights."""

    reference: ClassVar[str] = "Kalchbrenner, Danihelka & Graves 2015 (time and depth)"
    purpose: ClassVar[str] = (
        "Deep recurrent networks whose depth has memory cells too: 15-digit addition and memorisation, "
        "where it did better than a stacked LSTM, and character models (Kalchbrenner, Danihelka & Graves "
        "2015)."
    )
    parameters: ClassVar[str] = "2*h*n + (1 if tied else layers)*8*h*(2*h + 1)"
    state: ClassVar[str] = "layers*2*h"
    flops: ClassVar[str] = "4*h*n + layers*(32*h*h + 26*h)"

    hidden: int = 32
    layers: int = 2
    tied: bool = False
    forget_bias: float = 1.0
    depth_bias: float = 1.0
    initial: Initial = STANDARD

    def __post_init__(self) -> None:
        at_least("GridLSTM", "hidden", self.hidden, 1, "unit")
        at_least("GridLSTM", "layers", self.layers, 1, "layer")

    def check(self) -> None:
        check_memory("GridLSTM", self.initial, self.forget_bias)
        finite("GridLSTM", "depth_bias", self.depth_bias, "(5 all but copies the memory upwards)")

    def build(self, inputs: int, rngs: nnx.Rngs) -> GridCell:
        return GridCell(
            inputs,
            self.hidden,
            layers=self.layers,
            tied=self.tied,
            forget_bias=self.forget_bias,
            depth_bias=self.depth_bias,
            initial=self.initial,
            rngs=rngs,
        )
