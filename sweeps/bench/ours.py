"""Our side: the engine as sweeps use it, `Program` and `Cohort`.

A step is one update: data drawn on the device, forward, backward, clipping, Adam. `advance` adds to every
`evaluate_every` updates one validation batch, forward alone: 1 % more or less, which is counted against us. Building
compiles `init` and `advance`.
"""

import dataclasses
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from experiments.cohort import Cohort
from experiments.optimizers import Adam
from experiments.program import Program
from experiments.specs import structure
from experiments.tasks import Adding
from experiments.trial import Trial
from lstm_variants import CELLS
from sweeps.bench.processes import Work
from sweeps.provenance import device_name


def describe() -> dict[str, Any]:
    """Backend and device of this process."""
    return {"backend": jax.default_backend(), "device": device_name(jax.devices()[0])}


def build(case: dict[str, Any]) -> tuple[Work, dict[str, Any]]:
    """A training step (told: the shapes of the cell's parameters by path) or a square product."""
    if case["what"] == "product":
        return product(case["size"]), {}
    trial = trial_of(case)
    return Training(trial, case["members"]), {"shapes": shapes(trial)}


def trial_of(case: dict[str, Any]) -> Trial:
    """The trial of a case."""
    large = case["batch"] * case["hidden"] * case["length"] > 500_000
    return Trial(
        cell=CELLS[case["cell"]](hidden=case["hidden"]),
        task=Adding(length=case["length"]),
        optimizer=Adam(learning_rate=1e-3),
        seed=0,
        steps=10**9,
        batch=case["batch"],
        evaluate_every=20 if large else 50,
        validation_batches=1,
        test_batches=1,
    )


def shapes(trial: Trial) -> dict[str, tuple[int, ...]]:
    """Shapes of the cell's parameters by dotted path."""
    cell = nnx.eval_shape(lambda: trial.cell.build(trial.task.inputs, nnx.Rngs(0)))
    return {
        ".".join(map(str, path)): leaf.shape for path, leaf in nnx.to_flat_state(nnx.state(cell, nnx.Param))
    }


class Training:
    """A cohort of `members` trials that differ in their seeds, trained on and on."""

    def __init__(self, trial: Trial, members: int):
        trials = tuple(dataclasses.replace(trial, seed=seed) for seed in range(members))
        self.every = trial.evaluate_every
        self.program = Program(structure(trial), members)
        self.state = self.program.start(Cohort(trials, members))

    def __call__(self, steps: int) -> int:
        calls = math.ceil(steps / self.every)
        for _ in range(calls):
            self.state, _ = self.program.advance(self.state)
        if not np.asarray(self.state.running).all():  # a frozen trial costs nothing and would look fast
            raise RuntimeError("a trial diverged, so that its steps cannot be timed")
        return calls * self.every


def product(size: int) -> Work:
    """Products of two float32 matrices `(size, size)`."""
    a, b = (jax.random.normal(jax.random.key(k), (size, size), jnp.float32) for k in (0, 1))
    multiply = jax.jit(jnp.matmul).lower(a, b).compile()

    def work(products: int) -> int:
        for _ in range(products):
            multiply(a, b).block_until_ready()
        return products

    return work
