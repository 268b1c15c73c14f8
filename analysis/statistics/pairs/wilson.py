"""Solved fractions with Wilson's score interval: valid for few seeds, also at 0 and 1.

10 of 10 solved    value 1.00, low 0.72, high 1.00
"""

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

METHOD = "Wilson interval"


def solved(groups: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """One row per group: task, cell, value (fraction solved), low, high, n, solved, method."""
    low, high = proportion_confint(
        groups["solved"].to_numpy(), groups["n"].to_numpy(), alpha=1 - confidence, method="wilson"
    )
    return groups[["task", "cell"]].assign(
        value=groups["solved"] / groups["n"],
        low=low,
        high=high,
        n=groups["n"],
        solved=groups["solved"],
        method=f"{METHOD}, {confidence:.0%}",
    )
