"""What the gates of a cell say, seen in its traced step: no cell has to tell.

A gate is an output of σ. What of the cell c is kept is the factor that c is multiplied with, where that factor depends
on the input (a peephole, which does not, is none): f of an LSTM, 1 - i of a CIFG. A cell that adds to c and multiplies
it with nothing keeps all of it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, primitives

from experiments.flow.influence import Step
from experiments.precision import INLINED

Array = jax.Array
CALLS = ("jit", "pjit", "closed_call", "core_call")


Change = Callable[[int, Array], Array]  # place of a σ in the program, its value -> what is used in its place


def watched(
    step: Step, carry: Any, x: Array
) -> Callable[[Any, Array], tuple[Any, list[Array], Array | None]]:
    """`(carry, x) -> (new carry, gates, kept)`: outputs of σ, and of a cell with an array `c` in its carry what of it
    is kept `(B, h)`; None for others. carry, x: examples."""
    traced = Traced(step, carry, x)

    def seen(carry: Any, x: Array) -> tuple[Any, list[Array], Array | None]:
        gates: list[Array] = []
        factors: list[Array] = []
        after, _ = traced(carry, x, gates, factors)
        kept = None
        if traced.cell is not None:
            kept = factors[0] if factors else jnp.ones_like(jax.tree.leaves(carry)[traced.cell])
        return after, gates, kept

    return seen


class Traced:
    """The program of a step, run with an ear at every σ. step: `(carry, x) -> (carry, y)`. carry, x: examples.

    cell: which leaf of the carry is the cell c; None where there is none.
    """

    def __init__(self, step: Step, carry: Any, x: Array):
        self.program, shapes = jax.make_jaxpr(step, return_shape=True)(carry, x)
        self.tree: Any = jax.tree.structure(shapes)
        self.cell = place_of_c(carry)

    def __call__(
        self,
        carry: Any,
        x: Array,
        gates: list[Array],
        factors: list[Array] | None = None,
        change: Change | None = None,
    ) -> tuple[Any, Array]:
        """What the step gives. gates: outputs of σ are appended to it, in the order of the program. factors: likewise
        what c is multiplied with. change: what is used in place of a σ's output, which `gates` then has."""
        inner = self.program.jaxpr
        c = inner.invars[self.cell] if self.cell is not None else None
        hear = Hearing(gates, [] if factors is None else factors, change or (lambda _, value: value))
        results = run(inner, self.program.consts, [*jax.tree.leaves(carry), x], hear, {inner.invars[-1]}, c)
        both: tuple[Any, Array] = self.tree.unflatten(results)
        return both


class Hearing(NamedTuple):
    """Where a run puts what it hears, and what it changes."""

    gates: list[Array]
    factors: list[Array]
    change: Change


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
    hear: Hearing,
    driven: set[Any],
    c: Any,
) -> list[Array]:
    """The results of a traced program, with what σ gives and what c is multiplied with put into lists."""
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
            outputs = run(inner.jaxpr, inner.consts, inputs, hear, set(), None)
        else:
            made = line.primitive.bind(*inputs, **line.params)
            outputs = list(made) if line.primitive.multiple_results else [made]
        if line.primitive is primitives.logistic_p:
            outputs = [hear.change(len(hear.gates), outputs[0])]
            hear.gates.append(outputs[0])
        if line.primitive is primitives.mul_p and c is not None and c in line.invars:
            other = line.invars[1 - line.invars.index(c)]
            if other in driven:
                hear.factors.append(inputs[1 - line.invars.index(c)])
        values |= dict(zip(line.outvars, outputs, strict=True))
    return [value(v) for v in program.outvars]


def program_in(line: Any) -> ClosedJaxpr | None:
    """The program that a line calls, once and as it stands."""
    if line.primitive.name in INLINED:
        return line.params["call_jaxpr"]
    return line.params["jaxpr"] if line.primitive.name in CALLS else None
