"""Handling cells in tests: random parameters, their arrays by name, a run over time."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from experiments.compiler import QUICK


def abstract(spec, inputs):
    """The built cell with shapes in place of arrays: nothing is drawn or compiled."""
    return nnx.eval_shape(lambda: spec.build(inputs, nnx.Rngs(0)))


def numpy(tree):
    """The tree with NumPy arrays, whose slices compile nothing."""
    return jax.tree.map(np.asarray, tree)


def randomised(cell, seed=0, scale=0.7):
    """The same cell (abstract or not) with every parameter drawn from a normal: no bias, no peephole is 0."""
    graph, params, rest = nnx.split(cell, nnx.Param, ...)
    generator = np.random.default_rng(seed)
    params = jax.tree.map(lambda p: jnp.asarray(generator.normal(0, scale, p.shape), jnp.float32), params)
    return nnx.merge(graph, params, rest)


def arrays(params):
    """`{"layers.0.W": float64 array, ...}` of a state of parameters (or of gradients)."""
    flat = nnx.to_flat_state(params)
    return {".".join(map(str, path)): np.asarray(leaf[...], np.float64) for path, leaf in flat}


def parameters(cell):
    """`arrays` of all parameters of `cell`."""
    return arrays(nnx.state(cell, nnx.Param))


def put(cell, **values):
    """Overwrite parameters by attribute name: numbers, or arrays that broadcast to the parameter."""
    for name, value in values.items():
        parameter = getattr(cell, name)
        parameter[...] = jnp.asarray(np.broadcast_to(np.asarray(value, np.float32), parameter.shape))
    return cell


# For what runs once, on a few numbers. Not for what becomes part of another program, which has options of its own.
quickly = functools.partial(jax.jit, compiler_options=QUICK)


@quickly
def step(cell, carry, x):
    """One step of `cell`, compiled."""
    return cell(carry, x)


def over_time(cell, xs, carry=None):
    """`(carries, ys)` of every step; xs is time-major `(T, ..., n)`. To be part of a program."""

    def body(carry, x):
        carry, y = cell(carry, x)
        return carry, (carry, y)

    carry = cell.initialize_carry(xs.shape[1:], nnx.Rngs(0)) if carry is None else carry
    return jax.lax.scan(body, carry, xs)[1]


@quickly
def run(cell, xs, carry=None):
    """`over_time`, compiled once per kind of cell and shape: tests that use T, B, N, H = 8, 2, 3, 8 share programs."""
    return over_time(cell, xs, carry)


def normal(seed, *shape):
    """Float32 standard normal numbers."""
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)
