"""The Bayesian counterpart: how probable is it that two means are practically equal, or one is better?

The region of practical equivalence is the margin (Kruschke 2018, "Rejecting or accepting parameter values in Bayesian
estimation"). With the reference prior p(m, v) ~ 1/v for either side, and seeds that are not paired,

    m_a - m_b = d + √(v_a/n_a) T_a - √(v_b/n_b) T_b        T_a, T_b independent, Student's with n - 1 degrees

(Behrens 1929; Fisher 1935), integrated here over T_b by Gauss and Legendre's rule: a little more cautious than Welch's
approximation. It is then stretched about d as the intervals are (`pairs.welch`), to allow for skewed scores:
without that, one in seven wrong statements about exponential scores would have a probability above 0.95. Lumpy
pairs have their posterior from `pairs.melded`: a flat prior on the means between the bounds.

    equivalent   P(|m_a - m_b| <= margin) >= 0.95
    different    P(m_a - m_b > margin) >= 0.95, or the other way round
    undecided    else

Two ways in which it answers another question than the tests do. *Different* means by more than the margin here,
while Welch's test asks for any difference. And a probability is for its own pair: there is no correction over pairs.
"""

import numpy as np
import pandas as pd
from scipy import special

from analysis.statistics.pairs.reasons import DIFFERENT, EQUIVALENT, UNDECIDED
from analysis.statistics.pairs.welch import allowance, quantile, satterthwaite

SURE = 0.95
NODES = 64
COLUMNS = ["posterior_equal", "posterior_a", "posterior_b"]


def behrens_fisher(
    value: np.ndarray, part: np.ndarray, n: np.ndarray, *, margin: float, tails: float | np.ndarray = 0.0
) -> pd.DataFrame:
    """posterior_equal, posterior_a, posterior_b of each pair: within the margin, a larger, b larger.

    value: differences of means. part: (2, pairs) variances of the two means; n: (2, pairs) values behind them.
    tails: γ. Missing where a side has fewer than 2 values or neither has a variance.
    """
    x, weights = np.polynomial.legendre.leggauss(NODES)
    known = (n > 1).all(axis=0) & (part.sum(axis=0) > 0)
    n, part = np.where(n > 1, n, 2.0), np.maximum(np.where(known, part, 1.0), 1e-300)
    (error_a, error_b), s = np.sqrt(part), np.sqrt(part.sum(axis=0))
    skew, df = allowance(part, n, tails), satterthwaite(part, n)
    t = special.stdtrit(n[1] - 1, (x[:, None] + 1) / 2)  # (nodes, pairs)

    def above(at: float) -> np.ndarray:
        """P(m_a - m_b > at)"""
        z = (at - value) / s
        z = np.sign(z) * np.maximum(quantile(np.abs(z), skew, df), 0)
        tail = special.stdtr(n[0] - 1, -(s * z + error_b * t) / error_a)
        return np.where(known, weights @ tail / 2, np.nan)

    better, worse = above(margin), 1 - above(-margin)
    equal = np.clip(1 - better - worse, 0, 1)
    return pd.DataFrame(dict(zip(COLUMNS, (equal, better, worse), strict=True)))


def verdict(table: pd.DataFrame) -> pd.Series:
    """equivalent, different or undecided for each row with the three probabilities."""
    word = pd.Series(UNDECIDED, index=table.index, dtype=object)
    word[(table[["posterior_a", "posterior_b"]] >= SURE).any(axis=1)] = DIFFERENT
    word[table["posterior_equal"] >= SURE] = EQUIVALENT
    return word
