"""The store as frames: what the study declared, its trials, their curves."""

import json
import os
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.study.first_rung import HALVING, first_rung
from sweeps.store.declaration import Declaration
from sweeps.store.store import Store

TOLERANCE = 0.01  # of all rows that do not say theirs: before they did it was the only one


@dataclass(frozen=True, kw_only=True)
class Results:
    """One study's results.

    declaration: what the study declared before it ran. trials: one row per planned trial that has finished,
    columns of `sweeps.store.schema.TRIAL_COLUMNS` and the trial's spec. curves: one row per trial and evaluation.
    left_out: trials in the store that are not in the plan (the study file was edited, or single runs). other: planned
    trials that ran, but with code that no longer counts.
    """

    declaration: Declaration
    trials: pd.DataFrame
    curves: pd.DataFrame
    left_out: int
    other: int = 0

    def stage(self, name: str) -> pd.DataFrame:
        """Trials of one stage, for the declared tasks and cells."""
        known = self.trials["cell"].isin(self.declaration.cells) & self.trials["task"].isin(
            self.declaration.tasks
        )
        return self.trials[known & (self.trials["stage"] == name)].reset_index(drop=True)

    @property
    def random_search(self) -> pd.DataFrame:
        """Trials of the search stage where their settings are independent random draws, as shares of the variance and
        the best of k assume; no rows where another strategy asked for them."""
        search = self.stage("search")
        return search if self.declaration.random_draws else search.iloc[:0]

    @property
    def drawn(self) -> pd.DataFrame:
        """Trials whose settings are independent random draws, each with a score: `random_search`; of a halving its
        settings as they stood at the first rung, since later ones train only the best of them. Adds rung, as
        `first_rung` does; missing where training had ended."""
        if self.declaration.sampler != HALVING:
            return self.random_search.assign(rung=np.nan)
        return first_rung(self.stage("search"), self.curves, self.declaration.score)

    @property
    def no_random_search(self) -> str:
        """Why `random_search` has no rows though the study searched; empty where that is not so."""
        if self.declaration.random_draws:
            return ""
        return (
            f"Not computed: it assumes independent random draws, and this study's settings were chosen by "
            f"'{self.declaration.sampler}'."
        )

    def missing(self, name: str) -> int:
        """Trials of a stage that are planned and have no row."""
        return max(self.declaration.planned(name) - int((self.trials["stage"] == name).sum()), 0)

    def in_order(self, frame: pd.DataFrame, *then: str) -> pd.DataFrame:
        """Sorted as the study declares its tasks and cells, then by further columns."""
        labels = {"task": self.declaration.tasks, "cell": self.declaration.cells}
        return frame.sort_values(
            ["task", "cell", *then],
            key=lambda c: c.map(labels[c.name].index) if c.name in labels else c,
            ignore_index=True,
        )


def load(results: str | os.PathLike[str], study: str) -> Results:
    """Read `results/STUDY`. Raises InputError where nothing ran or a part cannot be read.

    A row belongs to the stage in whose plan its id stands, and to the cell and task that the study declares for it,
    whatever they were called when it ran. The order is the declaration's, whatever the
    order in which trials happened to finish, so the same rows always give the same report.
    """
    store = Store(results, study)
    declaration = store.declaration()
    planned = store.planned()
    trials = planned.rows.to_pandas()
    order = {trial_id: position for position, trial_id in enumerate(declaration.stages)}
    # A trial that had solved its task and then diverged has nothing to show for it.
    solved = trials["solved"].eq(True).astype(bool) & trials["status"].eq("finished")
    trials = (
        with_types(trials)
        .assign(
            solved=solved,
            solved_step=trials["solved_step"].where(solved),
        )
        .sort_values("trial_id", key=lambda ids: ids.map(order), ignore_index=True)
    )

    curves = store.curves().to_pandas()
    curves = curves.drop(columns=["stage", "cell", "task", "seed", "code"])
    curves = trials[["trial_id", "stage", "cell", "task", "seed"]].merge(curves, on="trial_id", how="inner")
    return Results(
        declaration=declaration,
        trials=trials,
        curves=curves.sort_values(
            ["trial_id", "step"], key=lambda c: c.map(order) if c.name == "trial_id" else c
        ),
        left_out=planned.left_out,
        other=planned.other,
    )


def with_types(trials: pd.DataFrame) -> pd.DataFrame:
    """The rows with `cell.type`, `task.type` and `tolerance`; those of versions that did not write these have them from
    their `spec`."""
    old = trials["task.type"].isna()
    specs = [json.loads(text) if isinstance(text, str) else {} for text in trials.loc[old, "spec"]]
    types = {
        f"{part}.type": pd.Series(
            [type_of(spec.get(part)) for spec in specs], trials.index[old], dtype=object
        )
        for part in ("cell", "task")
    }
    filled = {name: trials[name].astype(object).where(~old, found) for name, found in types.items()}
    return trials.assign(tolerance=trials["tolerance"].astype(float).fillna(TOLERANCE), **filled)


def type_of(part: object) -> str:
    """Class of the cell or the task of a trial's spec, empty where it does not say."""
    return str(part.get("type", "")) if isinstance(part, dict) else ""
