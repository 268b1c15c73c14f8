"""What a cohort carries from evaluation to evaluation, and what it reports there: arrays with the members in front."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from experiments.tasks.contract import Measures

Array = jax.Array
NEVER = -1


class State(NamedTuple):
    """What the next step needs, one entry per member.

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
    """What people look at after an `advance`, one entry per member.

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


def choose(condition: Array, new: Any, old: Any) -> Any:
    """`new` where the condition holds, leaf by leaf, else `old`."""
    return jax.tree.map(lambda n, o: jnp.where(condition, n, o), new, old)
