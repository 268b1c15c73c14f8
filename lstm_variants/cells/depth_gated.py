"""Depth-Gated LSTM: a gated linear path from the cell below to the cell above.

Yao, Cohn, Vylomova, Duh & Dyer 2015, "Depth-gated LSTM", following the first author's code. In each
layer, with k the cell of the layer below at this same step:

    z = tanh(W_z x + R_z y + b_z)                  block input
    i =    σ(W_i x + R_i y + b_i)                  input gate
    f =    σ(W_f x + R_f y + b_f)                  forget gate
    o =    σ(W_o x + R_o y + b_o)                  output gate
    d =    σ(W_d x + w_c ⊙ c + w_l ⊙ k + b_d)      depth gate
    c' = z ⊙ i + c ⊙ f + k ⊙ d                     cell
    y' = tanh(c') ⊙ o                              block output

and the next layer gets x = y', k = c'. The first layer has no cell below: there k = W_k x, a projection
of the observation, and d lacks the term in w_l. All layers have h units, since cells are added.

Choices, where sources differ: i, f and o have no peepholes (the author's code has full h × h ones, a
second implementation has none), so that with d = 0 this is exactly the stacked LSTM of `lstm.py`; f has
weights of its own (the code's default is f = 1 - i, its other form and the second implementation have
own weights); the first layer is as in both codes, not a plain LSTM; the learnt scale of each layer's
input in the author's code ("self-stabiliser") is left out, being no part of the idea. Names of gates
are Greff's.

x input (n), y previous output, c previous cell. Parameters 4h(n + h + 1) + 2h(n + 1) in the first layer,
4h(2h + 1) + h(h + 3) in each further one; state 2h a layer; operations a step 8h(n + h) + 4hn + 19h in the
first layer, 18h² + 21h in each further one.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants.contract import at_least, finite
from lstm_variants.initial import STANDARD, Initial, check_memory, memory_biases
from lstm_variants.plumbing import bias, diagonal, keeping, kernel, recurrent, zeros
from lstm_variants.products import affine, product, split

Array = jax.Array


class DepthGatedState(NamedTuple):
    """One array `(..., h)` a layer, lowest first."""

    c: tuple[Array, ...]
    y: tuple[Array, ...]


class DepthGatedLayer(nnx.Module):
    """`(c, y, x, k) -> (c', y')`; gates in the order z i f o, depth gate apart."""

    def __init__(
        self,
        inputs: int,
        hidden: int,
        first: bool,
        forget_bias: float,
        depth_bias: float,
        initial: Initial,
        rngs: nnx.Rngs,
    ):
        self.first = first
        f, i = memory_biases(rngs, initial, hidden, forget_bias)
        self.W = kernel(rngs, initial, inputs, hidden, gates=4)
        self.R = recurrent(rngs, initial, hidden, gates=4)
        self.b = bias(rngs, initial, hidden, 0.0, i, f, 0.0)
        self.W_d = kernel(rngs, initial, inputs, hidden)
        self.w_c = diagonal(rngs, hidden)
        if not first:
            self.w_l = diagonal(rngs, hidden)
        self.b_d = bias(rngs, initial, hidden, depth_bias)

    def __call__(self, c: Array, y: Array, x: Array, k: Array) -> tuple[Array, Array]:
        z, i, f, o = split(affine(x, self.W[...], y, self.R[...], self.b[...]), 4)
        d = product(x, self.W_d[...]) + self.w_c[...] * c + self.b_d[...]
        if not self.first:
            d = d + self.w_l[...] * k
        c = jnp.tanh(z) * jax.nn.sigmoid(i) + c * jax.nn.sigmoid(f) + k * jax.nn.sigmoid(d)
        y = jnp.tanh(c) * jax.nn.sigmoid(o)
        return c, y


class DepthGatedCell(nnx.RNNCellBase):
    """`(DepthGatedState, x (..., n)) -> (DepthGatedState, y (..., h) of the top layer)`."""

    def __init__(
        self,
        inputs: int,
        hidden: int,
        *,
        layers: int,
        forget_bias: float = 1.0,
        depth_bias: float = 0.0,
        initial: Initial = STANDARD,
        rngs: nnx.Rngs,
    ):
        self.hidden = hidden
        self.W_k = kernel(rngs, initial, inputs, hidden)
        self.layers = nnx.List(
            DepthGatedLayer(hidden if l else inputs, hidden, l == 0, forget_bias, depth_bias, initial, rngs)
            for l in range(layers)
        )

    def __call__(self, carry: DepthGatedState, inputs: Array) -> tuple[DepthGatedState, Array]:
        x, k = inputs, product(inputs, self.W_k[...])
        cells, outputs = [], []
        for layer, c, y in zip(self.layers, carry.c, carry.y, strict=True):
            k, x = layer(c, y, x, k)
            cells.append(k)
            outputs.append(x)
        return keeping(carry, DepthGatedState(tuple(cells), tuple(outputs))), x

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> DepthGatedState:
        sizes = [self.hidden] * len(self.layers)
        return DepthGatedState(
            *(zeros(lambda *c: c, self.W_k, input_shape, *sizes) for _ in DepthGatedState._fields)
        )

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class DepthGatedLSTM:
    """hidden: units h of each layer. forget_bias, depth_bias: start of b_f and b_d. initial: start of
    the weights."""

    reference: ClassVar[str] = "Yao, Cohn, Vylomova, Duh & Dyer 2015 (no peepholes)"
    purpose: ClassVar[str] = (
        "Deep stacks: a gate lets the memory of one layer flow into the next, so that depth is bridged as "
        "time is; made for translation and language models (Yao et al. 2015)."
    )
    parameters: ClassVar[str] = "4*h*(n + h + 1) + 2*h*(n + 1) + (layers - 1)*(4*h*(2*h + 1) + h*(h + 3))"
    state: ClassVar[str] = "2*h*layers"
    flops: ClassVar[str] = "8*h*(n + h) + 4*h*n + 19*h + (layers - 1)*(18*h*h + 21*h)"

    hidden: int = 32
    layers: int = 2
    forget_bias: float = 1.0
    depth_bias: float = 0.0
    initial: Initial = STANDARD

    def __post_init__(self) -> None:
        at_least("DepthGatedLSTM", "hidden", self.hidden, 1, "unit")
        at_least("DepthGatedLSTM", "layers", self.layers, 2, "(its depth gate joins neighbouring layers)")

    def check(self) -> None:
        check_memory("DepthGatedLSTM", self.initial, self.forget_bias)
        finite("DepthGatedLSTM", "depth_bias", self.depth_bias, "(-10 all but shuts the depth gate)")

    def build(self, inputs: int, rngs: nnx.Rngs) -> DepthGatedCell:
        return DepthGatedCell(
            inputs,
            self.hidden,
            layers=self.layers,
            forget_bias=self.forget_bias,
            depth_bias=self.depth_bias,
            initial=self.initial,
            rngs=rngs,
        )
