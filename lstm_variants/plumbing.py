"""What the equations share and no paper is about: drawing weights, one affine map, the zero carry."""

from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp
from flax import nnx

Array = jax.Array
State = TypeVar("State")


def kernel(rngs: nnx.Rngs, inputs: int, hidden: int, gates: int = 1) -> nnx.Param[Array]:
    """Input weights `(inputs, gates * hidden)`, LeCun normal: variance 1 / inputs."""
    return nnx.Param(nnx.initializers.lecun_normal()(rngs.params(), (inputs, gates * hidden)))


def recurrent(rngs: nnx.Rngs, hidden: int, gates: int = 1) -> nnx.Param[Array]:
    """Recurrent weights `(hidden, gates * hidden)`: one orthogonal block a gate (Saxe et al. 2014)."""
    keys = jax.random.split(rngs.params(), gates)
    blocks = jax.vmap(lambda key: nnx.initializers.orthogonal()(key, (hidden, hidden)))(keys)
    return nnx.Param(jnp.concatenate(list(blocks), axis=-1))


def diagonal(rngs: nnx.Rngs, hidden: int) -> nnx.Param[Array]:
    """Elementwise weights `(hidden,)` such as peepholes, normal with standard deviation 0.1."""
    return nnx.Param(nnx.initializers.normal(0.1)(rngs.params(), (hidden,)))


def bias(hidden: int, *gates: float | Array) -> nnx.Param[Array]:
    """Biases `(len(gates) * hidden,)`: gate k starts at `gates[k]`, a number or a traced knob."""
    return nnx.Param(jnp.concatenate([jnp.full(hidden, b, jnp.float32) for b in gates]))


def affine(x: Array, W: Array, h: Array, R: Array, b: Array) -> Array:
    """`x W + h R + b` as one matrix product, `(..., n), (n, g), (..., h), (h, g), (g,) -> (..., g)`.

    One product of the concatenation trains 1.15 to 1.3 times faster on a CPU than two products
    (batch and hidden 32 and 64, two inputs); XLA lifts the concatenation of weights out of the loop.
    """
    return jnp.concatenate([x, h], axis=-1) @ jnp.concatenate([W, R], axis=0) + b


def split(a: Array, gates: int) -> list[Array]:
    """Cut `(..., gates * h)` into `gates` arrays `(..., h)`, in order."""
    return jnp.split(a, gates, axis=-1)


def zeros(state: Callable[..., State], input_shape: tuple[int, ...], *sizes: int) -> State:
    """`state(...)` of zero arrays, one `(*batch, size)` per entry of `sizes`."""
    return state(*(jnp.zeros((*input_shape[:-1], size)) for size in sizes))
