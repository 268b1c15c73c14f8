"""Which of n search trials is the best of k drawn without replacement: exact chances, for one cell and for two.

A trial's place is its position in the order of selection, the worst 0. With C(m, k) the number of ways to draw k
of m, the trial at place r is selected with probability C(r, k-1) / C(n, k) where no two tie. Of two cells that try the
same k settings, at places a and b of their orders, trials i and j are selected together with probability

    C(m_ij, k-2) / C(n, k)     i ≠ j, a_j < a_i, b_i < b_j
    C(m_ii, k-1) / C(n, k)     i = j

where m_ij counts the trials that lie below i in a and below j in b.
"""

import functools

import numpy as np

KINDS = 3


@functools.lru_cache(maxsize=4096)
def share(n: int, k: int) -> np.ndarray:
    """C(m, k) / C(n, k) for m = 0..n: the chance that all of k draws are among the m worst."""
    m, j = np.arange(n + 1)[:, None], np.arange(k)
    return np.prod(np.clip(m - j, 0, None) / (n - j), axis=1)


def weights(place: np.ndarray, ks: np.ndarray) -> np.ndarray:
    """Chance that each of n trials is the selected one of k, (k, trial); place: rising, ties alike and sharing."""
    below = np.searchsorted(place, place, side="left")
    size = np.searchsorted(place, place, side="right") - below
    chances = [share(len(place), k) for k in ks]
    return np.stack([(chance[below + size] - chance[below]) / size for chance in chances])


def tables(n: int, ks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """C(m, k-1) / C(n, k) and C(m, k-2) / C(n, k), (k, m) for m = 0..n."""
    one = np.stack([share(n, k - 1) * k / (n - k + 1) for k in ks])
    two = np.stack(
        [share(n, k - 2) * k * (k - 1) / ((n - k + 1) * (n - k + 2)) if k > 1 else one[0] * 0 for k in ks]
    )
    return one, two


def paired(a: np.ndarray, b: np.ndarray, kind: np.ndarray, ks: np.ndarray) -> np.ndarray:
    """Chance of each kind of outcome for every k, (k, kind), where both cells try the same k settings.

    a, b: places of the same n trials, without ties. kind[i, j]: 0, 1 or 2, the outcome when trial i is selected for the
    one cell and j for the other.
    """
    n = len(a)
    here = np.zeros((n + 1, n + 1), int)
    here[a + 1, b + 1] = 1
    below = here.cumsum(axis=0).cumsum(axis=1)[:-1, :-1]  # [x, y]: trials with a < x and b < y
    m = below[a[:, None], b[None, :]]
    one, two = tables(n, ks)
    result = np.zeros((len(ks), KINDS))
    for table, chosen in ((one, np.eye(n, dtype=bool)), (two, (a < a[:, None]) & (b[:, None] < b))):
        counts = np.bincount(kind[chosen] * (n + 1) + m[chosen], minlength=KINDS * (n + 1))
        result += table @ counts.reshape(KINDS, n + 1).T
    return result


def independent(a: np.ndarray, b: np.ndarray, kind: np.ndarray, ks: np.ndarray) -> np.ndarray:
    """The same where each cell draws k settings of its own; they may have different numbers of trials."""
    one, other = (np.stack([np.diff(share(len(p), k))[p] for k in ks]) for p in (a, b))
    return np.stack([((one @ (kind == o)) * other).sum(axis=1) for o in range(KINDS)], axis=1)


def untied(place: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Places 0..n-1, ties broken at random."""
    order = np.lexsort((generator.random(len(place)), place))
    result = np.empty(len(place), int)
    result[order] = np.arange(len(place))
    return result
