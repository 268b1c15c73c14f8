"""What the equations share and no paper is about: drawing weights, one affine map, the zero carry."""

import functools
from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp
from flax import nnx

from lstm_variants.initial import Initial, draw

Array = jax.Array
State = TypeVar("State")
SMALL = 1024  # numbers of one gate, batch times units, from where on `split` had better join at once


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
    return nnx.Param(nnx.initializers.normal(0.1)(rngs.params(), (hidden,)))


def bias(rngs: nnx.Rngs, initial: Initial, hidden: int, *gates: float | Array) -> nnx.Param[Array]:
    """Biases `(len(gates) * hidden,)`: gate k starts at `gates[k]`, a number, a traced knob or an array
    `(hidden,)`, plus what `initial.biases` draws."""
    start = jnp.concatenate([jnp.broadcast_to(jnp.asarray(b, jnp.float32), (hidden,)) for b in gates])
    if initial.biases != "zeros":
        start = start + draw(initial.biases, rngs.params(), start.shape, hidden)
    return nnx.Param(start)


@jax.custom_vjp
def affine(x: Array, W: Array, h: Array, R: Array, b: Array) -> Array:
    """`x W + h R + b` as one matrix product, `(..., n), (n, g), (..., h), (h, g), (g,) -> (..., g)`.

    One product of the concatenation trains 1.15 to 1.3 times faster on a CPU than two products
    (batch and hidden 32 and 64, two inputs); XLA lifts the concatenation of weights out of the loop.
    Backward there are two: that for h then has h columns and not n + h, often no multiple of the width of
    a vector register (at h = 64, n = 2 the second takes 2.5 times as long), and that for x is left out where
    the inputs are data, which is what the derivative is written out for. (That makes it one for reverse mode
    alone: `jax.jvp` and `jax.hessian` do not go through it.)
    """
    return jnp.concatenate([x, h], axis=-1) @ jnp.concatenate([W, R], axis=0) + b


def affine_forward(x: Array, W: Array, h: Array, R: Array, b: Array) -> tuple[Array, tuple[Array, ...]]:
    return affine(x, W, h, R, b), (x, W, h, R)


def affine_backward(saved: tuple[Array, ...], da: Array) -> tuple[Array, ...]:
    x, W, h, R = saved
    xh, flat = jnp.concatenate([x, h], axis=-1), da.reshape(-1, da.shape[-1])
    dK = xh.reshape(-1, xh.shape[-1]).T @ flat
    n = x.shape[-1]
    return da @ W.T, dK[:n], da @ R.T, dK[n:], flat.sum(axis=0)


affine.defvjp(affine_forward, affine_backward)


@jax.custom_vjp
def product(x: Array, R: Array) -> Array:
    """`x R`, `(..., h), (h, g) -> (..., g)`, with the derivative written out as in `affine`: each product of it is
    then of rows by columns, for which XLA has good code inside of a loop, and not of a transposed matrix."""
    return x @ R


def product_forward(x: Array, R: Array) -> tuple[Array, tuple[Array, Array]]:
    return x @ R, (x, R)


def product_backward(saved: tuple[Array, Array], da: Array) -> tuple[Array, Array]:
    x, R = saved
    return da @ R.T, x.reshape(-1, x.shape[-1]).T @ da.reshape(-1, da.shape[-1])


product.defvjp(product_forward, product_backward)


@functools.partial(jax.custom_vjp, nondiff_argnums=(1,))
def split(a: Array, gates: int) -> list[Array]:
    """Cut `(..., gates * h)` into `gates` arrays `(..., h)`, in order.

    Backward, small arrays are written one after the other into their places. Joined in one expression, XLA's code for a
    loop in one function (`experiments.compiler`) computes each number of the result `gates` times, which at
    batch = h = 16 takes a third of all the time of training.
    """
    return jnp.split(a, gates, axis=-1)


def split_forward(a: Array, gates: int) -> tuple[list[Array], None]:
    return jnp.split(a, gates, axis=-1), None


def split_backward(gates: int, _: None, da: list[Array]) -> tuple[Array]:
    h = da[0].shape[-1]
    if da[0].size >= SMALL:
        return (jnp.concatenate(da, axis=-1),)
    joined = jnp.zeros((*da[0].shape[:-1], gates * h), da[0].dtype)
    for k, part in enumerate(da):
        joined = jax.lax.dynamic_update_slice_in_dim(joined, part, k * h, axis=-1)
    return (joined,)


split.defvjp(split_forward, split_backward)


def zeros(state: Callable[..., State], input_shape: tuple[int, ...], *sizes: int) -> State:
    """`state(...)` of zero arrays, one `(*batch, size)` per entry of `sizes`."""
    return state(*(jnp.zeros((*input_shape[:-1], size)) for size in sizes))
