"""From results to the values of each measure: one row a seed of the confirm stage, as `statistics.scores` makes them.

What they mean is told in `analysis.measures`.
"""

import numpy as np
import pandas as pd

from analysis.load import Results
from analysis.statistics.areas import areas
from analysis.statistics.at_cost import scores_at
from analysis.statistics.at_parameters import scores_at_parameters
from analysis.statistics.scores import COLUMNS, scores
from analysis.statistics.solving import steps_to_solve


def test_score(results: Results) -> pd.DataFrame:
    return scores(results.stage("confirm"))


def area(results: Results) -> pd.DataFrame:
    return areas(results.curves, results.stage("confirm"))


def solved(results: Results) -> pd.DataFrame:
    trials = results.stage("confirm")
    return trials.assign(score=trials["solved"].astype(float), resolution=np.nan)[COLUMNS]


def diverged(results: Results) -> pd.DataFrame:
    trials = results.stage("confirm")
    return trials.assign(score=(trials["status"] == "diverged").astype(float), resolution=np.nan)[COLUMNS]


def log_steps(results: Results) -> pd.DataFrame:
    """log₂ of the steps to solve, at most of the budget. Also low and high, the bounds on each task: an evaluation
    is the soonest, the budget the latest."""
    trials = results.stage("confirm")
    steps = steps_to_solve(trials)
    every = trials["evaluate_every"].astype(float).fillna(1.0) if "evaluate_every" in trials else 1.0
    budget = np.log2(steps["budget"].to_numpy())
    frame = trials.assign(
        score=np.minimum(np.log2(steps["step"].to_numpy()), budget),
        resolution=np.nan,
        low=np.minimum(np.log2(np.asarray(every, float)), budget),
        high=budget,
    )
    return frame[[*COLUMNS, "low", "high"]]


def at_seconds(results: Results) -> pd.DataFrame:
    """Only on tasks that ran on one kind of device."""
    trials = results.stage("confirm")
    alike = trials.groupby("task", sort=False)["device"].transform("nunique") <= 1
    return scores_at(results.curves.assign(cost=results.curves["seconds"]), trials[alike])


def at_flops(results: Results) -> pd.DataFrame:
    trials = results.stage("confirm")
    each = trials.set_index("trial_id")["step_flops"].astype(float)
    cost = results.curves["trial_id"].map(each) * results.curves["step"]
    counted = trials.groupby("task", sort=False)["step_flops"].transform("count") > 0
    return scores_at(results.curves.assign(cost=cost), trials[counted])


def at_parameters(results: Results) -> pd.DataFrame:
    return scores_at_parameters(results.stage("search"), results.stage("confirm"))
