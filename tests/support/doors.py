"""A search strategy and a confirm rule that look at results, as small as they can be."""

import dataclasses
import math
from statistics import stdev
from typing import ClassVar

import numpy as np

from sweeps.strategy import PENDING

RATE = "optimizer.learning_rate"


@dataclasses.dataclass(frozen=True)
class Narrowing:
    """Two settings at a time: at random, then ever closer around the best learning rate so far."""

    sampler: ClassVar[str] = "narrowing"
    most: int = 6

    def ask(self, tried, seed):
        if len(tried) == self.most or (len(tried) % 2 == 0 and tried and tried[-1].status == PENDING):
            return None
        u = np.random.default_rng([*seed, len(tried)]).uniform(-1, 1)
        known = [t for t in tried if t.score is not None]
        if not known:
            return {RATE: 1e-2 * 10**u}
        best = max(known, key=lambda t: t.score).setting[RATE]
        return {RATE: best * 2 ** (u / len(known))}


@dataclasses.dataclass(frozen=True)
class Precise:
    """Four seeds at a time, until the standard error of a cell's mean is below `error`."""

    error: float = 0.1
    most: int = 16
    look: int = 4

    @property
    def expected(self):
        return 2 * self.look

    def wanted(self, scores, question):
        return {
            cell: min(self.most, len(values) + self.look)
            for cell, values in scores.items()
            if len(values) < self.look or stdev(values) / math.sqrt(len(values)) >= self.error
        }
