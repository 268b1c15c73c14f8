"""Adding, copy memory, temporal order, waveform."""

import jax.numpy as jnp
import numpy as np

from experiments import Adding, CopyMemory, TemporalOrder, Waveform
from task_cases.case import Case, constant, sure


def add(task, inputs, mask):
    return (inputs[..., 0] * inputs[..., 1]).sum(0)[None, :, None]


def copy(task, inputs, mask):
    symbols = inputs.argmax(-1)
    said = np.zeros_like(symbols)
    said[-task.recall :] = symbols[: task.recall]
    return sure(said, task.outputs)


def copy_naively(task, batch):
    B = batch.targets.shape[1]
    blank = jnp.full((task.steps - task.recall, B, task.outputs), -1e9).at[..., 0].set(0.0)
    guess = jnp.zeros((task.recall, B, task.outputs)).at[..., 0].set(-1e9)
    return jnp.concatenate([blank, guess])


def order(task, inputs, mask):
    """An automaton: the number so far, doubled at every X or Y, one more at Y."""
    number = np.zeros(inputs.shape[1], int)
    for x in inputs if mask is None else inputs * mask[..., None]:
        informative = x[:, 4] + x[:, 5] > 0
        number = np.where(informative, 2 * number + (x[:, 5] > 0), number)
    return sure(number[None], task.outputs)


def play(task, inputs, mask):
    return np.broadcast_to(task.target()[:, None, None], (task.length, inputs.shape[1], 1))


CASES = {
    "adding": Case(Adding(length=20), add, constant(1.0)),
    "adding-anywhere": Case(Adding(length=20, halves=False), add, constant(1.0)),
    "copy_memory": Case(CopyMemory(delay=6, recall=3, alphabet=4), copy, copy_naively),
    "copy_memory-held": Case(CopyMemory(delay=6, recall=3, alphabet=4, held=True), copy, copy_naively),
    "temporal_order": Case(TemporalOrder(length=20), order, constant(0.0)),
    "temporal_order-two": Case(TemporalOrder(length=30, vary=3, informative=2), order, constant(0.0)),
    "waveform": Case(
        Waveform(length=40, periods=(4, 10)),
        play,
        lambda task, batch: constant(task.target().mean())(task, batch),
    ),
}
