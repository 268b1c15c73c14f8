"""Area under the learning curve: the mean validation score over a training, of every update alike.

An evaluation stands for the updates since the one before. All trials of a task are judged up to the same budget, the
smallest of theirs, by the policy of `training.curves`: diverged from there on 0, stopped at its last score, below
0 is 0. It asks how soon and how well a cell learns in one number: a cell that gets to the same score in half
the time has the larger area.
"""

import numpy as np
import pandas as pd

from analysis.statistics.scores import COLUMNS
from analysis.statistics.training.at_cost import DIGITS, resolution
from analysis.statistics.training.curves import filled
from analysis.statistics.training.steps_to_solve import steps_to_solve


def areas(points: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """One row per trial, as `statistics.scores` makes them, the score from 0 to 1. A finished trial without a curve has
    no row.

    points: rows of the curves table. trials: rows of the trials table; only their curves are taken.
    """
    found: dict[str, float] = {}
    budgets = steps_to_solve(trials).groupby("task", sort=False)["budget"].first()
    for task, members in trials.groupby("task", sort=False):
        budget = float(budgets[task])
        mine = points[points["trial_id"].isin(members["trial_id"]) & (points["step"] <= budget)]
        steps = np.unique([0.0, *mine["step"], budget])
        wide = mine.pivot(index="trial_id", columns="step", values="valid_score")
        wide = wide.reindex(index=members["trial_id"], columns=steps)
        wide.loc[wide.notna().any(axis=1), 0.0] = 0.0
        scores = filled(wide, members)
        mean = (scores.to_numpy()[:, 1:] @ np.diff(steps) / budget).round(DIGITS)
        found |= dict(zip(scores.index, mean, strict=True))
    frame = trials.assign(score=trials["trial_id"].map(found), resolution=resolution(trials))
    return frame.dropna(subset=["score"])[COLUMNS].reset_index(drop=True)
