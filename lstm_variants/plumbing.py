"""What the equations share and no paper is about: drawing weights, the zero carry and its types."""

from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants.initial import Initial, draw

Array = jax.Array
State = TypeVar("State")


def kernel(rngs: nnx.Rngs, initial: Initial, inputs: int, hidden: int, gates: int = 1) -> nnx.Param[Array]:
    """Input weights `(inputs, gates * hidden)`, drawn gate by gate as `initial.inputs` says."""
    if initial.inputs == "lecun":  # its variance, 1 / inputs, is the same for all gates together: one draw
        return nnx.Param(draw("lecun", rngs.params(), (inputs, gates * hidden), hidden) * initial.input_scale)
    return blocks(rngs, initial.inputs, (inputs, hidden), gates, initial.input_scale)


def recurrent(rngs: nnx.Rngs, initial: Initial, hidden: int, gates: int = 1) -> nnx.Param[Array]:
    """Recurrent weights `(hidden, gates * hidden)`, drawn gate by gate as `initial.recurrent` says."""
    return blocks(rngs, initial.recurrent, (hidden, hidden), gates, initial.recurrent_scale)


def blocks(
    rngs: nnx.Rngs, kind: str, shape: tuple[int, int], gates: int, scale: float | Array
) -> nnx.Param[Array]:
    """`gates` matrices side by side."""
    keys = jax.random.split(rngs.params(), gates)
    drawn = jax.vmap(lambda key: draw(kind, key, shape, shape[1]))(keys)
    return nnx.Param(jnp.concatenate(list(drawn), axis=-1) * scale)


def diagonal(rngs: nnx.Rngs, hidden: int) -> nnx.Param[Array]:
    """Elementwise weights `(hidden,)` such as peepholes, normal with standard deviation 0.1."""
    return nnx.Param(nnx.initializers.normal(0.1)(rngs.params(), (hidden,), jnp.float32))


def bias(rngs: nnx.Rngs, initial: Initial, hidden: int, *gates: float | Array) -> nnx.Param[Array]:
    """Biases `(len(gates) * hidden,)`: gate k starts at `gates[k]`, a number, a traced knob or an array
    `(hidden,)`, plus what `initial.biases` draws."""
    start = jnp.concatenate([jnp.broadcast_to(jnp.asarray(b, jnp.float32), (hidden,)) for b in gates])
    if initial.biases != "zeros":
        start = start + draw(initial.biases, rngs.params(), start.shape, hidden)
    return nnx.Param(start)


def keeping(carry: State, new: State) -> State:
    """The new carry in the types of the one before it, as a scan needs it, whatever types met in the step."""
    both: tuple[list[Array], Any] = jax.tree.flatten(new)
    leaves, tree = both
    types = map(jnp.result_type, jax.tree.leaves(carry))
    return tree.unflatten([leaf.astype(dtype) for leaf, dtype in zip(leaves, types, strict=True)])


def widened(carry: State, inputs: Array) -> State:
    """The carry in the types that JAX promotes it to together with the inputs; integers, such as clocks, stay."""

    def leaf(a: Array) -> Array:
        floating = jnp.issubdtype(a.dtype, jnp.floating)
        return a.astype(jnp.result_type(a, inputs)) if floating else a

    return jax.tree.map(leaf, carry)


def zeros(state: Callable[..., State], like: Any, input_shape: tuple[int, ...], *sizes: int) -> State:
    """`state(...)` of zero arrays, one `(*batch, size)` per entry of `sizes`, in the type of the weights `like`."""
    return state(*(jnp.zeros((*input_shape[:-1], size), like.dtype) for size in sizes))
