"""The vanilla recurrent network: one tanh layer on input and previous state.

Elman 1990, "Finding structure in time"; the repeating module that Olah 2015 starts from.

    y' = tanh(W x + R y + b)               or relu in place of tanh

x input (n), y previous output (h). Parameters h(n + h + 1), state h, operations a step
2h(n + h) + 2h.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants.contract import at_least, one_of
from lstm_variants.initial import STANDARD, Initial, refuse_chrono
from lstm_variants.plumbing import bias, keeping, kernel, recurrent, zeros
from lstm_variants.products import affine

ACTIVATIONS = {"tanh": jnp.tanh, "relu": jax.nn.relu}


class VanillaState(NamedTuple):
    y: jax.Array


class VanillaCell(nnx.RNNCellBase):
    """`(VanillaState (..., h), x (..., n)) -> (VanillaState, y (..., h))`."""

    def __init__(
        self,
        inputs: int,
        hidden: int,
        *,
        activation: str = "tanh",
        initial: Initial = STANDARD,
        rngs: nnx.Rngs,
    ):
        self.hidden = hidden
        self.activation = activation
        self.W = kernel(rngs, initial, inputs, hidden)
        self.R = recurrent(rngs, initial, hidden)
        self.b = bias(rngs, initial, hidden, 0.0)

    def __call__(self, carry: VanillaState, inputs: jax.Array) -> tuple[VanillaState, jax.Array]:
        (y,) = carry
        y = ACTIVATIONS[self.activation](affine(inputs, self.W[...], y, self.R[...], self.b[...]))
        return keeping(carry, VanillaState(y)), y

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> VanillaState:
        return zeros(VanillaState, self.W, input_shape, self.hidden)

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class VanillaRNN:
    """hidden: units h. activation: "tanh" (the paper's kind of squashing) or "relu". initial: start of the
    weights; `IRNN` with relu is the network of Le, Jaitly & Hinton 2015."""

    reference: ClassVar[str] = "Elman 1990"
    purpose: ClassVar[str] = (
        "The baseline without gates: short lags at the lowest cost. Over long ones its gradient vanishes or "
        "explodes (Bengio, Simard & Frasconi 1994); with relu and the identity as its start it reaches "
        "further (Le, Jaitly & Hinton 2015)."
    )
    parameters: ClassVar[str] = "h*(n + h + 1)"
    state: ClassVar[str] = "h"
    flops: ClassVar[str] = "2*h*(n + h) + 2*h"

    hidden: int = 32
    activation: str = "tanh"
    initial: Initial = STANDARD

    def __post_init__(self) -> None:
        at_least("VanillaRNN", "hidden", self.hidden, 1, "unit")
        refuse_chrono("VanillaRNN", self.initial)
        one_of("VanillaRNN", "activation", self.activation, tuple(ACTIVATIONS))

    def build(self, inputs: int, rngs: nnx.Rngs) -> VanillaCell:
        return VanillaCell(inputs, self.hidden, activation=self.activation, initial=self.initial, rngs=rngs)
