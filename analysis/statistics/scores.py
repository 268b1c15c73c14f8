"""From trials to scores: the policy for trials that went wrong. Nothing is dropped.

A score is 0 for the task's naive baseline and 1 for perfect.

- A *diverged* or *failed* trial scores 0: a user of that network would be no better off than with
  the baseline. Leaving it out would reward cells that often diverge.
- A score below 0 counts as 0: worse than naive is naive. The depth of a failure is an accident of when
  training stopped, and one such number would dominate a mean.
- A score is measured on `test_sequences` sequences and cannot be finer than 1 of them: `resolution`.
"""

import re

import pandas as pd

from sweeps.errors import InputError
from sweeps.store import schema

MEASURES = tuple(
    name for name, (_, unit, _) in schema.TRIAL_COLUMNS.items() if unit == "score" and name != "margin"
)
COLUMNS = ["task", "cell", "seed", "status", "solved", "score", "resolution"]


def scores(trials: pd.DataFrame, *, measure: str = "test_score") -> pd.DataFrame:
    """One row per trial: task, cell, seed, status, solved, score, resolution.

    measure: one of MEASURES, or test_score_x2 and so on, the score on longer sequences. Raises InputError where it
    is not a score (0 naive, 1 perfect), for which this policy is meant.
    """
    if measure not in MEASURES and not re.fullmatch(r"test_score_x\d+", measure):
        raise InputError(
            f"Verdicts compare scores: test_score_xN or one of {', '.join(MEASURES)}; got measure='{measure}'."
        )
    score = trials[measure].where(trials["status"] == "finished").fillna(0.0).clip(lower=0.0)
    frame = trials.assign(score=score.astype(float), resolution=1.0 / trials["test_sequences"].astype(float))
    return frame[COLUMNS].reset_index(drop=True)


def bounds(values: pd.DataFrame) -> tuple[float, float]:
    """What a score of `scores` can be. A perfect predictor's mean score is 1; where even its predictions are uncertain
    a seed may be a little above, and the bounds go so far."""
    return 0.0, max(1.0, float(values["score"].max())) if len(values) else 1.0
