"""A cohort trained, and what flows through its networks before, halfway and after."""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from experiments.cohort import Cohort
from experiments.compiler import LIBRARIES, compile_with
from experiments.engine import Engine
from experiments.flow.measure import Measured, make_measure
from experiments.precision import without_x64
from experiments.trial import Trial

MOMENTS = ("start", "halfway", "end")


@dataclass(frozen=True)
class Moment:
    """name: of `MOMENTS`. step: updates made by then. measured: arrays with the trials in front."""

    name: str
    step: int
    measured: Measured


@without_x64
def flows(trials: Sequence[Trial], sequences: int = 32) -> list[Moment]:
    """Train trials that share a structure, each evaluated twice (`evaluate_every` is half of `steps`), and measure
    before, between and after.

    Raises ValueError for trials of another kind, and as `make_measure` does, before anything is trained.
    """
    bare = Cohort(tuple(trials), len(trials)).structure
    if bare.steps != 2 * bare.evaluate_every:
        raise ValueError(
            f"Flow is measured halfway, so steps must be 2 evaluate_every; got steps={bare.steps} and "
            f"evaluate_every={bare.evaluate_every}."
        )
    one = make_measure(bare, sequences)
    run = Engine().start(Cohort(tuple(trials), len(trials)))
    over_members = jax.jit(
        lambda parameters, seeds: jax.lax.map(lambda both: one(*both), (parameters, seeds))
    )
    state = run.state
    lowered = over_members.lower(jnp.asarray(state.params), jnp.asarray(state.seed))
    compiled = compile_with(lowered, LIBRARIES if jax.default_backend() == "cpu" else {})
    moments = []
    for k, name in enumerate(MOMENTS):
        if k:
            run.advance()
            state = run.state
        found = compiled(jnp.asarray(state.params), jnp.asarray(state.seed))
        moments.append(Moment(name, k * bare.evaluate_every, jax.tree.map(np.asarray, found)))
    return moments
