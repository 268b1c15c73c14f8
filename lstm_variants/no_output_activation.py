"""LSTM without output activation: H(c) = c, the cell leaves unsquashed.

Ablation NOAF of Greff et al. 2017. The baseline here is the LSTM WITHOUT peepholes (Greff et al.
ablate the block with peepholes), so this cell differs from `lstm.py` in the output tanh alone.

    z = tanh(W_z x + R_z y + b_z)          block input
    i =    σ(W_i x + R_i y + b_i)          input gate
    f =    σ(W_f x + R_f y + b_f)          forget gate
    o =    σ(W_o x + R_o y + b_o)          output gate
    c' = z ⊙ i + c ⊙ f                     cell
    y' = c' ⊙ o                            block output

x input (n), y previous output (h), c previous cell (h). Parameters 4h(n + h + 1).
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants.contract import at_least, finite
from lstm_variants.plumbing import affine, bias, kernel, recurrent, split, zeros


class NoOutputActivationState(NamedTuple):
    c: jax.Array
    y: jax.Array


class NoOutputActivationCell(nnx.RNNCellBase):
    """`(state of (..., h), x (..., n)) -> (state, y (..., h))`; gates in the order z i f o."""

    def __init__(self, inputs: int, hidden: int, *, forget_bias: float = 1.0, rngs: nnx.Rngs):
        self.hidden = hidden
        self.W = kernel(rngs, inputs, hidden, gates=4)
        self.R = recurrent(rngs, hidden, gates=4)
        self.b = bias(hidden, 0.0, 0.0, forget_bias, 0.0)

    def __call__(
        self, carry: NoOutputActivationState, inputs: jax.Array
    ) -> tuple[NoOutputActivationState, jax.Array]:
        c, y = carry
        z, i, f, o = split(affine(inputs, self.W[...], y, self.R[...], self.b[...]), 4)
        c = jnp.tanh(z) * jax.nn.sigmoid(i) + c * jax.nn.sigmoid(f)
        y = c * jax.nn.sigmoid(o)
        return NoOutputActivationState(c, y), y

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> NoOutputActivationState:
        return zeros(NoOutputActivationState, input_shape, self.hidden, self.hidden)

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class NoOutputActivationLSTM:
    """hidden: units h. forget_bias: start of b_f (1: Jozefowicz et al. 2015)."""

    reference: ClassVar[str] = "NOAF of Greff et al. 2017 (no peepholes)"
    parameters: ClassVar[str] = "4*h*(n + h + 1)"

    hidden: int = 32
    forget_bias: float = 1.0

    def __post_init__(self) -> None:
        at_least("NoOutputActivationLSTM", "hidden", self.hidden, 1, "unit")

    def check(self) -> None:
        finite(
            "NoOutputActivationLSTM",
            "forget_bias",
            self.forget_bias,
            "(5 holds a gate open for about 150 steps)",
        )

    def build(self, inputs: int, rngs: nnx.Rngs) -> NoOutputActivationCell:
        return NoOutputActivationCell(inputs, self.hidden, forget_bias=self.forget_bias, rngs=rngs)
