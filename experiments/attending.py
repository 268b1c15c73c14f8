"""Where a trained network looks: the weights of its attention on sequences of its task.

    looked_at(trial, params, sequences=4).weights       (4, T, T): row t over the steps s ≤ t
    looked_on(trial, params, batch, places=(5, 0))      the same on sequences of a batch of its test

The parameters are those of a trained network: of the engine's last state, or kept by a sweep.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from experiments.cohort import network_of
from experiments.evaluation import evaluated
from experiments.precision import with_products_in, without_x64
from experiments.specs import SpecError
from experiments.streams import stream
from experiments.tasks.contract import Batch, part
from experiments.trial import Trial
from lstm_variants import Layers, attention_weights


class Looked(NamedTuple):
    """weights (B, T, T): α of step t at step s ≤ t, 0 where either is padded. batch: the sequences, of the test stream.
    score: the network's on them, None where it was not asked for. places: their numbers, None: from 0."""

    weights: np.ndarray
    batch: Batch
    score: float | None
    places: tuple[int, ...] | None = None


def attends(trial: Trial) -> bool:
    return isinstance(trial.cell, Layers) and trial.cell.attend


@without_x64
def looked_at(trial: Trial, params: np.ndarray, sequences: int = 4) -> Looked:
    """Run a network with these parameters (P,) over test sequences, the first ones of the trial's test.

    Raises SpecError for a trial whose network does not attend.
    """
    refuse(trial)
    task = part(trial.task, "test")

    def look(params: jax.Array) -> tuple[jax.Array, Batch, jax.Array]:
        _, network = network_of(trial, stream(trial.seed, "init"))
        batch = task.sample(stream(trial.seed, "test", 0), sequences)

        return weighed(trial, params, batch), batch, evaluated(trial, network, params, batch, task).score

    weights, batch, score = jax.tree.map(np.asarray, jax.jit(look)(jnp.asarray(params)))
    return Looked(weights, batch, float(score))


@without_x64
def looked_on(trial: Trial, params: np.ndarray, batch: Batch, places: Sequence[int]) -> Looked:
    """Run a network with these parameters (P,) over some sequences of a batch, by their places in it.

    Raises SpecError for a trial whose network does not attend.
    """
    refuse(trial)
    chosen: Batch = jax.tree.map(lambda a: np.asarray(a)[:, list(places)], batch)
    weights = jax.jit(lambda params: weighed(trial, params, chosen))(jnp.asarray(params))
    return Looked(np.asarray(weights), chosen, None, tuple(places))


def weighed(trial: Trial, params: jax.Array, batch: Batch) -> jax.Array:
    _, network = network_of(trial, stream(trial.seed, "init"))

    def weigh(params: jax.Array) -> jax.Array:
        model: Any = network(params).cell
        return attention_weights(model, batch.inputs, mask=batch.mask)

    weights: jax.Array = with_products_in(trial.precision, weigh)(params)
    return weights


def refuse(trial: Trial) -> None:
    if not attends(trial):
        raise SpecError(
            "Only a network that attends has weights of attention: its cell is Layers(cell=..., attend=True); got "
            f"{trial.cell!r}."
        )
