"""A cell, or layers of it, with a linear read-out at the scored steps."""

import jax
from flax import nnx

from experiments.trial import Trial
from lstm_variants import LayersModel, output_size, run_sequence
from lstm_variants.products import product


class Network(nnx.Module):
    """`(T, B, n)` to `(S, B, k)`: the cell over all steps, a linear map of its last S outputs.

    A key, for training, draws what `Layers` draws; nothing else in a network is random. mask `(T, B)`: see
    `Batch`; an output at a padded step is the read-out's bias and means nothing.
    """

    def __init__(self, trial: Trial, rngs: nnx.Rngs):
        self.cell = trial.cell.build(trial.task.inputs, rngs)
        self.readout = nnx.Linear(output_size(self.cell, trial.task.inputs), trial.task.outputs, rngs=rngs)
        self.scored = trial.task.scored

    def __call__(
        self,
        inputs: jax.Array,
        key: jax.Array | None = None,
        *,
        mask: jax.Array | None = None,
        scored: int | None = None,
    ) -> jax.Array:
        last = self.scored if scored is None else scored
        if isinstance(self.cell, LayersModel):
            _, y = self.cell(inputs, mask=mask, last=last, key=key)
        else:
            _, y = run_sequence(self.cell, inputs, mask=mask, last=last)
        return product(y, self.readout.kernel[...]) + self.readout.bias[...]  # type: ignore[index] # it has one
