"""Sizes of a cell, read off the built module and never from a formula.

They work for any Flax cell, ours or not, inside `jax.jit` too, and compute nothing: carries and steps are
only traced for their shapes.
"""

import math
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx


def parameter_count(cell: nnx.Module) -> int:
    """Number of trained numbers: the sizes of all `nnx.Param` of `cell`."""
    return sum(math.prod(jnp.shape(p)) for p in jax.tree.leaves(nnx.state(cell, nnx.Param)))


def state_size(cell: nnx.RNNCellBase, inputs: int) -> int:
    """Floating-point numbers that `cell` carries from step to step, per sequence (a clock is not counted)."""
    carry, _ = _shapes(cell, inputs)
    return sum(math.prod(a.shape) for a in jax.tree.leaves(carry) if jnp.issubdtype(a.dtype, jnp.floating))


def output_size(cell: nnx.RNNCellBase, inputs: int) -> int:
    """Features of the output of `cell`, given `inputs` features."""
    _, y = _shapes(cell, inputs)
    return y.shape[-1]


def _shapes(cell: nnx.RNNCellBase, inputs: int) -> tuple[Any, Any]:
    """Shapes of the carry and the output for one sequence."""
    graph, state = nnx.split(cell)

    def step(state):
        cell = nnx.merge(graph, state)  # a copy: a cell with generators of its own may advance them
        carry = cell.initialize_carry((inputs,), nnx.Rngs(0))  # some draw their zeros with a key
        return cell(carry, jnp.zeros(inputs))

    return jax.eval_shape(step, state)
