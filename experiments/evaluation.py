"""How one member is evaluated: on validation batches, then, once it has ended, on test batches and longer sequences.

Functions of one member, inside the trace. What a member is evaluated on is drawn from its seed: `validation` and `test`
by the number of the batch, `longer` by the factor's place too, whatever the step and the company.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from experiments.network import Network
from experiments.precision import with_products_in
from experiments.state import NEVER, State, choose
from experiments.streams import stream
from experiments.tasks.contract import TOLERANCE, Batch, Measures, TaskSpec, part
from experiments.trial import Trial

Array = jax.Array
Networks = Callable[[Array], Network]  # from a vector of parameters (P,) to the network


def measure(
    network: Networks, params: Array, batch: Batch, task: TaskSpec, noise: Array | None = None
) -> Measures:
    """A network's measures on a batch. noise: the key of what layers draw in training; None: they draw nothing."""
    outputs = network(params)(batch.inputs, noise, mask=batch.mask, scored=task.scored)
    return task.measure(outputs, batch)


def evaluated(trial: Trial, network: Networks, params: Array, batch: Batch, task: TaskSpec) -> Measures:
    """`measure` in the trial's precision, without noise."""
    measures: Measures = with_products_in(trial.precision, lambda p: measure(network, p, batch, task))(params)
    return measures


def judge(trial: Trial, state: State, validation: Measures) -> State:
    """The state after an evaluation: whether the member has solved its task, has diverged, goes on."""
    sound = jnp.isfinite(validation.loss)
    newly = sound & (validation.error < TOLERANCE) & (state.solved_step == NEVER)
    solved_step = jnp.where(newly, state.step, state.solved_step)
    stops = (solved_step != NEVER) & (state.step - solved_step >= trial.stop_after)
    return state._replace(
        solved_step=solved_step,
        diverged_step=jnp.where(
            sound, state.diverged_step, jnp.where(state.running, state.step, state.diverged_step)
        ),
        running=state.running & sound & ~stops & (state.step < trial.steps),
    )


def held_out_sums(trial: Trial, network: Networks, state: State, running: Array) -> Measures:
    """Sums of measures, in row 0 over validation, in row 1 over test where the member has ended (else zeros).

    Blocks 0 ... V-1 are validation; the test blocks V ... V+T-1 follow in the same loop, so that both are compiled
    once, if the validation says that the member has ended. running: whether it was, before; else all is zero.
    """
    V, T = trial.validation_batches, trial.test_batches

    def more(carry: tuple[Array, Measures]) -> Array:
        k, sums = carry
        judged = judge(trial, state, mean(sums, 0, V))
        tested = ~judged.running & (judged.diverged_step == NEVER)
        return running & ((k < V) | (tested & (k < V + T)))

    def block(carry: tuple[Array, Measures]) -> tuple[Array, Measures]:
        k, sums = carry
        i = (k >= V).astype(jnp.int32)
        key = choose(i == 0, stream(state.seed, "validation", k), stream(state.seed, "test", k - V))
        batch = held_out(trial.task, i == 0, key, trial.batch)
        measures = evaluated(trial, network, state.params, batch, trial.task)
        return k + 1, jax.tree.map(lambda total, m: total.at[i].add(m), sums, measures)

    nothing = Measures(*[jnp.zeros(2)] * 3)
    carry: tuple[Array, Measures] = jax.lax.while_loop(more, block, (jnp.array(0, jnp.int32), nothing))
    return carry[1]


def mean(sums: Measures, i: int, batches: int) -> Measures:
    """Row i of sums over so many batches, as means."""
    return jax.tree.map(lambda total: total[i] / batches, sums)


def on_longer(trial: Trial, network: Networks, state: State, i: int, ended: Array) -> Measures:
    """Mean measures on test sequences `trial.longer[i]` times as long, where the member has ended (else zeros)."""
    T, far = trial.test_batches, part(trial.task.longer(trial.longer[i]), "test")

    def one_more(carry: tuple[Array, Measures]) -> tuple[Array, Measures]:
        k, total = carry
        batch = far.sample(stream(state.seed, "longer", i * T + k), trial.batch)
        return k + 1, jax.tree.map(jnp.add, total, evaluated(trial, network, state.params, batch, far))

    start = jnp.array(0, jnp.int32), Measures(*[jnp.zeros(())] * 3)
    _, total = jax.lax.while_loop(lambda carry: ended & (carry[0] < T), one_more, start)
    return jax.tree.map(lambda t: t / T, total)


def held_out(task: TaskSpec, validation: Array, key: Array, batch: int) -> Batch:
    """A batch of the validation items where `validation` holds, else of the test items."""
    ours, theirs = part(task, "validation"), part(task, "test")
    if ours == theirs:
        return task.sample(key, batch)
    return jax.lax.cond(validation, lambda: ours.sample(key, batch), lambda: theirs.sample(key, batch))
