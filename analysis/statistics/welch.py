"""Difference and equivalence of two means with unequal variances.

    d  = m_a - m_b                    s² = v_a/n_a + v_b/n_b
    ν  = s⁴ / ( (v_a/n_a)²/(n_a - 1) + (v_b/n_b)²/(n_b - 1) )

    difference   (Welch 1947)         p = 2 P(T_ν > |d| / s)
    equivalence  (Schuirmann 1987)    p = max( P(T_ν > (d + Δ)/s), P(T_ν < (d - Δ)/s) )

The second is two one-sided tests against the margin Δ: significant at α exactly when the interval
d ± t_ν(1 - α) s, of confidence 1 - 2α, lies inside (-Δ, Δ).

Seeds that all score the same have variance 0, and a test would then claim certainty from a handful of
them. But a score was measured on a finite sample, and two numbers closer than one sequence in it are not
known to be equal: no group's variance is taken smaller than its resolution squared.
"""

import numpy as np
import pandas as pd
from scipy import stats

METHOD = "Welch t and TOST"
FLOORED = "Welch t and TOST; variance not below (1/test_sequences)²"
NONE = "none: fewer than 2 seeds a side"
BLIND = "none: no variance and unknown resolution"


def welch(groups: pd.DataFrame, pairs: pd.DataFrame, *, margin: float, alpha: float = 0.05) -> pd.DataFrame:
    """One row a pair, in the order of `pairs` (columns task, a, b); `groups` as `statistics.groups` makes.

    Adds value (mean of a less mean of b), low, high (confidence 1 - 2 alpha), n_a, n_b, mean_a, mean_b, df,
    p_difference, p_equivalence, method. A pair that can not be tested has n 0 or 1 or missing numbers;
    its method says why.
    """
    side = groups[["task", "cell", "n", "mean", "variance", "resolution"]]
    table = pairs[["task", "a", "b"]]
    for name in ("a", "b"):
        renamed = {c: f"{c}_{name}" for c in ("n", "mean", "variance", "resolution")}
        table = table.merge(
            side.rename(columns={"cell": name, **renamed}),
            on=["task", name],
            how="left",
            validate="many_to_one",
        )
    n_a, n_b = (table[f"n_{name}"].fillna(0).to_numpy(int) for name in ("a", "b"))
    raw = [table[f"variance_{name}"].to_numpy(float) for name in ("a", "b")]
    floor = [table[f"resolution_{name}"].to_numpy(float) ** 2 for name in ("a", "b")]
    enough = (n_a > 1) & (n_b > 1)
    floored = enough & ((raw[0] < floor[0]) | (raw[1] < floor[1]))
    with np.errstate(divide="ignore", invalid="ignore"):
        # fmax passes over a missing resolution
        s2_a, s2_b = (np.fmax(v, f) / n for v, f, n in zip(raw, floor, (n_a, n_b), strict=True))
        s = np.sqrt(s2_a + s2_b)
        s = np.where(enough & (s > 0), s, np.nan)
        df = s**4 / (s2_a**2 / (n_a - 1) + s2_b**2 / (n_b - 1))
        value = (table["mean_a"] - table["mean_b"]).to_numpy(float)
        half = stats.t.ppf(1 - alpha, df) * s
        p_difference = 2 * stats.t.sf(np.abs(value) / s, df)
        p_equivalence = np.maximum(
            stats.t.sf((value + margin) / s, df), stats.t.cdf((value - margin) / s, df)
        )
    method = np.select([~enough, np.isnan(s), floored], [NONE, BLIND, FLOORED], METHOD)
    return table[["task", "a", "b"]].assign(
        value=value,
        low=value - half,
        high=value + half,
        n_a=n_a,
        n_b=n_b,
        mean_a=table["mean_a"],
        mean_b=table["mean_b"],
        df=df,
        p_difference=p_difference,
        p_equivalence=p_equivalence,
        method=method,
    )
