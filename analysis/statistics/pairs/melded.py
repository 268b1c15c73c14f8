"""Differences of two means of which one is of clustered scores: melded confidence distributions, and their posterior.

Fay, Proschan & Brittain (2015, "Combining one-sample confidence procedures for inference in the two-sample case"):
with L and U independent draws from the lower and the upper confidence distribution of a mean,

    low   α quantile of L_a - U_b         p(a not above b) = P(L_a - U_b <= 0)
    high  1 - α quantile of U_a - L_b     p(b not above a) = P(U_a - L_b >= 0)

and for a margin Δ in the same way p(a - b <= -Δ) and p(a - b >= Δ). A side has either Gaffke's distributions
(`pairs.bounded_means`) or Student's (`pairs.student_grid`). For scores of 0 and 1 the first two are the p-values of
Fisher's exact test.

L and U are drawn for each group once; the distribution of their difference is their convolution on a grid, which pairs
every draw of one with every draw of the other. As with every simulated p-value one draw is added to both sides of the
count, so that p cannot be 0.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import fft

from analysis.statistics.pairs import bounded_means
from analysis.statistics.pairs.student_grid import student
from analysis.statistics.pairs.welch import BORDERS, EXPONENTIAL

POWER = 14  # 16,384 draws
SEED = 20150601  # of the draws when no generator is given: a verdict must not depend on when it was asked for
BLOCK = 128  # pairs at once


def melded(
    scores: Sequence[np.ndarray],
    pairs: np.ndarray,
    gaffke: np.ndarray,
    *,
    margin: float,
    bounds: tuple[float, float],
    alpha: float = 0.05,
    power: int = POWER,
    generator: np.random.Generator | None = None,
) -> pd.DataFrame:
    """One row per pair: low, high (confidence 1 - 2 alpha), p_difference (two-sided), p_equivalence; posterior_equal,
    posterior_a, posterior_b (probability that the means are within the margin, a larger, b larger); the one-sided
    p-values `welch.SIDED`.

    scores: sorted scores of each group. pairs: (2, pairs) places in it; gaffke: (2, pairs) which sides are to have
    Gaffke's distributions. bounds: finite range of a score. generator: by default one that is always the same. Pairs
    of the same scores get the same numbers.
    """
    generator = generator or np.random.default_rng(SEED)
    distinct: dict[tuple[bytes, bool], tuple[int, np.ndarray]] = {}
    place = np.empty_like(pairs)
    for i, bounded in np.unique(np.stack([pairs.ravel(), gaffke.ravel()]), axis=1).T:
        key = scores[i].tobytes(), bool(bounded)
        place[(pairs == i) & (gaffke == bounded)] = distinct.setdefault(key, (len(distinct), scores[i]))[0]
    pairs, inverse = np.unique(place, axis=1, return_inverse=True)
    steps = bounded_means.nodes(bounds, margin)
    mass = np.zeros((3, len(distinct), steps + 1))
    drawn = [(at, x) for (_, bounded), (at, x) in distinct.items() if bounded]
    mass[:, [at for at, _ in drawn]] = bounded_means.gaffke(
        [x for _, x in drawn], bounds, steps=steps, generator=generator, power=power
    )
    for (_, bounded), (at, x) in distinct.items():
        if not bounded:
            mass[: bounded_means.FLAT, at] = student(x, bounds, steps=steps, tails=EXPONENTIAL)
            mass[bounded_means.FLAT, at] = student(x, bounds, steps=steps)
    size = fft.next_fast_len(2 * steps + 1, real=True)
    spectrum = fft.rfft(mass, size)
    scale = steps / (bounds[1] - bounds[0])
    found = [
        tested(spectrum[:, a], spectrum[:, b], size, steps, scale, margin, alpha, 2**power)
        for a, b in np.split(pairs, range(BLOCK, pairs.shape[1], BLOCK), axis=1)
    ]
    return pd.concat(found, ignore_index=True).iloc[inverse.ravel()].reset_index(drop=True)


def tested(
    a: np.ndarray,
    b: np.ndarray,
    size: int,
    steps: int,
    scale: float,
    margin: float,
    alpha: float,
    draws: int,
) -> pd.DataFrame:
    """The same for the spectra (3, pairs, frequencies) of the two sides; `scale` steps a unit."""

    def difference(kind: int, other: int) -> np.ndarray:
        """Distribution function of a - b at the right edge of each of the 2 steps + 1 nodes: (pairs, nodes)."""
        turned = fft.irfft(a[kind] * np.conj(b[other]), size)
        mass = np.concatenate([turned[:, size - steps :], turned[:, : steps + 1]], axis=1)
        return np.cumsum(mass, axis=1)

    def below(distribution: np.ndarray, at: float) -> np.ndarray:
        """P(a - b <= at), the mass of a node spread evenly over its step."""
        x = np.clip(at * scale + steps - 0.5, 0, 2 * steps)
        k = int(x)
        after = distribution[:, min(k + 1, 2 * steps)]
        return distribution[:, k] + (x - k) * (after - distribution[:, k])

    def quantile(distribution: np.ndarray, level: float) -> np.ndarray:
        rows = np.arange(len(distribution))
        k = np.minimum((distribution < level).sum(axis=1), 2 * steps)
        before = np.where(k > 0, distribution[rows, k - 1], 0.0)
        inside = (level - before) / np.maximum(distribution[rows, k] - before, 1e-300)
        return np.clip(k - 0.5 + np.clip(inside, 0, 1) - steps, -steps, steps) / scale

    def p(chance: np.ndarray) -> np.ndarray:
        return (np.clip(chance, 0, 1) * draws + 1) / (draws + 1)

    lower, upper = (
        difference(bounded_means.LOWER, bounded_means.UPPER),
        difference(bounded_means.UPPER, bounded_means.LOWER),
    )
    flat = difference(bounded_means.FLAT, bounded_means.FLAT)
    sided = {}
    for name, at in BORDERS.items():
        sided[f"p_above_{name}"] = p(below(lower, at * margin))
        sided[f"p_below_{name}"] = p(1 - below(upper, at * margin))
    above, under = 1 - below(flat, margin), below(flat, -margin)
    return pd.DataFrame(
        {
            "low": quantile(lower, alpha),
            "high": quantile(upper, 1 - alpha),
            "p_difference": np.minimum(2 * np.minimum(sided["p_above_zero"], sided["p_below_zero"]), 1.0),
            "p_equivalence": np.maximum(sided["p_above_low"], sided["p_below_high"]),
            "posterior_equal": np.clip(1 - above - under, 0, 1),
            "posterior_a": np.clip(above, 0, 1),
            "posterior_b": np.clip(under, 0, 1),
            **sided,
        }
    )
