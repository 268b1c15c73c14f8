"""Layers of one kind of cell: the output of each is the input of the next.

    y⁰ = x                                 input
    (s'ˡ, yˡ) = cellˡ(sˡ, yˡ⁻¹)            layer l = 1 ... L, all at the same step
    y = yᴸ                                 output

No skip connections and nothing between the layers. The carry is the tuple of the layers' carries. This is a
cell and goes wherever a cell goes. For both directions, dropout between the layers, learned first carries, or
cells that compute all steps at once, use `Layers`, which takes whole sequences.
"""

from dataclasses import dataclass
from typing import Any

import jax
from flax import nnx

from lstm_variants.contract import CellSpec, at_least
from lstm_variants.measure import output_size


class StackedCell(nnx.RNNCellBase):
    """`((carry, ...), x (..., n)) -> ((carry, ...), y)`, one carry a layer, lowest first."""

    def __init__(self, spec: CellSpec, layers: int, inputs: int, *, rngs: nnx.Rngs):
        cells, sizes = [], [inputs]
        for _ in range(layers):
            cells.append(spec.build(sizes[-1], rngs))
            sizes.append(output_size(cells[-1], sizes[-1]))
        self.cells = nnx.List(cells)
        self.sizes = tuple(sizes)

    def __call__(self, carry: tuple[Any, ...], inputs: jax.Array) -> tuple[tuple[Any, ...], jax.Array]:
        carries, y = [], inputs
        for cell, state in zip(self.cells, carry, strict=True):
            state, y = cell(state, y)
            carries.append(state)
        return tuple(carries), y

    def initialize_carry(self, input_shape, rngs=None, carry_init=None) -> tuple[Any, ...]:
        batch = tuple(input_shape[:-1])
        return tuple(
            cell.initialize_carry((*batch, size), rngs)
            for cell, size in zip(self.cells, self.sizes, strict=False)
        )

    @property
    def num_feature_axes(self) -> int:
        return 1


@dataclass(frozen=True, kw_only=True)
class Stacked:
    """cell: any spec, ours or not. layers: how many of it; 1 computes what the cell alone computes."""

    cell: CellSpec
    layers: int = 2

    def __post_init__(self) -> None:
        at_least("Stacked", "layers", self.layers, 1, "layer")
        if not isinstance(self.cell, CellSpec) or isinstance(self.cell, type):
            raise ValueError(
                f"Stacked needs the spec of a cell, such as LSTM(hidden=32); got cell={self.cell!r}."
            )

    def check(self) -> None:
        if hasattr(self.cell, "check"):
            self.cell.check()

    def build(self, inputs: int, rngs: nnx.Rngs) -> StackedCell:
        return StackedCell(self.cell, self.layers, inputs, rngs=rngs)
