"""A cell with a linear read-out at the scored steps."""

from typing import Any

import jax
from flax import nnx

from experiments.trial import Trial
from lstm_variants import output_size, unroll


class Network(nnx.Module):
    """`(T, B, n)` to `(S, B, k)`: the cell over all steps, a linear map of its last S outputs."""

    def __init__(self, trial: Trial, rngs: nnx.Rngs):
        self.cell = trial.cell.build(trial.task.inputs, rngs)
        self.readout = nnx.Linear(output_size(self.cell, trial.task.inputs), trial.task.outputs, rngs=rngs)
        self.scored = trial.task.scored

    def __call__(self, inputs: jax.Array) -> jax.Array:
        carry = self.cell.initialize_carry(inputs.shape[1:], nnx.Rngs(0))  # some cells draw their zeros
        graph, state = nnx.split(self.cell)

        def step(carry: Any, x: jax.Array) -> tuple[Any, jax.Array]:
            return nnx.merge(graph, state)(carry, x)

        _, y = unroll(step, carry, inputs, last=self.scored)
        return self.readout(y)
