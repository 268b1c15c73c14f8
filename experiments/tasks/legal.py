"""Sets of legal next symbols: how the tasks over formal languages judge them. No task of its own.

At each step the target is the set of the symbols that may come next, a bit for each of k outputs under logits. The
loss is the binary cross-entropy, summed over the bits, of the steps that count. A sequence is accepted if at every
step the symbols with probability over 1/2 are exactly the legal ones. The score is the Brier skill: one minus the
squared error of the probabilities over that of the naive predictor.
"""

from typing import NamedTuple

import jax
import numpy as np

from experiments.tasks.contract import Batch, Measures, all_right, binary_cross_entropy, mean_counted


class Naive(NamedTuple):
    """Expectations over one sequence: steps that count, and what the naive predictor loses in all of them.

    entropy: its cross-entropy in nats. square: the squared error of its probabilities. Sums over steps and bits.
    """

    steps: float
    entropy: float
    square: float


def naive(steps: float, groups: list[tuple[float, float]]) -> Naive:
    """The predictor that knows no more of some bits than how often they are on.

    groups: (expected number of bits, share of them that are on). All other bits it knows.
    """
    n, p = np.array(groups, np.float64).T
    q = 1 - p
    entropy = -(p * np.log(np.where(p > 0, p, 1)) + q * np.log(np.where(q > 0, q, 1)))
    return Naive(steps, float(n @ entropy), float(n @ (p * q)))


def judge(outputs: jax.Array, batch: Batch, naive: Naive) -> Measures:
    """Loss, share of sequences that are not accepted, and skill of logits `(S, B, k)` for target bits."""
    loss = mean_counted(binary_cross_entropy(outputs, batch.targets), batch.counts, naive.steps)
    right = ((outputs > 0) == (batch.targets > 0)).all(-1)
    square = ((jax.nn.sigmoid(outputs) - batch.targets) ** 2).sum(-1)
    skill = 1 - mean_counted(square, batch.counts, naive.square)
    return Measures(loss, 1 - all_right(right, batch.counts), skill)
