"""minLSTM: an LSTM reduced until all its steps can be computed at once.

Feng, Tung, Ahmed, Bengio & Hajimirsadeghi 2024, "Were RNNs all we needed?". Gates and candidate see the input
alone, the candidate is linear, there is no output gate and no cell beside the state, and forget and input
gate are made to sum to one: a linear recurrence in h, for a parallel scan.

    f = σ(W_f x + b_f)                 forget gate
    i = σ(W_i x + b_i)                 input gate
    h̃ = W_h x + b_h                    candidate
    f' = f / (f + i)                   what is kept
    i' = i / (f + i) = 1 - f'          what is written
    h' = f' ⊙ h + i' ⊙ h̃               state and output

The code has f' = σ(log f - log i), the same number also where f and i are both too small for float32 and the
quotient is 0 / 0. What `min_gru.py` says of one layer and of the log-space form holds here too.

x input (n), h previous state (as many units as `hidden`). Parameters 3h(n + 1), state h, operations a step
6hn + 29h, of which 20h are the two log σ.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
from flax import nnx

from lstm_variants.contract import at_least
from lstm_variants.initial import STANDARD, Initial, check_memory, memory_biases
from lstm_variants.linear_scan import linear_scan
from lstm_variants.plumbing import bias, keeping, kernel, zeros
from lstm_variants.products import product, split

Array = jax.Array


class MinLSTMState(NamedTuple):
    h: Array


class MinLSTMCell(nnx.RNNCellBase):
    """`(MinLSTMState (..., h), x (..., n)) -> (MinLSTMState, h (..., h))`; gates f i, then candidate, in
    W b."""

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
        self.b = bias(rngs, initial, hidden, f, -f, 0.0)

    def gates(self, x: Array) -> tuple[Array, Array, Array]:
        """f', i' and h̃, of one step or of all."""
        f, i, candidate = split(product(x, self.W[...]) + self.b[...], 3)
        f = jax.nn.sigmoid(jax.nn.log_sigmoid(f) - jax.nn.log_sigmoid(i))
        return f, 1 - f, candidate

    def __call__(self, carry: MinLSTMState, inputs: Array) -> tuple[MinLSTMState, Array]:
        (h,) = carry
        f, i, candidate = self.gates(inputs)
        h = f * h + i * candidate
        return keeping(carry, MinLSTMState(h)), h

    def parallel(
        self, carry: MinLSTMState, inputs: Array, *, mask: Array | None = None, reset: Array | None = None
    ) -> tuple[MinLSTMState, Array]:
        """All steps at once, equal to one after the other from `carry`: inputs `(T, ..., n)`, outputs
        `(T, ..., h)`; mask and reset `(T, ...)` as in `linear_scan`."""
        f, i, candidate = self.gates(inputs)
        h, hs = linear_scan(f, i * candidate, carry.h, mask, reset)
        return keeping(carry, MinLSTMState(h)), hs

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> MinLSTMState:
        return zeros(MinLSTMState, self.W, input_shape, self.hidden)

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class MinLSTM:
    """hidden: units h. forget_bias: b_f starts at forget_bias and b_i at -forget_bias, so that the old state
    is kept at the rate f' = σ(forget_bias), as by the forget gate of the other cells. initial: start of the
    weights."""

    reference: ClassVar[str] = "Feng, Tung, Ahmed, Bengio & Hajimirsadeghi 2024 (minLSTM)"
    purpose: ClassVar[str] = (
        "As minGRU, with two gates that are made to sum to one: trained by a parallel scan. Choosing by "
        "content takes two layers: selective copying 38 % with one, 86 % with two (Feng et al. 2024)."
    )
    parameters: ClassVar[str] = "3*h*(n + 1)"
    state: ClassVar[str] = "h"
    flops: ClassVar[str] = "6*h*n + 29*h"

    hidden: int = 32
    forget_bias: float = 1.0
    initial: Initial = STANDARD

    def __post_init__(self) -> None:
        at_least("MinLSTM", "hidden", self.hidden, 1, "unit")

    def check(self) -> None:
        check_memory("MinLSTM", self.initial, self.forget_bias)

    def build(self, inputs: int, rngs: nnx.Rngs) -> MinLSTMCell:
        return MinLSTMCell(inputs, self.hidden, forget_bias=self.forget_bias, initial=self.initial, rngs=rngs)
