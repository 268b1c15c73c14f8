"""The settings of a search by halving as they stood at its first rung.

All of them are random draws, and up to the first rung all are trained alike; after it the best go on alone. So what is
said of the variance over all settings can be said of the validation scores there, and of no later ones.
"""

import numpy as np
import pandas as pd

HALVING, STOPPED = "halving", "stopped"


def first_rung(search: pd.DataFrame, curves: pd.DataFrame, measure: str) -> pd.DataFrame:
    """The search's rows with rung (updates until then) and, as `measure`, the validation score after so many; a trial
    without one has status diverged. Tasks on which nothing stopped are left out.

    search: rows of the search stage. curves: trial_id, step, valid_score.
    """
    stopped = search[search["status"] == STOPPED]
    rungs = stopped.groupby("task")["steps_done"].min()
    rows = search[search["task"].isin(rungs.index)]
    rows = rows.assign(rung=rows["task"].map(rungs).astype(float))
    at = curves[["trial_id", "step", "valid_score"]].rename(columns={"step": "rung", "valid_score": "there"})
    there = rows[["trial_id", "rung"]].merge(at, on=["trial_id", "rung"], how="left")["there"].to_numpy(float)
    status = np.where(np.isnan(there), "diverged", "finished")
    return rows.assign(**{measure: there, "status": status})
