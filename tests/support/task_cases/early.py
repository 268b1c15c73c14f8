"""The tasks of Hochreiter & Schmidhuber 1997 and the continual Reber grammar of Gers et al. 2000."""

import functools
import itertools
import math

import numpy as np

from experiments import (
    Adding1997,
    ContinualReber,
    EmbeddedReber,
    Multiplication,
    NoiseFreeLag,
    TwoSequence,
)
from task_cases.case import Case, constant, sure

LETTERS = "BTPSXVE"
INNER = (
    {"B": 1},
    {"T": 2, "P": 3},
    {"S": 2, "X": 4},
    {"T": 3, "V": 5},
    {"X": 3, "S": 6},
    {"P": 4, "V": 6},
    {"E": 7},
)


def after(place):
    """Where the symbols lead that may come next; a place is a pair (outer letter, inner node)."""
    letter, node = place
    if letter == "":
        return {"B": ("?", 0)}
    if letter == "?":
        return {"T": ("T", 0), "P": ("P", 0)}
    if node < 7:
        return {symbol: (letter, to) for symbol, to in INNER[node].items()}
    return {letter: (letter, 8)} if node == 7 else {"E": ("end", 0)}


@functools.cache
def ends(place, low, high):
    """Chance that the string ends after `low` to `high` more symbols."""
    if place == ("end", 0):
        return float(low <= 0 <= high)
    return np.mean([ends(to, low - 1, high - 1) for to in after(place).values()]) if high > 0 else 0.0


def spell(task, inputs, mask):
    """Log-probabilities of the next symbol from a walk through the grammar; the length limits weigh the ways."""
    said = np.full((*inputs.shape[:2], 7), -60.0)
    endless = isinstance(task, ContinualReber)
    for b in range(inputs.shape[1]):
        place = ("", 0)
        for t, symbol in enumerate(inputs[:, b].argmax(-1)):
            place = after(place)[LETTERS[symbol]]
            if place == ("end", 0):
                if not endless:
                    break
                place = ("", 0)
            ways = after(place)
            limits = None if endless else (task.shortest - t - 2, task.longest - t - 2)
            weights = np.array([1.0 if endless else ends(to, *limits) for to in ways.values()])
            logs = np.log(np.maximum(weights / weights.sum(), 1e-20))
            said[t, b, [LETTERS.index(s) for s in ways]] = logs
    return said


def spelled(steps, endless, place=("", 0), text="", chance=1.0):
    """All strings of the grammar of at most `steps` symbols, or beginnings of streams, with their chances."""
    if place == ("end", 0) and endless:
        place = ("", 0)
    if place == ("end", 0) or (endless and len(text) == steps):
        yield text, chance
    elif len(text) < steps:
        ways = after(place)
        for symbol, to in ways.items():
            yield from spelled(steps, endless, to, text + symbol, chance / len(ways))


@functools.cache
def followers(task):
    """Log frequency of the next symbol, given the current one, over all strings that the task can draw."""
    endless = isinstance(task, ContinualReber)
    table = np.full((7, 7), 1e-12)
    for text, chance in spelled(task.length + 1 if endless else task.longest, endless):
        if endless or len(text) >= task.shortest:
            for a, b in itertools.pairwise(text):
                table[LETTERS.index(a), LETTERS.index(b)] += chance
    return np.log(table / table.sum(1, keepdims=True))


def pair_by_pair(task, batch):
    return followers(task)[batch.inputs.argmax(-1)]


def last_symbol(task, inputs, mask):
    """x or y, wherever it stood: 0 or 1."""
    x = task.alphabet - (0 if task.variant == "c" else 1)
    seen = inputs[..., x : x + 2] * (1 if mask is None else mask[..., None])
    return seen.sum(0).argmax(-1)


def remember_first(task, inputs, mask):
    first = last_symbol(task, inputs, mask)
    if task.variant == "c":
        return sure(first[None], 2)
    said = say_middle(task, inputs.shape[1])
    said[-1] = sure(task.alphabet - 1 + first, task.outputs)
    return said


def say_middle(task, B):
    """Logits for all but the last symbol: a1, a2 ... in a, any of them in b."""
    letters, T = task.alphabet - 1, task.steps
    said = np.full((T, B, task.outputs), -50.0)
    if task.variant == "a":
        said[np.arange(T), :, np.arange(T) % letters] = 50.0
    else:
        said[..., :letters] = 0.0
    return said


def expect_either(task, batch):
    if task.variant == "c":
        return np.zeros((1, batch.targets.shape[1], 2))
    said = say_middle(task, batch.targets.shape[1])
    said[-1] = np.where(np.arange(task.outputs) >= task.alphabet - 1, 50.0, -50.0)
    return said


def latch(task, inputs, mask):
    """The sign of the sum of the first numbers."""
    T, B = inputs.shape[:2]
    there = np.ones((T, B), bool) if mask is None else mask
    first = there & (np.cumsum(there, 0) <= task.informative)
    positive = (inputs[..., 0] * first).sum(0) > 0
    said = np.where(positive, 0.2, 0.8) if task.variant == "c" else np.where(positive, 1.0, 0.0)
    return np.broadcast_to(said[None, :, None], (task.scored, B, 1))


def marked_values(inputs, mask, neutral):
    marked = inputs[..., 1] == 1
    return np.where(marked if mask is None else marked & mask, inputs[..., 0], neutral)


def add_marked(task, inputs, mask):
    return 0.5 + marked_values(inputs, mask, 0.0).sum(0)[None, :, None] / 4


def multiply_marked(task, inputs, mask):
    return marked_values(inputs, mask, 1.0).prod(0)[None, :, None]


def mean_product(task, batch):
    """1/4, or 1/2 where the first pair is marked first (1 in 10) or second."""
    pairs = math.floor(task.length / 2) - 1
    alone = 0.1 + 0.9 / pairs
    return constant(alone / 2 + (1 - alone) / 4)(task, batch)


CASES = {
    "embedded_reber": Case(EmbeddedReber(longest=14), spell, pair_by_pair),
    "embedded_reber-late": Case(EmbeddedReber(shortest=12, longest=15), spell, pair_by_pair),
    "continual_reber": Case(ContinualReber(length=20), spell, pair_by_pair),
    "noise_free_lag": Case(NoiseFreeLag(alphabet=6), remember_first, expect_either),
    "noise_free_lag-round": Case(NoiseFreeLag(alphabet=4, lag=7), remember_first, expect_either),
    "noise_free_lag-random": Case(NoiseFreeLag(variant="b", alphabet=6), remember_first, expect_either),
    "noise_free_lag-asked": Case(
        NoiseFreeLag(variant="c", alphabet=4, lag=6, suffix=5), remember_first, expect_either
    ),
    "two_sequence": Case(TwoSequence(length=20), latch, constant(0.5)),
    "two_sequence-one": Case(TwoSequence(length=8, informative=1), latch, constant(0.5)),
    "two_sequence-noise": Case(TwoSequence(length=30, informative=8, variant="b"), latch, constant(0.5)),
    "two_sequence-target": Case(TwoSequence(length=20, informative=1, variant="c"), latch, constant(0.5)),
    "adding_1997": Case(Adding1997(length=20), add_marked, constant(0.5)),
    "multiplication": Case(Multiplication(length=30), multiply_marked, mean_product),
}
