"""E-processes for the mean δ of bounded differences: bets on the next one that nobody can win at if the null is true.

A difference d of two scores in [0, 1] lies in [-1, 1]. Against the null "δ <= m" the bettor stakes a share g of
what can be lost, and has after n differences

    E = Σ_g w_g Π_i (1 + g x_i),     x_i = (d_i - m) / (1 + m) >= -1

Under the null every factor has a mean of at most 1, so each product and their mixture are non-negative
supermartingales (Waudby-Smith & Ramdas 2024, Journal of the Royal Statistical Society B 86, equations 24 and
28). Against "δ >= m" the same with the signs turned. The shares and weights are fixed before any data: the
small ones win slowly where the spread is large, the largest wins fastest where nothing ever differs.

All arrays are float64, differences (..., n) along the last axis; e-values are kept as logarithms.
"""

import math

import numpy as np

SHARES = np.array([0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1.0])
WEIGHTS = np.array([0.04, 0.05, 0.06, 0.07, 0.08, 0.10, 0.10, 0.15, 0.35])
SMALLEST = 1e-7  # half the width at which the search for the end of an interval stops


def above(differences: np.ndarray, null: float) -> np.ndarray:
    """log E after each difference, of evidence that the mean is above `null`, in (-1, 1)."""
    x = (np.asarray(differences, float) - null) / (1 + null)
    found = np.full(x.shape, -np.inf)
    for share, weight in zip(SHARES, WEIGHTS, strict=True):
        with np.errstate(divide="ignore"):  # all is lost: log 0
            wealth = np.cumsum(np.log(np.maximum(1 + share * x, 0.0)), axis=-1)
        found = np.logaddexp(found, wealth + math.log(weight))
    return found


def below(differences: np.ndarray, null: float) -> np.ndarray:
    """log E after each difference, of evidence that the mean is below `null`."""
    return above(-np.asarray(differences, float), -null)


def equal(differences: np.ndarray, margin: float) -> np.ndarray:
    """log E after each difference, of evidence that the mean lies within ± margin: the smaller of two, since one of the
    two nulls is true where it does not."""
    return np.minimum(above(differences, -margin), below(differences, margin))


def better(differences: np.ndarray) -> np.ndarray:
    """log E after each difference, of evidence that the mean is above 0; half of it, so that the larger of `better`
    and `worse` is an e-value too."""
    return above(differences, 0.0) - math.log(2)


def worse(differences: np.ndarray) -> np.ndarray:
    """The same that it is below 0."""
    return below(differences, 0.0) - math.log(2)


def interval(differences: np.ndarray, level: float, looks: tuple[int, ...] = ()) -> tuple[float, float]:
    """The means that bets at `level` a side have not refuted: a confidence sequence, with coverage 1 - 2 `level` at all
    looks together. differences: (n,). looks: numbers of differences at which somebody looked (default: n alone); what
    was refuted once stays refuted. (-1, 1) where there are no differences."""
    x, ends = np.asarray(differences, float), looks or (len(differences),)
    low = max((end(x[:n], level) for n in ends if n), default=-1.0)
    high = min((-end(-x[:n], level) for n in ends if n), default=1.0)
    # The two ends may cross where the differences drift: then nothing is left but what lies between.
    return (low, high) if low <= high else (high, low)


def end(x: np.ndarray, level: float) -> float:
    """The largest mean such that all below it are refuted: log E of `above` falls as the null rises."""
    low, high = -1.0, 1.0
    while high - low > 2 * SMALLEST:
        middle = (low + high) / 2
        refuted = np.logaddexp.reduce(wealth(x, middle).sum(axis=1) + np.log(WEIGHTS)) >= -math.log(level)
        low, high = (middle, high) if refuted else (low, middle)
    return low


def wealth(x: np.ndarray, null: float) -> np.ndarray:
    """Logarithm of what each share gains by each difference (shares, n)."""
    with np.errstate(divide="ignore"):  # all is lost: log 0
        return np.asarray(np.log(np.maximum(1 + SHARES[:, None] * ((x - null) / (1 + null)), 0.0)))


def further(differences: np.ndarray, null: float, target: float) -> float:
    """Differences after which log E of `above` reaches `target`, were all to come like those seen (n >= 1); infinite
    where it never does, since no share of the bets grows."""
    gains = wealth(np.asarray(differences, float), null)
    have, each = np.log(WEIGHTS) + gains.sum(axis=1), gains.mean(axis=1)
    grows = each > 0
    return float(np.maximum(0.0, (target - have[grows]) / each[grows]).min(initial=math.inf))
