"""Grid LSTM over depth alone: gated layers, and no memory of the past whatever.

Kalchbrenner, Danihelka & Graves 2015, "Grid long short-term memory" (one dimension, "1-LSTM"). What runs along
time in an LSTM runs from layer to layer here: m and h come from the layer below.

    u = σ(R_u h + b_u)                     update gate
    f = σ(R_f h + b_f)                     forget gate
    o = σ(R_o h + b_o)                     output gate
    c = tanh(R_c h + b_c)                  candidate
    m' = f ⊙ m + u ⊙ c                     memory, along depth
    h' = o ⊙ tanh(m')                      hidden

The first layer gets the observation, projected: m = W_m x, h = W_h x. The output is h' of the top layer. It is a
close relative of the Highway network (Srivastava, Greff & Schmidhuber 2015): with f = 1 and u = 0 a layer passes
m unchanged. `tied` layers share their weights.

Nothing is carried from step to step: the carry is a NamedTuple without fields, and the output at a step is a
function of the input at that step. In a comparison of cells this is the baseline without memory; no task that
needs the past can be solved by it.

x input (n), h units a layer. State 0. Parameters 2hn and 4h(h + 1) a layer (once if tied), operations a step
4hn and 8h² + 13h a layer. The choice of h' is that of `grid.py`.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants.contract import at_least, finite
from lstm_variants.initial import STANDARD, Initial, refuse_chrono
from lstm_variants.plumbing import bias, kernel, recurrent
from lstm_variants.products import product, split

Array = jax.Array


class DepthGridState(NamedTuple):
    """Nothing."""


class DepthGridTransform(nnx.Module):
    """`(m, h) -> (m', h')`; gates in the order u f o c."""

    def __init__(self, hidden: int, depth_bias: float, initial: Initial, rngs: nnx.Rngs):
        self.R = recurrent(rngs, initial, hidden, gates=4)
        self.b = bias(rngs, initial, hidden, 0.0, depth_bias, 0.0, 0.0)

    def __call__(self, m: Array, h: Array) -> tuple[Array, Array]:
        u, f, o, c = split(product(h, self.R[...]) + self.b[...], 4)
        m = jax.nn.sigmoid(f) * m + jax.nn.sigmoid(u) * jnp.tanh(c)
        h = jax.nn.sigmoid(o) * jnp.tanh(m)
        return m, h


class DepthGridCell(nnx.RNNCellBase):
    """`(DepthGridState(), x (..., n)) -> (DepthGridState(), h (..., h) of the top layer)`; W is W_m W_h."""

    def __init__(
        self,
        inputs: int,
        hidden: int,
        *,
        layers: int,
        tied: bool = False,
        depth_bias: float = 1.0,
        initial: Initial = STANDARD,
        rngs: nnx.Rngs,
    ):
        self.hidden = hidden
        self.layers = layers
        self.W = kernel(rngs, initial, inputs, hidden, gates=2)
        self.depth = nnx.List(
            DepthGridTransform(hidden, depth_bias, initial, rngs) for _ in range(1 if tied else layers)
        )

    def __call__(self, carry: DepthGridState, inputs: Array) -> tuple[DepthGridState, Array]:
        m, h = split(product(inputs, self.W[...]), 2)
        for layer in range(self.layers):
            m, h = self.depth[layer % len(self.depth)](m, h)  # tied: always 0
        return carry, h

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> DepthGridState:
        return DepthGridState()

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class DepthGridLSTM:
    """hidden: units h of each layer. tied: all layers have the same weights. depth_bias: start of b_f.
    initial: start of the weights."""

    reference: ClassVar[str] = "Kalchbrenner, Danihelka & Graves 2015 (depth alone)"
    purpose: ClassVar[str] = (
        "A control without any memory of the past: no task that needs it can be solved. Its cells run along "
        "depth, which learnt the parity of up to 250 bits that are given at once (Kalchbrenner, Danihelka & "
        "Graves 2015)."
    )
    parameters: ClassVar[str] = "2*h*n + (1 if tied else layers)*4*h*(h + 1)"
    state: ClassVar[str] = "0"
    flops: ClassVar[str] = "4*h*n + layers*(8*h*h + 13*h)"

    hidden: int = 32
    layers: int = 2
    tied: bool = False
    depth_bias: float = 1.0
    initial: Initial = STANDARD

    def __post_init__(self) -> None:
        at_least("DepthGridLSTM", "hidden", self.hidden, 1, "unit")
        refuse_chrono("DepthGridLSTM", self.initial)
        at_least("DepthGridLSTM", "layers", self.layers, 1, "layer")

    def check(self) -> None:
        finite("DepthGridLSTM", "depth_bias", self.depth_bias, "(5 all but copies the memory upwards)")

    def build(self, inputs: int, rngs: nnx.Rngs) -> DepthGridCell:
        return DepthGridCell(
            inputs,
            self.hidden,
            layers=self.layers,
            tied=self.tied,
            depth_bias=self.depth_bias,
            initial=self.initial,
            rngs=rngs,
        )
