"""What would decide an undecided pair: further seeds per cell, for power 0.8 of either verdict.

The present estimates are taken as the truth: with k further seeds per cell the difference is drawn from N(d, s_k²),
s_k² = v_a/(n_a + k) + v_b/(n_b + k), and both tests are made at the level α/m that Holm's procedure asks of the first
of m pairs (the worst of its levels, so the number is on the safe side). A verdict is reached when the
interval at that level lies within the margin, or leaves out 0:

    within    -Δ + h < D < Δ - h       h = s_k ( t + A (1 + 2tz)/6 )       t = t_ν(1 - α/m)
    apart     |D| > h'                 h' the same with α/2m

(A and z as in `pairs.welch`).

Clustered pairs are limited not only by their spread, but by what so many seeds would leave unseen. Where n seeds are
all at x, a share of up to 1 - (α/m)^(1/n) (the rule of three: about 3/n at α = 0.05) may be at the bound l, so

    h² = (s_k t)² + r_a² + r_b²          r = (distance to the bound) (1 - (α/m)^(1/(n + k)))

For two cells whose seeds all score 1 that is exact: with Δ = 0.05 they need 59 seeds each to be equivalent. It
is a plan, not a promise: estimates from few seeds are rough, and a plan for them is no better.
"""

import numpy as np
from scipy import special

from analysis.statistics.pairs.welch import allowance, limit, satterthwaite

POWER = 0.8
MOST = 100_000


def seeds_to_decide(
    value: np.ndarray,
    variance: np.ndarray,
    n: np.ndarray,
    level: np.ndarray,
    *,
    margin: float | np.ndarray,
    tails: np.ndarray,
    room: np.ndarray | None = None,
) -> np.ndarray:
    """Further seeds per cell, at least 1, for each pair; missing where MOST would not do or a side has no variance yet.

    value: (pairs,) differences. variance, n: (2, pairs) of the scores of a and b. level: (pairs,) α/m. tails: (pairs,)
    or (2, pairs), as for `welch`. room: (2, 2, pairs) distance of mean a and of mean b to the bound [below, above], 0
    if not lumpy.
    """
    room = np.zeros((2, 2, len(value))) if room is None else room

    def chance(more: np.ndarray) -> np.ndarray:
        size = n + more
        part = np.maximum(variance, 1e-60) / size
        s = np.sqrt(part.sum(axis=0))
        skew = allowance(part, size, tails)
        df = satterthwaite(part, size)

        def reach(at: np.ndarray, a: int, b: int) -> np.ndarray:
            """How far the interval at this level reaches; a, b: the bound that matters for each side."""
            unseen = -np.expm1(np.log(at) / size)
            free = room[0, a] * unseen[0], room[1, b] * unseen[1]
            return np.hypot(limit(-special.stdtrit(df, at), skew, df) * s, np.hypot(*free))

        def between(low: np.ndarray, high: np.ndarray) -> np.ndarray:
            inside = special.ndtr((high - value) / s) - special.ndtr((low - value) / s)
            return np.where(high > low, inside, 0.0)

        above, below = margin - reach(level, 1, 0), -margin + reach(level, 0, 1)
        over, under = reach(level / 2, 0, 1), -reach(level / 2, 1, 0)
        inner = above > below
        apart_above = special.ndtr((value - np.where(inner, np.maximum(over, above), over)) / s)
        apart_below = special.ndtr((np.where(inner, np.minimum(under, below), under) - value) / s)
        return between(below, above) + apart_above + apart_below

    few, enough = np.zeros(len(value)), np.full(len(value), float(MOST))
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        possible = (n > 1).all(axis=0) & (chance(enough) >= POWER)
        while (enough - few > 1).any():
            middle = np.floor((few + enough) / 2)
            reached = chance(np.maximum(middle, 1)) >= POWER
            few, enough = np.where(reached, few, middle), np.where(reached, middle, enough)
    return np.where(possible, np.maximum(enough, 1), np.nan)
