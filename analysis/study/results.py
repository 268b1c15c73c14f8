"""The store as frames: what the study declared, its trials, their curves."""

import os
from dataclasses import dataclass

import pandas as pd

from sweeps.store.declaration import Declaration
from sweeps.store.store import Store


@dataclass(frozen=True, kw_only=True)
class Results:
    """One study's results.

    declaration: what the study said before it ran. trials: one row a planned trial that has finished,
    columns of `sweeps.store.schema.TRIAL_COLUMNS` and the trial's spec. curves: one row a trial and evaluation.
    left_out: trials in the store that are not in the plan (the study file was edited, or single runs). other: planned
    trials that ran, but by code that does not count any more.
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

    def missing(self, name: str) -> int:
        """Trials of a stage that are planned and have no row."""
        planned = max(self.declaration.total.get(name, 0), len(self.declaration.plan.get(name, ())))
        return max(planned - int((self.trials["stage"] == name).sum()), 0)

    def in_order(self, frame: pd.DataFrame, *then: str) -> pd.DataFrame:
        """Sorted as the study declares its tasks and cells, then by further columns."""
        labels = {"task": self.declaration.tasks, "cell": self.declaration.cells}
        return frame.sort_values(
            ["task", "cell", *then],
            key=lambda c: c.map(labels[c.name].index) if c.name in labels else c,
            ignore_index=True,
        )


def load(results: str | os.PathLike[str], study: str) -> Results:
    """Read `results/STUDY`. Raises InputError where nothing ran or a part can not be read.

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
    trials = trials.assign(
        solved=solved,
        solved_step=trials["solved_step"].where(solved),
    ).sort_values("trial_id", key=lambda ids: ids.map(order), ignore_index=True)

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
