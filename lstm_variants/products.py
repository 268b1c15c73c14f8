"""The products of a step, with derivatives in the form that trains fastest on a CPU.

What is multiplied is first brought to one type, the one that JAX promotes to; the derivatives come back in the
types that went in. Each derivative is a `jax.custom_jvp` whose tangents go through maps of `linear.py`: forward mode
is as usual, reverse mode is as written here.
"""

import functools
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from lstm_variants.linear import linear

Array = jax.Array
SMALL = 1024  # numbers of one gate, batch times units, from where on `split` had better join at once


def affine(x: Array, W: Array, h: Array, R: Array, b: Array) -> Array:
    """`x W + h R + b` as one matrix product, `(..., n), (n, g), (..., h), (h, g), (g,) -> (..., g)`.

    One product of the concatenation trains 1.15 to 1.3 times faster on a CPU than two products
    (batch and hidden 32 and 64, two inputs); XLA lifts the concatenation of weights out of the loop.
    Backward there are two: that for h then has h columns and not n + h, often no multiple of the width of
    a vector register (at h = 64, n = 2 the second takes 2.5 times as long), and that for x is left out where
    the inputs are data, which is what the derivative is written out for (`linear.py`: in forward mode too).
    """
    return joint_product(*alike(x, W, h, R, b))


@jax.custom_jvp
def joint_product(x: Array, W: Array, h: Array, R: Array, b: Array) -> Array:
    return jnp.concatenate([x, h], axis=-1) @ jnp.concatenate([W, R], axis=0) + b


@functools.partial(joint_product.defjvp, symbolic_zeros=True)
def joint_tangent(primals: tuple[Array, ...], tangents: tuple[Any, ...]) -> tuple[Array, Array]:
    x, W, h, R, b = primals
    dx, dW, dh, dR, db = tangents
    a = jnp.concatenate([x, h], axis=-1) @ jnp.concatenate([W, R], axis=0) + b
    parts = [of_rows([M], [dv])[0] for dv, M in ((dx, W), (dh, R)) if moves(dv)]
    if moves(dW) or moves(dR):
        parts += of_weights([x, h], [whole(dW), whole(dR)])
    if moves(db):
        parts.append(jnp.broadcast_to(db, a.shape))
    return a, functools.reduce(jnp.add, parts)


def product(x: Array, R: Array) -> Array:
    """`x R`, `(..., h), (h, g) -> (..., g)`, with the derivative written out as in `affine`: each product of it is
    then of rows by columns, for which XLA has good code inside of a loop, and not of a transposed matrix."""
    return lone_product(*alike(x, R))


@jax.custom_jvp
def lone_product(x: Array, R: Array) -> Array:
    return x @ R


@functools.partial(lone_product.defjvp, symbolic_zeros=True)
def lone_tangent(primals: tuple[Array, Array], tangents: tuple[Any, Any]) -> tuple[Array, Array]:
    (x, R), (dx, dR) = primals, tangents
    parts = (of_rows([R], [dx]) if moves(dx) else []) + (of_weights([x], [dR]) if moves(dR) else [])
    return x @ R, functools.reduce(jnp.add, parts)


def moves(tangent: Any) -> bool:
    """Whether a tangent is one, and not the zero of what is not differentiated."""
    return not isinstance(tangent, SymbolicZero)


def whole(tangent: Any) -> Array:
    return tangent if moves(tangent) else jnp.zeros(tangent.shape, tangent.dtype)


def joined(arrays: Sequence[Array], axis: int) -> Array:
    return jnp.concatenate(arrays, axis) if len(arrays) > 1 else arrays[0]


def weights_slopes(vectors: Sequence[Array], slopes: Sequence[Array]) -> list[Array]:
    """Of each matrix: `v^T da` over all of the batch, as one product for all of them."""
    (da,), v = slopes, joined(vectors, -1)
    dK = v.reshape(-1, v.shape[-1]).T @ da.reshape(-1, da.shape[-1])
    ends = list(accumulate(part.shape[-1] for part in vectors))
    return [dK[end - part.shape[-1] : end] for part, end in zip(vectors, ends, strict=True)]


# v M, linear in v; and v M, or v M + u N, linear in the matrices.
of_rows = linear("of_rows", lambda M, v: [v[0] @ M[0]], lambda M, da: [da[0] @ M[0].T])
of_weights = linear("of_weights", lambda v, M: [joined(v, -1) @ joined(M, 0)], weights_slopes)


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def split(a: Array, gates: int) -> list[Array]:
    """Cut `(..., gates * h)` into `gates` arrays `(..., h)`, in order.

    Backward, small arrays are written one after the other into their places. Joined in one expression, XLA's code for a
    loop in one function (`experiments.compiler`) computes each number of the result `gates` times, which at
    batch = h = 16 takes a third of all the time of training.
    """
    return jnp.split(a, gates, axis=-1)


@split.defjvp
def split_tangent(gates: int, primals: tuple[Array], tangents: tuple[Array]) -> Any:
    return jnp.split(primals[0], gates, axis=-1), cut((), tangents, gates=gates)


def split_slopes(_: Sequence[Array], da: Sequence[Array], gates: int) -> list[Array]:
    h = da[0].shape[-1]
    if da[0].size >= SMALL:
        return [jnp.concatenate(da, axis=-1)]
    written = jnp.zeros((*da[0].shape[:-1], gates * h), da[0].dtype)
    for k, part in enumerate(da):
        written = jax.lax.dynamic_update_slice_in_dim(written, part, k * h, axis=-1)
    return [written]


cut = linear("cut", lambda _, a, gates: jnp.split(a[0], gates, axis=-1), split_slopes)


def alike(*arrays: Array) -> list[Array]:
    """The arrays in the one type that JAX promotes them to."""
    dtype = jnp.result_type(*arrays)
    return [jnp.asarray(array, dtype) for array in arrays]
