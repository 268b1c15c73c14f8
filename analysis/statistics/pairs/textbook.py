"""Welch's test as in textbooks, R, SciPy and statsmodels: reported alongside the widened one, never behind a verdict.

    t = (m_a - m_b) / s      s² = v_a/n_a + v_b/n_b      ν = s⁴ / Σ (v/n)²/(n - 1)      (Welch 1947)
    p = 2 P(T_ν > |t|)       m_a - m_b ± t_ν(1 - α) s    TOST: p = P(T_ν > (Δ - |m_a - m_b|)/s)   (Schuirmann 1987)

R's `sleep`: t = -1.8608, ν = 17.776, p = 0.07939, 90 % interval -3.05 to -0.11, TOST with Δ = 4: p = 0.0054. Why
verdicts use wider limits is explained in `pairs.welch`: for skewed scores these are wrong too often.
"""

import numpy as np
import pandas as pd
from scipy import stats

from analysis.statistics.pairs.welch import satterthwaite, sides

COLUMNS = ("sd_a", "sd_b", "welch_t", "welch_df", "welch_p", "welch_low", "welch_high", "welch_tost_p")


def textbook(groups: pd.DataFrame, pairs: pd.DataFrame, *, margin: float, alpha: float) -> pd.DataFrame:
    """task, a, b of each pair with COLUMNS; the interval has confidence 1 - 2 alpha. Missing where a side has fewer
    than two seeds, or nothing varies. `groups` as `pairs.groups` makes them."""
    table, n, variance, _ = sides(groups, pairs)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = variance / n
        s = np.sqrt(part.sum(axis=0))
        s = np.where((n > 1).all(axis=0) & (s > 0), s, np.nan)
        df = np.where(np.isnan(s), np.nan, satterthwaite(part, n))
        value = (table["mean_a"] - table["mean_b"]).to_numpy(float)
        half = stats.t.ppf(1 - alpha, df) * s
        return table[["task", "a", "b"]].assign(
            sd_a=np.sqrt(variance[0]),
            sd_b=np.sqrt(variance[1]),
            welch_t=value / s,
            welch_df=df,
            welch_p=2 * stats.t.sf(np.abs(value) / s, df),
            welch_low=value - half,
            welch_high=value + half,
            welch_tost_p=stats.t.sf((margin - np.abs(value)) / s, df),
        )
