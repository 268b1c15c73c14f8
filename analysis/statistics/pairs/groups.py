"""One row per task and cell: what the tests need of its seeds."""

import numpy as np
import pandas as pd

COLUMNS = ["task", "cell", "n", "mean", "variance", "resolution", "worst", "solved", "diverged", "failed"]


def groups(scores: pd.DataFrame) -> pd.DataFrame:
    """n, mean, variance (n - 1 below), coarsest resolution, worst score; counts of solved, diverged, failed.

    The resolution of a group that does not know its own (all its trials failed) is its task's coarsest.
    """
    counted = scores.assign(diverged=scores["status"] == "diverged", failed=scores["status"] == "failed")
    table = (
        counted.groupby(["task", "cell"], sort=False, observed=True)
        .agg(
            n=("score", "size"),
            mean=("score", "mean"),
            variance=("score", "var"),
            resolution=("resolution", "max"),
            worst=("score", "min"),
            solved=("solved", "sum"),
            diverged=("diverged", "sum"),
            failed=("failed", "sum"),
        )
        .reset_index()
    )
    coarsest = table.groupby("task", observed=True)["resolution"].transform("max")
    return table.assign(resolution=table["resolution"].fillna(coarsest).astype(np.float64))[COLUMNS]
