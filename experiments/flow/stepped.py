"""One step of a network's recurrent part, whatever that is: a cell, or layers of it in one direction."""

from typing import Any

import jax
from flax import nnx

from experiments.flow.influence import Step
from lstm_variants import LayersModel

Array = jax.Array


def refusal(cell: Any) -> str | None:
    """Why nothing can be measured on a cell, or layers, that were built; None where it can."""
    if not isinstance(cell, LayersModel):
        return None
    if cell.attention:
        return (
            "Flow can not be measured on a network that attends: what it says depends on all earlier outputs directly, "
            "and not through what its cells carry alone. Measure its cell without attend."
        )
    if any(len(cells) > 1 for cells in cell.layers):
        return "Layers that read in both directions have no step that flow could be measured at."
    return None


def stepped(cell: Any, shape: tuple[int, ...]) -> tuple[Step, Any]:
    """`(carry, x) -> (carry, y)` as in evaluation, without noise and dropout, and the first carry. shape: of x, `(B,
    n)`. One layer carries what its cell carries, several a tuple, the lowest first.

    Raises ValueError for layers that read in both directions, of which there is no step, and for those that attend.
    """
    if not isinstance(cell, LayersModel):
        graph, state = nnx.split(cell)
        return lambda carry, x: nnx.merge(graph, state)(carry, x), cell.initialize_carry(shape, nnx.Rngs(0))
    if reason := refusal(cell):
        raise ValueError(reason)
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
