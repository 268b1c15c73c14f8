"""Means of clustered scores: tied, saturated, or solved and not solved. What so few seeds leave open is kept open.

Eight seeds that all score 1 have no spread, and Student's t would know their mean exactly. Yet a cell that fails with
one seed in four looks like that once in ten times. Where a score lies between known bounds, more can be said without
any assumption about its distribution (Gaffke 2005; Learned-Miller & Thomas 2019, "A new confidence interval for
the mean of a bounded random variable"). With x_1 <= ... <= x_n the sorted scores within [l, h] and
U_1 <= ... <= U_n sorted uniform numbers,

    upper   h - Σ U_i (x_(i+1) - x_i)        x_(n+1) = h
    lower   x_n - Σ U_i (x_i - x_(i-1))      x_0 = l

Of many draws of U the 1 - α quantile of `upper` bounds the mean from above with confidence 1 - α, the α quantile of
`lower` from below. Both are Bayesian bootstraps (Rubin 1981) with one more, unobserved score: at the
upper bound, or at the lower one. For scores of 0 and 1 these are Clopper & Pearson's bounds. That they hold for
every distribution is proven for two values and for few seeds, else conjectured, and simulated in
tests/analysis/test_calibration.py. With a phantom at both bounds (`FLAT`) it is the posterior from a flat prior:
Beta(k + 1, n - k + 1) for k ones of n.

`shapes` finds the groups that need this. For spread scores it would need far more seeds than Welch's test, and so
it is not used for them. Here lies a limit that no method overcomes: where seven seeds score 0.981 to 0.984 nothing
shows that one in ten fails completely, and the verdicts take such scores for what they look like. (Of two cells that
fail with 10 % of their seeds, 8 seeds per cell show no failure at all in 19 % of all studies, 16 seeds in 3 %.)
Bounds that allow for everything unseen would leave every pair undecided below some sixty seeds.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import qmc

LOWER, UPPER, FLAT = 0, 1, 2
NODES = 1024  # of the grid from bound to bound, at least
# Share of the range that parts two clusters, and how many scores it takes: of 5, 8 or 16 normal ones 4 %, 0.2 % or none
# look like two clusters by accident (of 4 it would be 15 %, of 3 half).
GAP, MANY = 0.75, 5
BLOCK = 64  # groups at once
EVEN = 1e-3  # how far from a whole number of steps a score may lie, in steps


def samples(values: pd.DataFrame) -> dict[tuple[object, object], np.ndarray]:
    """Sorted scores of each (task, cell)."""
    if values.empty:
        return {}
    grouped = values.groupby(["task", "cell"], sort=False, observed=True)
    code, score = grouped.ngroup().to_numpy(), values["score"].to_numpy(float)
    ordered = score[np.lexsort((score, code))]
    first = values[["task", "cell"]].drop_duplicates()
    keys = list(zip(first["task"], first["cell"], strict=True))
    return dict(zip(keys, np.split(ordered, np.cumsum(np.bincount(code)))[:-1], strict=True))


class Shapes(NamedTuple):
    """Of each group: tied, how many scores are the same (the commonest of them); lumpy; and split, whether some of its
    scores stand apart from the others by more than the margin."""

    tied: np.ndarray
    lumpy: np.ndarray
    split: np.ndarray


def shapes(
    scores: Sequence[np.ndarray],
    margin: float,
    steps: Sequence["Step"] = (),
) -> Shapes:
    """A group is lumpy when at least half of its sorted scores are exactly tied, or they (MANY or more) fall into two
    clusters further apart than the margin and than most of their range. One score alone is not lumpy: nothing is said
    about it anyway. steps: of each group's task, as `step` finds them. Ties of scores in steps are no sign of anything,
    unless all seeds are tied, or they are tied at the best or the worst score."""
    sizes = np.array([len(x) for x in scores], int)
    tied, lumpy = np.minimum(sizes, 1), np.zeros(len(sizes), bool)
    split, inner = np.zeros(len(sizes), bool), np.zeros(len(sizes), bool)
    for n in np.unique(sizes[sizes > 1]):
        members = np.flatnonzero(sizes == n)
        x = np.stack([scores[int(i)] for i in members])
        commonest = x[:, 0]
        for k in range(1, n):
            again = x[:, k:] == x[:, :-k]
            found = again.any(axis=1)
            if not found.any():
                break
            tied[members[found]] = k + 1
            commonest = np.where(found, x[np.arange(len(x)), again.argmax(axis=1)], commonest)
        width, low, high = np.array([steps[int(i)] if len(steps) else NONE for i in members]).T
        within = (low + width / 2 < commonest) & (commonest < high - width / 2)
        inner[members] = (width > 0) & within & (tied[members] < n)
        gap, reach = np.diff(x, axis=1).max(axis=1), x[:, -1] - x[:, 0]
        split[members] = gap > np.maximum(margin, 1.5 * width)
        clusters = split[members] & (gap > GAP * reach) & (n >= MANY)
        lumpy[members] = clusters | ((tied[members] > 1) & (2 * tied[members] >= n) & ~inner[members])
    return Shapes(tied, lumpy, split)


class Step(NamedTuple):
    """Steps of a task's scores (0: they are not in steps), and the worst and best that they can be: the bounds, or the
    lowest and highest that were seen."""

    width: float
    low: float
    high: float


NONE = Step(0.0, 0.0, 0.0)


def step(scores: np.ndarray, bounds: tuple[float, float]) -> Step:
    """The steps in which a task's scores lie, such as shares of 20 test items. At least three different scores tell, no
    more than half as many as there are."""
    distinct = np.unique(scores)
    if not 3 <= len(distinct) <= len(scores) / 2:
        return NONE
    width = float(np.diff(distinct).min())
    multiples = (distinct - distinct[0]) / width
    even = np.abs(multiples - np.round(multiples)).max() < EVEN
    ends = bounds if np.isfinite(bounds).all() else (float(distinct[0]), float(distinct[-1]))
    return Step(width, *ends) if even else NONE


def nodes(bounds: tuple[float, float], margin: float) -> int:
    """Steps of the grid between the bounds: at least 32 a margin, as far as that is affordable."""
    return int(np.clip(2 ** np.ceil(np.log2(32 * (bounds[1] - bounds[0]) / margin)), NODES, 2**15))


def gaffke(
    scores: Sequence[np.ndarray],
    bounds: tuple[float, float],
    *,
    steps: int,
    generator: np.random.Generator,
    power: int,
) -> np.ndarray:
    """Distribution of each group's mean by lower, upper and flat draws: (3, groups, steps + 1) masses on a grid from
    bound to bound.

    2**power draws by a scrambled Sobol sequence, which is some three times as exact as independent ones. Groups of one
    size share them, so that they must not be paired up; the draws for a size do not depend on the other groups.
    """
    low, high = bounds
    result = np.zeros((3, len(scores), steps + 1))
    sizes = np.array([len(x) for x in scores], int)
    start = int(generator.integers(2**32))
    for n in np.unique(sizes):
        draws = np.random.default_rng([start, n])
        if n + 2 <= qmc.Sobol.MAXDIM:
            uniform = qmc.Sobol(n + 2, rng=draws).random_base2(power)
        else:
            uniform = draws.random((2**power, n + 2))
        u = np.cumsum(-np.log1p(-uniform), axis=1).astype(np.float32)
        seen, flat = u[:, :n] / u[:, [n]], u[:, : n + 1] / u[:, [n + 1]]
        members = np.flatnonzero(sizes == n)
        for some in np.split(members, range(BLOCK, len(members), BLOCK)):
            x = np.clip([scores[int(i)] for i in some], low, high)
            x = ((x - low) * (steps / (high - low))).astype(np.float32)  # in steps of the grid
            first, last = np.zeros_like(x[:, :1]), np.full_like(x[:, :1], steps)
            drawn = (
                x[:, -1] - seen @ np.diff(np.hstack([first, x])).T,
                steps - seen @ np.diff(np.hstack([x, last])).T,
                steps - flat @ np.diff(np.hstack([first, x, last])).T,
            )
            offset = np.arange(len(some)) * (steps + 1)
            for kind, values in enumerate(drawn):
                place = (values + np.float32(0.5)).astype(np.int32) + offset
                counts = np.bincount(place.ravel(), minlength=len(some) * (steps + 1))
                result[kind, some] = counts.reshape(len(some), -1) / 2**power
    return result
