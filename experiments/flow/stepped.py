"""One step of a network's recurrent part, whatever that is: a cell, or layers of it in one direction."""

from typing import Any

import jax
from flax import nnx

from experiments.flow.influence import Step
from lstm_variants import LayersModel

Array = jax.Array


def stepped(cell: Any, shape: tuple[int, ...]) -> tuple[Step, Any]:
    """`(carry, x) -> (carry, y)` as in evaluation, without noise and dropout, and the first carry. shape: of x, `(B,
    n)`. One layer carries what its cell carries, several a tuple, the lowest first.

    Raises ValueError for layers that read in both directions: there is no step of these.
    """
    if not isinstance(cell, LayersModel):
        graph, state = nnx.split(cell)
        return lambda carry, x: nnx.merge(graph, state)(carry, x), cell.initialize_carry(shape, nnx.Rngs(0))
    if any(len(cells) > 1 for cells in cell.layers):
        raise ValueError("Layers that read in both directions have no step that flow could be measured at.")
    layers = [cells[0] for cells in cell.layers]
    firsts = []
    for i, one in enumerate(layers):
        wide = (*shape[:-1], cell.sizes[i])
        own = cell.learned(i, one, wide)
        firsts.append(one.initialize_carry(wide, nnx.Rngs(0)) if own is None else own)
    parts = [nnx.split(one) for one in layers]

    def step(carry: Any, x: Array) -> tuple[Any, Array]:
        after = []
        for (graph, state), before in zip(parts, carry, strict=True):
            new, x = nnx.merge(graph, state)(before, x)
            after.append(new)
        return tuple(after), x

    if len(layers) > 1:
        return step, tuple(firsts)

    def single(carry: Any, x: Array) -> tuple[Any, Array]:
        (after,), y = step((carry,), x)
        return after, y

    return single, firsts[0]
