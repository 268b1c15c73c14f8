"""bfloat16 for the matrix products and for nothing else: rounded operands, sums and all other numbers float32.

A product's operands are rounded to 8 bits of mantissa, which is what accelerators multiply many times faster
(Micikevicius et al. 2018, with bfloat16 in place of float16, so that no loss scaling is needed). Parameters,
optimiser, carries and elementwise operations stay float32, in any cell, ours or not: it is the traced program
that is rewritten, backward pass included. (`jax.default_matmul_precision` says the same to XLA, but on a CPU,
measured with JAX 0.10.2, XLA takes it and computes in float32.)

A trial is float32 whatever `JAX_ENABLE_X64` says: the flag is no part of its identity. (Cells alone have the types of
their parameters and inputs, float64 too.)
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core
from jax.extend.core import primitives

PRECISIONS = ("float32", "bfloat16")
P = ParamSpec("P")
R = TypeVar("R")
INLINED = ("custom_jvp_call", "custom_vjp_call")  # differentiated already, if it was to be


def without_x64(function: Callable[P, R]) -> Callable[P, R]:
    """The function, which traces or runs a trial, with x64 off."""

    @wraps(function)
    def narrow(*arguments: P.args, **options: P.kwargs) -> R:
        with jax.enable_x64(False):
            return function(*arguments, **options)

    return narrow


def with_products_in(precision: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with all its matrix products of float32 numbers in a precision of `PRECISIONS`.

    To be applied outside of differentiation: `with_products_in("bfloat16", jax.value_and_grad(f))`.
    """
    if precision == "float32":
        return function

    def rounded(*arguments: Any) -> Any:
        traced, shape = jax.make_jaxpr(function, return_shape=True)(*arguments)
        results = evaluate(traced, *jax.tree.leaves(arguments))
        return jax.tree.unflatten(jax.tree.structure(shape), results)

    return rounded


def evaluate(traced: core.ClosedJaxpr, *arguments: Any) -> list[Any]:
    """The outputs of a traced program, with rounded operands in its products."""
    values: dict[Any, Any] = dict(zip(traced.jaxpr.constvars, traced.consts, strict=True))
    values |= zip(traced.jaxpr.invars, arguments, strict=True)

    def read(atom: Any) -> Any:
        return atom.val if isinstance(atom, core.Literal) else values[atom]

    for equation in traced.jaxpr.eqns:
        operands, params = [read(atom) for atom in equation.invars], equation.params
        if equation.primitive is primitives.dot_general_p:
            results = [product(*operands, **params)]
        elif equation.primitive.name in INLINED:
            results = evaluate(params["call_jaxpr"], *operands)
        else:
            inner = {name: rewritten(value) for name, value in params.items()}
            results = equation.primitive.bind(*operands, **inner)
            results = results if equation.primitive.multiple_results else [results]
        values |= zip(equation.outvars, results, strict=True)
    return [read(atom) for atom in traced.jaxpr.outvars]


def rewritten(param: Any) -> Any:
    """A primitive's parameter with the programs in it (the body of a loop, the branches of a choice) rewritten.

    Raises NotImplementedError for a constant array inside a custom derivative.
    """
    if isinstance(param, core.ClosedJaxpr):
        shapes = [variable.aval for variable in param.jaxpr.invars]
        return jax.make_jaxpr(lambda *arguments: evaluate(param, *arguments))(*shapes)
    if isinstance(param, core.Jaxpr):
        closed = rewritten(core.ClosedJaxpr(param, ()))
        if closed.consts:
            raise NotImplementedError(
                "bfloat16 products: a constant array inside a custom derivative of the cell."
            )
        return closed.jaxpr
    if type(param) is tuple:
        return tuple(rewritten(entry) for entry in param)
    return param


def product(a: jax.Array, b: jax.Array, **params: Any) -> jax.Array:
    """`dot_general` of float32 arrays with operands in bfloat16 and sums in float32; of others as it is.

    On a CPU, where XLA lacks some of these products, the rounded operands are multiplied as float32: the same
    numbers, and no time won.
    """
    if a.dtype == b.dtype == jnp.float32:
        if jax.default_backend() == "cpu":
            a, b = (jax.lax.reduce_precision(x, exponent_bits=8, mantissa_bits=7) for x in (a, b))
        else:
            a, b = a.astype(jnp.bfloat16), b.astype(jnp.bfloat16)
            params = params | {"preferred_element_type": np.dtype(np.float32)}
    return primitives.dot_general_p.bind(a, b, **params)
