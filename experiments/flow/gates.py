"""What the gates of a cell say, seen in its traced step: no cell has to tell.

A gate is an output of σ. What of the cell c is kept is the factor that c is multiplied with, where that factor depends
on the input (a peephole, which does not, is none): f of an LSTM, 1 - i of a CIFG. A cell that adds to c and multiplies
it with nothing keeps all of it.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, primitives

from experiments.flow.influence import Step
from experiments.precision import INLINED

Array = jax.Array
CALLS = ("jit", "pjit", "closed_call", "core_call")


def watched(
    step: Step, carry: Any, x: Array
) -> Callable[[Any, Array], tuple[Any, list[Array], Array | None]]:
    """`(carry, x) -> (new carry, gates, kept)`: outputs of σ, and of a cell with an array `c` in its carry what of it
    is kept `(B, h)`; None for others. carry, x: examples."""
    program, shapes = jax.make_jaxpr(step, return_shape=True)(carry, x)
    tree: Any = jax.tree.structure(shapes[0])
    cell = place_of_c(carry)

    def seen(carry: Any, x: Array) -> tuple[Any, list[Array], Array | None]:
        gates: list[Array] = []
        factors: list[Array] = []
        leaves = [*jax.tree.leaves(carry), x]
        inner = program.jaxpr
        driven = {inner.invars[-1]}
        c = inner.invars[cell] if cell is not None else None
        results = run(inner, program.consts, leaves, gates, factors, driven, c)
        kept = None
        if c is not None:
            kept = factors[0] if factors else jnp.ones_like(leaves[cell or 0])
        return tree.unflatten(results[: tree.num_leaves]), gates, kept

    return seen


def place_of_c(carry: Any) -> int | None:
    """Which leaf of the carry is the cell c, a single array; None where there is none."""
    fields = getattr(carry, "_fields", ())
    if "c" not in fields or not hasattr(carry.c, "shape"):
        return None
    before = list(carry)[: fields.index("c")]
    return len(jax.tree.leaves(before))


def run(
    program: Jaxpr,
    constants: Any,
    arguments: list[Array],
    gates: list[Array],
    factors: list[Array],
    driven: set[Any],
    c: Any,
) -> list[Array]:
    """The results of a traced program, with what σ gives and what c is multiplied with put into the lists."""
    values: dict[Any, Any] = dict(zip(program.constvars, constants, strict=True))
    values |= dict(zip(program.invars, arguments, strict=True))

    def value(v: Any) -> Any:
        return v.val if isinstance(v, Literal) else values[v]

    for line in program.eqns:
        inputs = [value(v) for v in line.invars]
        if any(not isinstance(v, Literal) and v in driven for v in line.invars):
            driven |= set(line.outvars)
        inner = program_in(line)
        if inner is not None:
            outputs = run(inner.jaxpr, inner.consts, inputs, gates, factors, set(), None)
        else:
            made = line.primitive.bind(*inputs, **line.params)
            outputs = list(made) if line.primitive.multiple_results else [made]
        if line.primitive is primitives.logistic_p:
            gates.append(outputs[0])
        if line.primitive is primitives.mul_p and c is not None and c in line.invars:
            other = line.invars[1 - line.invars.index(c)]
            if other in driven:
                factors.append(inputs[1 - line.invars.index(c)])
        values |= dict(zip(line.outvars, outputs, strict=True))
    return [value(v) for v in program.outvars]


def program_in(line: Any) -> ClosedJaxpr | None:
    """The program that a line calls, once and as it stands."""
    if line.primitive.name in INLINED:
        return line.params["call_jaxpr"]
    return line.params["jaxpr"] if line.primitive.name in CALLS else None
