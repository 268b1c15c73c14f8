"""Trials that share a structure, trained together by one compiled program.

`init` makes the state of a whole cohort, `advance` trains every member up to its next evaluation and
evaluates it: both pure, compiled once a structure and cohort size. All arrays of the state have the
members as leading axis. A member that diverged, or stopped because it solved its task, is frozen: it costs
nothing further on a CPU and cannot touch its neighbours. Padding members are frozen from the start.

How the members run, one after the other or side by side, is the layout's to say (`experiments.layout`); how one is
evaluated stands in `experiments.evaluation`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax.flatten_util import ravel_pytree

from experiments.evaluation import held_out_sums, judge, mean, measure, on_longer
from experiments.layout import AUTO, Layout
from experiments.network import Network
from experiments.precision import with_products_in
from experiments.specs import knobs, structure, with_knobs
from experiments.state import NEVER, Report, State, choose
from experiments.streams import stream
from experiments.trial import Trial
from lstm_variants import Layers

Array = jax.Array


@dataclass(frozen=True)
class Cohort:
    """Trials equal up to their floats and seed, padded with frozen copies of the first to `size`."""

    trials: tuple[Trial, ...]
    size: int

    def __post_init__(self) -> None:
        if not self.trials or len(self.trials) > self.size:
            raise ValueError(
                f"A cohort of size {self.size} needs 1 to {self.size} trials; got {len(self.trials)}."
            )
        if len({structure(trial) for trial in self.trials}) > 1:
            raise ValueError("Trials of one cohort must be equal up to floats and seed.")

    @property
    def structure(self) -> Trial:
        return structure(self.trials[0])

    def stack(self) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        """Knobs by path (size,), seeds (size,) and which members are real (size,)."""
        members = [*self.trials, *[self.trials[0]] * (self.size - len(self.trials))]
        values = [knobs(trial) for trial in members]
        return (
            {path: np.array([v[path] for v in values], np.float32) for path in values[0]},
            np.array([trial.seed for trial in members], np.uint32),
            np.arange(self.size) < len(self.trials),
        )


def network_of(trial: Trial, key: Array) -> tuple[Array, Callable[[Array], Network]]:
    """All parameters of a freshly drawn network as one vector (P,), and the way from a vector to a network.

    One vector instead of a tree: the optimiser is a few loops instead of a few loops a matrix, which
    compiles in four fifths of the time and runs no slower.
    """
    parts: Any = nnx.split(Network(trial, nnx.Rngs(params=key)), nnx.Param, ...)
    graph, params, rest = parts
    vector, unravel = ravel_pytree(params)
    return vector, lambda v: nnx.merge(graph, unravel(v), rest)


def make_init(bare: Trial, layout: Layout = AUTO) -> Callable[..., State]:
    """`(knobs, seed, real) -> State` for cohorts of this structure, not compiled."""

    def one(values: dict[str, Array], seed: Array, real: Array) -> State:
        trial = with_knobs(bare, values)
        params, _ = network_of(trial, stream(seed, "init"))
        never = jnp.array(NEVER, jnp.int32)
        return State(
            params=params,
            optimizer=trial.optimizer.build(trial.steps).init(params),
            knobs=values,
            seed=seed,
            step=jnp.array(0, jnp.int32),
            running=real,
            solved_step=never,
            diverged_step=never,
        )

    return layout.over_members(one)


def make_advance(bare: Trial, layout: Layout = AUTO) -> Callable[[State], tuple[State, Report]]:
    """`State -> (State, Report)` for cohorts of this structure, not compiled."""

    def one(state: State) -> tuple[State, Report]:
        trial = with_knobs(bare, state.knobs)
        task, optimizer = trial.task, trial.optimizer.build(trial.steps)
        # Drawn for its shape alone, the parameters come from the state; but layers hold their noise and dropout.
        noisy = isinstance(trial.cell, Layers)
        _, network = network_of(trial if noisy else bare, stream(0, "init"))

        def update(carry: tuple[State, Array, Array]) -> tuple[State, Array, Array]:
            s, loss_sum, norm_sum = carry
            key = stream(state.seed, "data", s.step)
            noise = stream(state.seed, "noise", s.step) if noisy else None
            batch = task.sample(key, trial.batch)
            derivative = jax.value_and_grad(lambda p: measure(network, p, batch, task, noise).loss)
            loss, gradient = with_products_in(trial.precision, derivative)(s.params)
            norm = optax.tree.norm(gradient)
            sound = jnp.isfinite(loss) & jnp.isfinite(norm)
            change, moments = optimizer.update(gradient, s.optimizer, s.params)
            s = s._replace(
                params=choose(sound, optax.apply_updates(s.params, change), s.params),
                optimizer=choose(sound, moments, s.optimizer),
                step=s.step + sound,
                running=s.running & sound,
                diverged_step=jnp.where(sound, s.diverged_step, s.step + 1),
            )
            return s, loss_sum + jnp.where(sound, loss, 0.0), norm_sum + jnp.where(sound, norm, 0.0)

        end = jnp.minimum(state.step + trial.evaluate_every, trial.steps)
        zero = jnp.zeros(())
        s, loss_sum, norm_sum = jax.lax.while_loop(
            lambda carry: carry[0].running & (carry[0].step < end), update, (state, zero, zero)
        )

        sums = held_out_sums(trial, network, s, state.running)
        validation = mean(sums, 0, trial.validation_batches)
        after = judge(trial, s, validation)
        ended = state.running & ~after.running & (after.diverged_step == NEVER)
        updates = jnp.maximum(s.step - state.step, 1)
        return choose(state.running, after, state), Report(
            fresh=state.running,
            train_loss=loss_sum / updates,
            gradient_norm=norm_sum / updates,
            validation=validation,
            test=mean(sums, 1, trial.test_batches),
            longer=tuple(on_longer(trial, network, s, i, ended) for i in range(len(trial.longer))),
        )

    return layout.over_members(one)
