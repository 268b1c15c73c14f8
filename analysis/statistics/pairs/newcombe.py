"""Difference of two proportions, with Newcombe's interval: valid for few seeds, also at 0 and 1.

    d ± hybrid of Wilson's limits        low   d - √( (p_a - l_a)² + (u_b - p_b)² )
                                         high  d + √( (u_a - p_a)² + (p_b - l_b)² )

Newcombe (1998, "Interval estimation for the difference between independent proportions", method 10). Ten of ten
against eight of ten: 0.20, 95 % from -0.11 to 0.51.
"""

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

METHOD = "Newcombe's hybrid score interval"


def newcombe(table: pd.DataFrame, *, confidence: float = 0.90) -> pd.DataFrame:
    """value (a − b), low, high, n (of both), method for each row of a table with mean_a, n_a, mean_b, n_b, of 0s
    and 1s. Missing where a side has no seeds."""
    with np.errstate(invalid="ignore", divide="ignore"):
        (p_a, l_a, u_a), (p_b, l_b, u_b) = (wilson(table, side, confidence) for side in ("a", "b"))
    value = p_a - p_b
    return pd.DataFrame(
        {
            "value": value,
            "low": value - np.hypot(p_a - l_a, u_b - p_b),
            "high": value + np.hypot(u_a - p_a, p_b - l_b),
            "n": table["n_a"] + table["n_b"],
            "method": f"{METHOD}, {confidence:.0%}",
        },
        index=table.index,
    )


def wilson(table: pd.DataFrame, side: str, confidence: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The proportion of one side, and its limits."""
    p, n = table[f"mean_{side}"].to_numpy(float), table[f"n_{side}"].to_numpy(float)
    low, high = proportion_confint(np.nan_to_num(p * n), n, alpha=1 - confidence, method="wilson")
    return p, np.asarray(low), np.asarray(high)
