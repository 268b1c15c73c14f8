"""Sizes of a cell, read off the built module and never from a formula.

They work for any Flax cell, ours or not, inside `jax.jit` too, and compute nothing: carries and steps are
only traced for their shapes.

Operations are counted in the traced program by one rule, on floating-point results alone (clocks are free):

    product of matrices        2 m n k               a multiplication and an addition a term
    arithmetic, functions      1 an element          tanh, σ, exp, max alike
    reduction                  1 an element read     sums, maxima
    moving and choosing        0                     slices, pads, joins, casts, copies, comparisons, selects

The program is counted as it is written: work on parameters alone counts, although a compiler lifts it out of
the loop over time (no cell here has any but moving), and so does what is computed and then discarded. XLA's
own `cost_analysis` would count σ as several operations and clocks as arithmetic, differently before and after
compilation, and `jax.experimental.roofline` leaves tanh out and counts the body of a scan once.
"""

import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn

MOVES = {
    *(
        "broadcast_in_dim",
        "reshape",
        "squeeze",
        "expand_dims",
        "transpose",
        "rev",
        "split",
        "concatenate",
        "stack",
    ),
    *("pad", "slice", "dynamic_slice", "dynamic_update_slice", "gather", "scatter", "sort", "top_k"),
    *("select_n", "convert_element_type", "reduce_precision", "bitcast_convert_type", "stop_gradient"),
    *("copy", "copy_p", "device_put", "optimization_barrier", "sharding_constraint", "iota"),
}
ELEMENTWISE = {
    *("add", "sub", "mul", "div", "rem", "neg", "abs", "sign", "max", "min", "clamp", "add_any"),
    *("pow", "integer_pow", "square", "sqrt", "rsqrt", "cbrt", "exp", "exp2", "expm1", "log", "log1p"),
    *("logistic", "tanh", "sinh", "cosh", "asinh", "acosh", "atanh"),
    *("tan", "sin", "cos", "asin", "acos", "atan", "atan2", "erf", "erfc", "erf_inv", "lgamma", "digamma"),
    *("floor", "ceil", "round", "cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp"),
}
REDUCTIONS = {"reduce_sum", "reduce_prod", "reduce_max", "reduce_min"}
CALLS = {"jit", "pjit", "closed_call", "custom_jvp_call", "custom_vjp_call", "checkpoint", "remat2"}


def parameter_count(cell: nnx.Module) -> int:
    """Number of trained numbers: the sizes of all `nnx.Param` of `cell`."""
    return sum(math.prod(jnp.shape(p)) for p in jax.tree.leaves(nnx.state(cell, nnx.Param)))


def state_size(cell: nnx.Module, inputs: int, steps: int = 1) -> int:
    """Floating-point numbers that `cell` carries from step to step, per sequence (a clock is not counted); of a network
    over sequences those after so many steps, more with every step where it attends to all of them."""
    carry, _ = _shapes(cell, inputs, steps)
    return sum(math.prod(a.shape) for a in jax.tree.leaves(carry) if jnp.issubdtype(a.dtype, jnp.floating))


def output_size(cell: nnx.Module, inputs: int) -> int:
    """Features of the output of `cell`, given `inputs` features."""
    _, y = _shapes(cell, inputs)
    return y.shape[-1]


def flops(cell: nnx.RNNCellBase, inputs: int) -> int:
    """Operations of one step of `cell` for one sequence, by the rule above; its first carry is not counted. (Attention
    takes more with every step: this is the first.)

    Raises ValueError for a step whose program has a loop of unknown length or an operation without a rule.
    """
    graph, state = nnx.split(cell)
    state = jax.eval_shape(lambda: state)
    arguments: tuple[Any, ...] = (jax.ShapeDtypeStruct((1, inputs), jnp.float32),)
    if isinstance(cell, nnx.RNNCellBase):
        arguments = (_shapes(cell, inputs)[0], jax.ShapeDtypeStruct((inputs,), jnp.float32))
    program = jax.make_jaxpr(lambda state, *arguments: nnx.merge(graph, state)(*arguments))(state, *arguments)
    return _operations(program.jaxpr)


def _operations(jaxpr: Jaxpr) -> int:
    return sum(map(_count, jaxpr.eqns))


def _count(operation: JaxprEqn) -> int:
    """Operations of one line of a traced program."""
    name, params = operation.primitive.name, operation.params
    if name == "cond":
        return max(_operations(branch.jaxpr) for branch in params["branches"])
    if name == "scan":
        return params["length"] * sum(map(_operations, _programs(params)))
    if name in CALLS:
        return sum(map(_operations, _programs(params)))
    out: Any = operation.outvars[0].aval
    if name in MOVES or (name != "while" and not jnp.issubdtype(out.dtype, jnp.floating)):
        return 0
    if name in ELEMENTWISE:
        return math.prod(out.shape)
    operand: Any = operation.invars[0].aval
    if name in REDUCTIONS:
        return math.prod(operand.shape)
    if name == "dot_general":
        (contracted, _), _ = params["dimension_numbers"]
        return 2 * math.prod(out.shape) * math.prod(operand.shape[axis] for axis in contracted)
    raise ValueError(
        f"flops has no rule for the operation '{name}' in the step of this cell"
        + (" (the number of iterations of its loop is known only at run time)." if name == "while" else ".")
    )


def _programs(params: dict[str, Any]) -> Iterator[Jaxpr]:
    """The traced programs that an operation calls."""
    for value in params.values():
        if isinstance(value, ClosedJaxpr):
            yield value.jaxpr
        elif isinstance(value, Jaxpr):
            yield value


def _shapes(cell: nnx.Module, inputs: int, steps: int = 1) -> tuple[Any, Any]:
    """Shapes of the carry and the output for one sequence; of a network over sequences, for one of so many steps."""
    graph, state = nnx.split(cell)

    def step(state):
        cell = nnx.merge(graph, state)  # a copy: a cell with generators of its own may advance them
        if not isinstance(cell, nnx.RNNCellBase):
            return cell(jnp.zeros((steps, inputs)))
        carry = cell.initialize_carry((inputs,), nnx.Rngs(0))  # some draw their zeros with a key
        return cell(carry, jnp.zeros(inputs))

    return jax.eval_shape(step, state)
