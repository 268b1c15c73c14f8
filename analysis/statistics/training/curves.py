"""Learning curves of a group of seeds on common steps, by the same policy as the scores.

A diverged trial counts 0 from its divergence on and a failed one from the step where its curve ends; a
trial that stopped early because it had solved its task keeps its last score; below 0 is 0.
"""

import numpy as np
import pandas as pd

from analysis.statistics.bootstrap import bootstrap


def curves(
    points: pd.DataFrame,
    trials: pd.DataFrame,
    *,
    measure: str = "valid_score",
    generator: np.random.Generator,
) -> pd.DataFrame:
    """Mean over seeds by task, cell and step: task, cell, step, value, low, high, n, method.

    points: rows of the curves table. trials: rows of the trials table; only their curves are taken.
    A finished trial without any curve row is not counted; `n` says how many were.
    """
    parts = []
    for task, members in trials.groupby("task", sort=False):
        mine = points[points["trial_id"].isin(members["trial_id"])]
        wide = mine.pivot(index="trial_id", columns="step", values=measure).sort_index(axis=1)
        for cell, seeds in members.groupby("cell", sort=False):
            rows = filled(wide.reindex(seeds["trial_id"]), seeds)
            if rows.empty or rows.shape[1] == 0:
                continue
            line = bootstrap(rows, generator=generator).rename_axis("step").reset_index()
            parts.append(line.assign(task=task, cell=cell))
    columns = ["task", "cell", "step", "value", "low", "high", "n", "method"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def filled(wide: pd.DataFrame, seeds: pd.DataFrame) -> pd.DataFrame:
    """The policy: no gaps, no numbers after a divergence, nothing below 0."""
    status = seeds.set_index("trial_id")["status"]
    diverged_at = seeds.set_index("trial_id")["diverged_step"].astype(float).fillna(np.inf)
    steps = wide.columns.to_numpy(float)
    went_on = steps[None, :] < diverged_at.to_numpy()[:, None]
    carried = wide.ffill(axis=1)
    kept = wide.where(went_on, 0.0).fillna(0.0)
    kept[status.eq("finished").to_numpy()] = carried[status.eq("finished").to_numpy()]
    return kept.dropna(how="any").clip(lower=0.0)
