"""A network's recurrent part taken apart: layers of cells, of one direction or two, each with its first carry."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants import Layers, LayersModel, Stacked
from lstm_variants.stacked import StackedCell
from lstm_variants.unroll import unroll

Array = jax.Array
Step = Callable[[Any, Array], tuple[Any, Array]]


class Part(NamedTuple):
    """name: of the layer and its direction, empty where there is one part alone. first: the carry of a batch
    `(B, n)` before its first step. backward: whether it runs from the last step to the first. put: sets another cell
    in its place. inputs: n."""

    name: str
    cell: nnx.RNNCellBase
    inputs: int
    first: Callable[[tuple[int, ...]], Any]
    backward: bool
    put: Callable[[nnx.RNNCellBase], None]


def parts(network: Any, inputs: int) -> list[list[Part]]:
    """By layer, the lowest first; two parts where a layer reads in both directions. inputs: of the network."""
    cell = network.cell
    if isinstance(cell, LayersModel):
        return [
            [layer_part(cell, i, d, named(i, len(cell.layers), d, len(cells))) for d in range(len(cells))]
            for i, cells in enumerate(cell.layers)
        ]
    if isinstance(cell, StackedCell):
        return [
            [Part(named(i, len(cell.cells), 0, 1), one, n, carry_of(one), False, setter(cell.cells, i))]
            for i, (one, n) in enumerate(zip(cell.cells, cell.sizes, strict=False))
        ]
    return [[Part("", cell, inputs, carry_of(cell), False, lambda new: setattr(network, "cell", new))]]


def layer_part(model: LayersModel, i: int, d: int, name: str) -> Part:
    cells: Any = model.layers[i]
    cell, index = cells[d], i * len(cells) + d

    def first(shape: tuple[int, ...]) -> Any:
        learned = model.learned(index, cell, shape)
        return carry_of(cell)(shape) if learned is None else learned

    return Part(name, cell, model.sizes[i], first, d == 1, setter(cells, d))


def setter(cells: Any, i: int) -> Callable[[nnx.RNNCellBase], None]:
    return lambda new: cells.__setitem__(i, new)


def carry_of(cell: nnx.RNNCellBase) -> Callable[[tuple[int, ...]], Any]:
    return lambda shape: cell.initialize_carry(shape, nnx.Rngs(0))


def named(i: int, layers: int, d: int, directions: int) -> str:
    words = [f"layer {i + 1}"] if layers > 1 else []
    return ", ".join(words + ([("forward", "backward")[d]] if directions > 1 else []))


def step_of(cell: nnx.RNNCellBase) -> Step:
    """`(carry, x) -> (carry, y)` for a loop over time."""
    graph, state = nnx.split(cell)
    return lambda carry, x: nnx.merge(graph, state)(carry, x)


def inner(spec: Any) -> Any:
    """The spec of the cell in layers of it; of a cell itself."""
    return inner(spec.cell) if isinstance(spec, Layers | Stacked) else spec


def over_time(
    step: Callable[[Any, Array], tuple[Any, Any]],
    first: Any,
    inputs: Array,
    mask: Array | None,
    backward: bool,
) -> Any:
    """What a step gives beside its carry at every step, in the order of `inputs` (T, B, n); the carry is held where
    the mask (T, B) is False."""
    xs = (inputs, jnp.ones(inputs.shape[:2], bool) if mask is None else mask)
    if backward:
        xs = jax.tree.map(lambda a: jnp.flip(a, 0), xs)

    def one(carry: Any, at: Any) -> tuple[Any, Any]:
        x, counts = at
        after, given = step(carry, jnp.where(counts[:, None], x, 0))

        def hold(a: Array, b: Array) -> Array:
            return jnp.where(counts.reshape(-1, *[1] * (a.ndim - 1)), a, b)

        return jax.tree.map(hold, after, carry), given

    _, found = unroll(one, first, xs, len(inputs))
    return jax.tree.map(lambda a: jnp.flip(a, 0), found) if backward else found
