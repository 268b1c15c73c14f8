"""Validation score when a trial has spent what the fastest cell of its task needs for its whole training.

    limit of a task    the smallest over the cells of the median cost of their finished trials
    score              on the straight line between the two evaluations around it, from 0 at no cost

By the policy of `statistics.scores`: a trial that had diverged or failed by then scores 0, below 0 is 0. A slower
cell is caught before its training is over, so where the learning rate is brought down at the end it has not come to
that: the measure asks what one has at that moment, not what a shorter training would have given.
"""

import numpy as np
import pandas as pd

from analysis.statistics.scores import COLUMNS

DIGITS = 6  # of a score: what is computed on the way must not part seeds that are the same


def scores_at(points: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """One row per trial, as `statistics.scores` makes them, and limit: task, cell, seed, status, solved, score, ...

    points: trial_id, step, valid_score, cost (so far). A task on which no trial has finished with known costs, and a
    finished trial without them, have no rows.
    """
    known = points.dropna(subset=["cost"]).sort_values(["trial_id", "step"])
    scores = known["valid_score"].fillna(0.0).clip(lower=0.0).to_numpy(float)
    places = known.reset_index().groupby("trial_id", sort=False).indices
    curves = {name: (known["cost"].to_numpy(float)[at], scores[at]) for name, at in places.items()}
    last = trials["trial_id"].map({name: cost[-1] for name, (cost, _) in curves.items()}).astype(float)
    finished = trials["status"] == "finished"
    total = trials.assign(total=last.where(finished))
    limits = total.groupby(["task", "cell"], sort=False)["total"].median().groupby("task", sort=False).min()
    limit = trials["task"].map(limits).astype(float)
    score = [
        score_at(curves.get(name), ended, at)
        for name, ended, at in zip(trials["trial_id"], finished, limit, strict=True)
    ]
    frame = trials.assign(score=score, resolution=resolution(trials), limit=limit)
    return frame.dropna(subset=["score", "limit"])[[*COLUMNS, "limit"]].reset_index(drop=True)


def score_at(curve: tuple[np.ndarray, np.ndarray] | None, finished: bool, limit: float) -> float:
    """The score of one trial at a cost, from costs and scores of its evaluations; missing for a finished one
    without any."""
    if curve is None:
        return np.nan if finished else 0.0
    cost, score = (np.concatenate([[0.0], part]) for part in curve)
    right = score[-1] if finished else 0.0
    return round(float(np.interp(limit, cost, score, right=right)), DIGITS)


def resolution(trials: pd.DataFrame) -> pd.Series:
    """One sequence of the validation sample; missing where the rows do not say how many there were."""
    if not {"validation_batches", "batch"} <= set(trials):
        return pd.Series(np.nan, index=trials.index)
    return 1.0 / (trials["validation_batches"] * trials["batch"]).astype(float)
