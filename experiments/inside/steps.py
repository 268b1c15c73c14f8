"""A network one step at a time, from what it carries; where it attends, from all that it has put out as well."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from experiments.inside.layers import parts, step_of
from lstm_variants import LayersModel
from lstm_variants.attention import Memory

Array = jax.Array


class Carried(NamedTuple):
    """cells: the carry of each cell, the lowest first. memory: room for the outputs of so many steps, of which those
    are there that can be attended to; None for a network that does not attend. at: how many steps were made."""

    cells: list[Any]
    memory: Memory | None
    at: Array


class Steps(NamedTuple):
    """first: what is carried before the first step. step: `(carried, x (B, n)) -> (carried, what is read (B, k))`."""

    first: Carried
    step: Callable[[Carried, Array], tuple[Carried, Array]]

    def begun(self, carried: Carried, anew: Array) -> Carried:
        """Begun again where `anew` (B,)."""

        def chosen(first: Array, now: Array) -> Array:
            return jnp.where(anew.reshape(-1, *[1] * (now.ndim - 1)), first, now)

        cells, memory = jax.tree.map(chosen, self.first.cells, carried.cells), carried.memory
        return carried._replace(cells=cells, memory=memory and memory._replace(there=memory.there & ~anew))


def whole(network: Any, inputs: int, batch: int, length: int) -> Steps:
    """A network as a step for `batch` sequences of at most `length` steps. inputs: of the network. Of one that reads
    backward the step is not what the network computes."""
    cells = [one for layer in parts(network, inputs) for one in layer]
    steps = [step_of(one.cell) for one in cells]
    attends = isinstance(network.cell, LayersModel) and bool(network.cell.attention)
    memory = None
    if attends:
        graph, state = nnx.split(network.cell.attention[0])
        width = network.cell.sizes[-1]
        memory = Memory(jnp.zeros((length, batch, width)), jnp.zeros((length, batch), bool))

    def step(carried: Carried, x: Array) -> tuple[Carried, Array]:
        after = []
        for one, carry in zip(steps, carried.cells, strict=True):
            carry, x = one(carry, x)
            after.append(carry)
        memory = carried.memory
        if memory is None:
            return Carried(after, None, carried.at + 1), x
        _, read = nnx.merge(graph, state)(x[None], memory=memory)
        kept = Memory(memory.y.at[carried.at].set(x), memory.there.at[carried.at].set(True))
        return Carried(after, kept, carried.at + 1), read[0]

    first = [one.first((batch, one.inputs)) for one in cells]
    return Steps(Carried(first, memory, jnp.zeros((), jnp.int32)), step)
