"""Trials that share a structure, trained together by one compiled program.

`init` makes the state of a whole cohort, `advance` trains every member up to its next evaluation and
evaluates it: both pure, compiled once a structure and cohort size. All arrays of the state have the
members as leading axis. A member that diverged, or stopped because it solved its task, is frozen: it costs
nothing further on a CPU and can not touch its neighbours. Padding members are frozen from the start.

How the members run, one after the other or side by side, is the layout's to say (`experiments.layout`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax.flatten_util import ravel_pytree

from experiments.layout import AUTO, Layout
from experiments.network import Network
from experiments.precision import with_products_in
from experiments.specs import knobs, structure, with_knobs
from experiments.streams import stream
from experiments.tasks.contract import TOLERANCE, Batch, Measures, TaskSpec, part
from experiments.trial import Trial
from lstm_variants import Layers

Array = jax.Array
NEVER = -1


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


class State(NamedTuple):
    """What the next step needs, one entry a member.

    params: all trainable numbers (size, P). optimizer: the optimiser's state. step: updates made. running:
    False once stopped, diverged or finished. solved_step, diverged_step: the update at which it happened,
    `NEVER` before.
    """

    params: Array
    optimizer: Any
    knobs: dict[str, Array]
    seed: Array
    step: Array
    running: Array
    solved_step: Array
    diverged_step: Array


class Report(NamedTuple):
    """What people look at after an `advance`, one entry a member.

    fresh: the member trained in this call (else the rest is meaningless). train_loss, gradient_norm: means
    over the updates of this call. validation: measures now. test: measures, once the member has ended;
    longer: likewise on longer sequences, by the factors in `Trial.longer`.
    """

    fresh: Array
    train_loss: Array
    gradient_norm: Array
    validation: Measures
    test: Measures
    longer: tuple[Measures, ...]


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

        def measure(
            params: Array, batch: Batch, noise: Array | None = None, task: TaskSpec = task
        ) -> Measures:
            outputs = network(params)(batch.inputs, noise, mask=batch.mask, scored=task.scored)
            return task.measure(outputs, batch)

        def judged(params: Array, batch: Batch, task: TaskSpec = task) -> Measures:
            measured: Measures = with_products_in(trial.precision, lambda p: measure(p, batch, task=task))(
                params
            )
            return measured

        def update(carry: tuple[State, Array, Array]) -> tuple[State, Array, Array]:
            s, loss_sum, norm_sum = carry
            key = stream(state.seed, "data", s.step)
            noise = stream(state.seed, "noise", s.step) if noisy else None
            batch = task.sample(key, trial.batch)
            derivative = jax.value_and_grad(lambda p: measure(p, batch, noise).loss)
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

        # Blocks 0..V-1 are validation; the test blocks V..V+T-1 follow in the same loop, so that both are
        # compiled once, if the validation says that the member has ended. Row 0 of the sums is validation.
        V, T = trial.validation_batches, trial.test_batches

        def judge(validation: Measures) -> State:
            sound = jnp.isfinite(validation.loss)
            newly = sound & (validation.error < TOLERANCE) & (s.solved_step == NEVER)
            solved_step = jnp.where(newly, s.step, s.solved_step)
            stops = (solved_step != NEVER) & (s.step - solved_step >= trial.stop_after)
            return s._replace(
                solved_step=solved_step,
                diverged_step=jnp.where(
                    sound, s.diverged_step, jnp.where(s.running, s.step, s.diverged_step)
                ),
                running=s.running & sound & ~stops & (s.step < trial.steps),
            )

        def first_row(sums: Measures) -> Measures:
            return jax.tree.map(lambda total: total[0] / V, sums)

        def more(carry: tuple[Array, Measures]) -> Array:
            k, sums = carry
            judged = judge(first_row(sums))
            tested = ~judged.running & (judged.diverged_step == NEVER)
            return state.running & ((k < V) | (tested & (k < V + T)))

        def block(carry: tuple[Array, Measures]) -> tuple[Array, Measures]:
            k, sums = carry
            row = (k >= V).astype(jnp.int32)
            key = choose(row == 0, stream(state.seed, "validation", k), stream(state.seed, "test", k - V))
            measured = judged(s.params, held_out(task, row == 0, key, trial.batch))
            return k + 1, jax.tree.map(lambda total, m: total.at[row].add(m), sums, measured)

        nothing = Measures(*[jnp.zeros(2)] * 3)
        _, sums = jax.lax.while_loop(more, block, (jnp.array(0, jnp.int32), nothing))
        validation = first_row(sums)
        after = judge(validation)
        ended = state.running & ~after.running & (after.diverged_step == NEVER)

        def beyond(i: int, factor: int) -> Measures:
            far = part(task.longer(factor), "test")

            def one_more(carry: tuple[Array, Measures]) -> tuple[Array, Measures]:
                k, total = carry
                batch = far.sample(stream(state.seed, "longer", i * T + k), trial.batch)
                return k + 1, jax.tree.map(jnp.add, total, judged(s.params, batch, far))

            start = jnp.array(0, jnp.int32), Measures(*[jnp.zeros(())] * 3)
            _, total = jax.lax.while_loop(lambda carry: ended & (carry[0] < T), one_more, start)
            return jax.tree.map(lambda t: t / T, total)

        updates = jnp.maximum(s.step - state.step, 1)
        return choose(state.running, after, state), Report(
            fresh=state.running,
            train_loss=loss_sum / updates,
            gradient_norm=norm_sum / updates,
            validation=validation,
            test=jax.tree.map(lambda total: total[1] / T, sums),
            longer=tuple(beyond(i, factor) for i, factor in enumerate(trial.longer)),
        )

    return layout.over_members(one)


def held_out(task: TaskSpec, validation: Array, key: Array, batch: int) -> Batch:
    """A batch of the validation items where `validation` holds, else of the test items."""
    ours, theirs = part(task, "validation"), part(task, "test")
    if ours == theirs:
        return task.sample(key, batch)
    return jax.lax.cond(validation, lambda: ours.sample(key, batch), lambda: theirs.sample(key, batch))


def choose(condition: Array, new: Any, old: Any) -> Any:
    """`new` where the condition holds, leaf by leaf, else `old`."""
    return jax.tree.map(lambda n, o: jnp.where(condition, n, o), new, old)
