"""Test score at equal parameters: what a search finds that may use no more of them than all cells can.

    P    of a task: the smallest over the cells of the largest number of parameters that each was tried at

Where the confirmed configuration of every cell has at most P parameters (1.02 P counts), as in studies that match their
sizes, its fresh seeds are compared. It was the best on validation of all that were tried, so it is the best of those
within P.

Else such seeds do not exist, and the search itself is cut up: of each cell's trials with at most P parameters, in the
order of the plan, every k make one small random search, and its value is the test score of the one that is best on
validation. k is an eighth of what the cell with the fewest such trials has, and at least 1. Searches of different
trials are independent, so that these values are like seeds; what they compare is small searches, not tuned cells.
A cell without a trial within P has no values.
"""

import pandas as pd

from analysis.statistics.scores import COLUMNS, scores
from analysis.statistics.search.order import best_first

SLACK = 1.02
SEARCHES = 8


def scores_at_parameters(search: pd.DataFrame, confirm: pd.DataFrame) -> pd.DataFrame:
    """One row per seed or small search, as `statistics.scores` makes them, and limit (P), trials_per_value
    (k, 0 for confirmed seeds). A study without a search is judged by the sizes that it confirmed."""
    tried = search if len(search) else confirm
    parts = [
        on_task(members, confirm[confirm["task"] == task])
        for task, members in tried.groupby("task", sort=False)
        if members["parameters"].notna().any()
    ]
    columns = [*COLUMNS, "limit", "trials_per_value"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def on_task(tried: pd.DataFrame, confirm: pd.DataFrame) -> pd.DataFrame:
    limit = float(tried.groupby("cell", sort=False)["parameters"].max().min())
    within = tried[tried["parameters"] <= SLACK * limit]
    mine = confirm[confirm["cell"].isin(within["cell"])]
    if within["cell"].isin(mine["cell"]).all() and not (mine["parameters"] > SLACK * limit).any():
        return scores(mine).assign(limit=limit, trials_per_value=0)
    k = max(1, int(within.groupby("cell", sort=False).size().min()) // SEARCHES)
    place = within.groupby("cell", sort=False).cumcount()
    whole = place < within.groupby("cell", sort=False)["cell"].transform("size") // k * k
    best = (
        best_first(within.assign(search=place // k)[whole]).drop_duplicates(["cell", "search"]).sort_index()
    )
    return scores(best).assign(limit=limit, trials_per_value=k)
