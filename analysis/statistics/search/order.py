"""The order in which a sweep selects among search trials, written once: who is first of an arm is confirmed.

    finished before diverged and failed, then the higher validation score, the lower validation loss, the smaller id

A missing number is worse than any. It is `sweeps.plan.rank`, which this package may not import; that both order alike
is tested (`tests/analysis/test_order.py`).
"""

import numpy as np
import pandas as pd

KEYS = ["finished", "score", "gain"]


def keys(search: pd.DataFrame) -> pd.DataFrame:
    """By what trials are selected, higher is better: finished, score, gain (the loss with its sign changed)."""
    return pd.DataFrame(
        {
            "finished": search["status"] == "finished",
            "score": search["valid_score"].astype(float).fillna(-np.inf),
            "gain": -search["valid_loss"].astype(float).fillna(np.inf),
        }
    )


def best_first(search: pd.DataFrame) -> pd.DataFrame:
    """The rows in the order of selection; those of equal id stay as they are."""
    ordered = keys(search).assign(trial_id=search["trial_id"])
    ordered = ordered.reset_index(drop=True).sort_values(
        [*KEYS, "trial_id"], ascending=[False, False, False, True], kind="stable"
    )
    return search.iloc[ordered.index]
