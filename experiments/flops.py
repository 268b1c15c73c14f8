"""Operations of the matrix products of one update, from the traced program alone: nothing is compiled or run.

An update of an LSTM with B sequences of T steps, n inputs that are data, h units and k outputs at S steps:

    2 B (n + h) 4h T + 2 B h k S           forward
    2 B (n + h) 4h T + 2 B h k S           backward, for the weights
    2 B       h 4h T + 2 B h k S           backward, for the states; what the inputs would get is not computed

A product counts 2 m n k, a multiplication and an addition a term, a convolution likewise, times the lengths of the
loops around it; of two branches the larger one counts. Counted is what the program of the loss and its derivative
needs: what it computes again on the way back counts twice, and what nobody reads does not count. Elementwise work, the
optimiser and making the data are left out. (`lstm_variants.flops` counts one forward step of a cell, with its
elementwise work.)
"""

import math
from typing import Any

import jax
from jax.interpreters.partial_eval import dce_jaxpr

from experiments.cohort import network_of
from experiments.memory import inner_programs
from experiments.precision import without_x64
from experiments.streams import stream
from experiments.tasks.contract import Batch
from experiments.trial import Trial
from lstm_variants import Layers


@without_x64
def step_flops(bare: Trial) -> int | None:
    """Floating-point operations of the matrix products of one update; None where the network loops for a number of
    rounds that is known only when it runs."""
    task, noise = bare.task, stream(0, "noise") if isinstance(bare.cell, Layers) else None
    found: list[Any] = []

    def trace() -> None:  # traced itself, so that parameters and data are shapes
        params, network = network_of(bare, stream(0, "init"))
        batch = task.sample(stream(0, "data"), bare.batch)

        def loss(params: jax.Array, batch: Batch) -> jax.Array:
            outputs = network(params)(batch.inputs, noise, mask=batch.mask, scored=task.scored)
            return task.measure(outputs, batch).loss

        found.append(jax.make_jaxpr(jax.value_and_grad(loss))(params, batch).jaxpr)

    jax.eval_shape(trace)
    (program,) = found
    needed, _ = dce_jaxpr(program, [True] * len(program.outvars))
    total = operations(needed)
    return int(total) if math.isfinite(total) else None


def operations(jaxpr: Any) -> float:
    """Operations of all matrix products; infinite where one is in a loop of unknown length."""
    return sum(map(count, jaxpr.eqns))


def count(line: Any) -> float:
    """Operations of one line of a traced program."""
    name, inside = line.primitive.name, [operations(inner) for inner in inner_programs(line)]
    if name == "dot_general":
        (contracted, _), _ = line.params["dimension_numbers"]
        return 2 * line.outvars[0].aval.size * math.prod(line.invars[0].aval.shape[i] for i in contracted)
    if name == "conv_general_dilated":
        kernel = line.invars[1].aval
        terms = kernel.size // kernel.shape[line.params["dimension_numbers"].rhs_spec[0]]
        return 2 * line.outvars[0].aval.size * terms
    if name == "scan":
        return line.params["length"] * sum(inside)
    if name == "while":
        return math.inf if any(inside) else 0
    if name == "cond":
        return max(inside, default=0)
    return sum(inside)
