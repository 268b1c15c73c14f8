"""Functional ANOVA of a forest: its variance over the grid, exactly, by factor and pair of factors.

With f the forest's prediction, a sum over leaves l of value c_l, each of which takes up the share μ_jl of factor j's
points, every mean over the grid's uniform measure is a sum over leaves (Hutter, Hoos & Leyton-Brown 2014):

    mean                   m        = Σ_l c_l Π_j μ_jl
    main effect            a_j(x)   = Σ_l c_l Π_{i≠j} μ_il [x in l] - m
    interaction            a_jk     = Σ_l c_l Π_{i≠j,k} μ_il [x_j in l] [x_k in l] - m - a_j - a_k
    variance of an effect  V_j, V_jk = mean of its square over the grid
    variance in all        V        = Σ_l Σ_l' (c_l - m/T) (c_l' - m/T) Π_j (share of j's points in l and in l')

They take these of each of the T trees and then the mean of the trees' shares. Here they are of f itself: single
trees differ by noise, which counts among their effects and averages out in the forest's. A factor without order is
one factor with all its columns, so no effect is split among them.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from analysis.statistics.search.forest import Forest

BLOCK = 512  # leaves whose overlaps are computed at a time


@dataclass(frozen=True, eq=False, kw_only=True)
class Effects:
    """A forest's mean, its variance, and its effects by factor and by pair of factors (positions, ascending)."""

    mean: float
    variance: float
    main: list[np.ndarray]
    pair: dict[tuple[int, int], np.ndarray]

    def shares(self) -> np.ndarray:
        """Of the variance: main effects, then interactions, both in order, then all that is no main effect."""
        parts = np.array([np.mean(a**2) for a in [*self.main, *self.pair.values()]])
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = parts / self.variance
        return np.append(shares, max(0.0, 1 - shares[: len(self.main)].sum()))


def effects(forest: Forest) -> Effects:
    """The exact decomposition, up to interactions of two factors."""
    inside = forest.inside
    share = [within.mean(axis=1, dtype=float) for within in inside]
    weighted = forest.values * np.prod(share, axis=0)
    mean = float(weighted.sum())
    main = [(weighted / share[j]) @ inside[j] - mean for j in range(len(inside))]
    pair = {}
    for j, k in combinations(range(len(inside)), 2):
        joint = (inside[j] * (weighted / share[j] / share[k])[:, None]).T @ inside[k]
        pair[j, k] = joint - mean - main[j][:, None] - main[k]
    return Effects(mean=mean, variance=variance(forest, mean), main=main, pair=pair)


def variance(forest: Forest, mean: float) -> float:
    """V, over pairs of leaves."""
    centred = (forest.values - mean / forest.trees).astype(np.float32)
    total = 0.0
    for first in range(0, len(centred), BLOCK):
        block = slice(first, first + BLOCK)
        both = np.outer(centred[block], centred)
        for within in forest.inside:
            both *= within[block] @ within.T / within.shape[1]
        total += float(both.sum(dtype=float))
    return total
