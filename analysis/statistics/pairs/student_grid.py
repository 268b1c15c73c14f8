"""The mean of spread scores as a distribution on a grid, for melding with that of clustered ones.

    m = x̄ ± (s/√n) ( T + A (1 + 2Tz)/6 )        A = γ/√(n - 1.5),  T half of Student's distribution with n - 1 degrees

With γ = 0 that is Student's confidence distribution, and the posterior from the reference prior; with γ above 0 room is
left for skewed scores as in `pairs.welch`. What lies beyond the bounds counts as at them.
"""

from functools import cache

import numpy as np
from scipy import stats

from analysis.statistics.pairs.welch import limit

# Where the distribution is cut: finely in both tails, since small p-values come from there.
TAIL = np.geomspace(1e-9, 0.02, 150)
EDGES = np.concatenate([[0.0], TAIL, np.linspace(0.02, 0.98, 1000)[1:-1], 1 - TAIL[::-1], [1.0]])


def student(x: np.ndarray, bounds: tuple[float, float], *, steps: int, tails: float = 0.0) -> np.ndarray:
    """Masses (steps + 1,) from bound to bound of the mean of the scores x, at least two and not all the same. Each
    piece of the distribution is split over two neighbours so that its mean stays where it is."""
    error = x.std(ddof=1) / np.sqrt(len(x))
    at = (x.mean() + error * deviations(len(x), tails) - bounds[0]) / (bounds[1] - bounds[0]) * steps
    at = np.clip(at, 0, steps)
    left = np.minimum(at.astype(int), steps - 1)
    over, mass = at - left, np.diff(EDGES)
    below = np.bincount(left, mass * (1 - over), steps + 1)
    return below + np.bincount(left + 1, mass * over, steps + 1)


@cache
def deviations(n: int, tails: float) -> np.ndarray:
    """Of the mean of n scores in its standard errors, in the middle of each piece between EDGES."""
    t = stats.t.ppf((EDGES[1:] + EDGES[:-1]) / 2, n - 1)
    return np.sign(t) * limit(np.abs(t), np.array(tails / np.sqrt(n - 1.5)), np.array(n - 1.0))
