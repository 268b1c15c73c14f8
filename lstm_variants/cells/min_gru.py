"""minGRU: a GRU reduced until all its steps can be computed at once.

Feng, Tung, Ahmed, Bengio & Hajimirsadeghi 2024, "Were RNNs all we needed?". Gate and candidate see the input
alone, the candidate is linear and there is no reset gate: a linear recurrence in h, for a parallel scan.

    z = σ(W_z x + b_z)                 update gate
    h̃ = W_h x + b_h                    candidate
    h' = (1 - z) ⊙ h + z ⊙ h̃           state and output

One layer cannot choose what to keep by what it has seen: that takes two (`Stacked`).

This is the plain form of the paper, where states have either sign and may be of any size. Its log-space form,
for numerical stability, is another function: h̃ passes through G(a) = a + 1/2 for a ≥ 0, σ(a)
otherwise, so that all states are positive. No factor
1 - z exceeds 1, so the plain one is stable in float32 too.

x input (n), h previous state (as many units as `hidden`). Parameters 2h(n + 1), state h, operations a step
4hn + 7h.
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


class MinGRUState(NamedTuple):
    h: Array


class MinGRUCell(nnx.RNNCellBase):
    """`(MinGRUState (..., h), x (..., n)) -> (MinGRUState, h (..., h))`; gate z, then candidate, in W b."""

    # Measured, forward and backward, batch 32: the scan takes 1.8 times as long as the loop at T = 100 and 32
    # units, 3.7 at 128 units, 4.6 at T = 400 and 64 units. (That of the minLSTM takes 0.6 to 1.1.)
    steps_on_cpu = True

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
        self.W = kernel(rngs, initial, inputs, hidden, gates=2)
        self.b = bias(rngs, initial, hidden, -f, 0.0)

    def gates(self, x: Array) -> tuple[Array, Array]:
        """z and h̃, of one step or of all."""
        z, candidate = split(product(x, self.W[...]) + self.b[...], 2)
        return jax.nn.sigmoid(z), candidate

    def __call__(self, carry: MinGRUState, inputs: Array) -> tuple[MinGRUState, Array]:
        (h,) = carry
        z, candidate = self.gates(inputs)
        h = (1 - z) * h + z * candidate
        return keeping(carry, MinGRUState(h)), h

    def parallel(
        self, carry: MinGRUState, inputs: Array, *, mask: Array | None = None, reset: Array | None = None
    ) -> tuple[MinGRUState, Array]:
        """All steps at once, equal to one after the other from `carry`: inputs `(T, ..., n)`, outputs
        `(T, ..., h)`; mask and reset `(T, ...)` as in `linear_scan`."""
        z, candidate = self.gates(inputs)
        h, hs = linear_scan(1 - z, z * candidate, carry.h, mask, reset)
        return keeping(carry, MinGRUState(h)), hs

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> MinGRUState:
        return zeros(MinGRUState, self.W, input_shape, self.hidden)

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class MinGRU:
    """hidden: units h. forget_bias: b_z starts at -forget_bias, so that the old state is kept at the
    rate 1 - z = σ(forget_bias), as by the forget gate of the other cells. initial: start of the weights."""

    reference: ClassVar[str] = "Feng, Tung, Ahmed, Bengio & Hajimirsadeghi 2024 (minGRU)"
    purpose: ClassVar[str] = (
        "Long sequences that are to be trained at once: its gates do not hear the state, so all steps are "
        "one parallel scan. Choosing by content takes two layers: selective copying 37 % with one, 97 % "
        "with two (Feng et al. 2024)."
    )
    parameters: ClassVar[str] = "2*h*(n + 1)"
    state: ClassVar[str] = "h"
    flops: ClassVar[str] = "4*h*n + 7*h"

    hidden: int = 32
    forget_bias: float = 1.0
    initial: Initial = STANDARD

    def __post_init__(self) -> None:
        at_least("MinGRU", "hidden", self.hidden, 1, "unit")

    def check(self) -> None:
        check_memory("MinGRU", self.initial, self.forget_bias)

    def build(self, inputs: int, rngs: nnx.Rngs) -> MinGRUCell:
        return MinGRUCell(inputs, self.hidden, forget_bias=self.forget_bias, initial=self.initial, rngs=rngs)
