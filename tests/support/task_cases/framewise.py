"""Tasks that ask at every step for what the past has led to: the lead, and features in noisy frames."""

import functools
import itertools

import numpy as np

from experiments import Lead, NoisyFrames
from task_cases.case import Case, sure


def tally(task, inputs, mask):
    """Counts both kinds of votes."""
    a, b = np.moveaxis(inputs.cumsum(0), -1, 0)
    return sure(np.where(a > b, 0, np.where(a < b, 2, 1)), 3)


@functools.cache
def answers_by_vote(task):
    """Log-frequency `(vote, answer)` over all sequences of votes that there are."""
    table = np.zeros((2, 3))
    for votes in itertools.product((0, 1), repeat=task.length):
        changes = sum(a != b for a, b in itertools.pairwise(votes))
        chance = 0.5 * (1 / task.run) ** changes * (1 - 1 / task.run) ** (task.length - 1 - changes)
        ahead = 0
        for vote in votes:
            ahead += 1 if vote == 0 else -1
            table[vote, 0 if ahead > 0 else 2 if ahead < 0 else 1] += chance
    return np.log(table / table.sum(1, keepdims=True))


def tally_naively(task, batch):
    return answers_by_vote(task)[batch.inputs.argmax(-1)]


def log_likelihoods(inputs):
    """Of a frame's numbers under features that are on, and under those that are off, less what both share."""
    noise = np.where(inputs[..., -1:] == 1, 4.0, 1.0)
    return [-((inputs[..., :-1].astype(np.float64) - mean) ** 2) / (2 * noise**2) for mean in (1, -1)]


def news(task, batch):
    on, off = log_likelihoods(batch.inputs)
    return on - off


def filter_forwards(task, inputs, mask):
    """The forward algorithm: logarithms of the joint chance of all numbers so far and of each state."""
    change, stay = np.log(1 / np.array(task.durations)), np.log(1 - 1 / np.array(task.durations))
    on, off = (frames.copy() for frames in log_likelihoods(inputs))
    for t in range(1, task.length):
        on[t], off[t] = (
            frames[t] + np.logaddexp(same[t - 1] + stay, other[t - 1] + change)
            for frames, same, other in ((on, on, off), (off, off, on))
        )
    return on - off


CASES = {
    "lead": Case(Lead(length=12, run=3), tally, tally_naively),
    "lead-independent": Case(Lead(length=9, run=2), tally, tally_naively),
    "noisy_frames": Case(NoisyFrames(length=20, durations=(4, 32)), filter_forwards, news),
}
