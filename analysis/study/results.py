"""The store as frames: what the study declared, its trials, their curves."""

import json
import os
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sweeps.store.declaration import HALVING, Declaration
from sweeps.store.schema import FLOW_COLUMNS, STOPPED
from sweeps.store.store import Store

TOLERANCE = 0.01  # of all rows that do not say theirs: before they did it was the only one


@dataclass(frozen=True, kw_only=True)
class Results:
    """One study's results.

    declaration: what the study declared before it ran. trials: one row per planned trial that has finished,
    columns of `sweeps.store.schema.TRIAL_COLUMNS` and the trial's spec. curves: one row per trial and evaluation. flow:
    of some confirmed trials one row per moment at which was measured what flows through them (`FLOW_COLUMNS` there).
    left_out: trials in the store that are not in the plan (the study file was edited, or single runs). other: planned
    trials that ran, but with code that no longer counts. incomplete: one sentence on damaged parts of the store, which
    are left out; nothing where there are none.
    """

    declaration: Declaration
    trials: pd.DataFrame
    curves: pd.DataFrame
    left_out: int
    other: int = 0
    incomplete: str = ""
    flow: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(FLOW_COLUMNS)))

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
    def no_random_search(self) -> str:
        """Why `random_search` has no rows though the study searched; empty where that is not so."""
        if self.declaration.random_draws:
            return ""
        if self.halved:
            return (
                "Not computed: it assumes that all settings trained to their end, and this study's search stopped most "
                "of them on the way."
            )
        return (
            f"Not computed: it assumes independent random draws, and this study's settings were chosen by "
            f"'{self.declaration.sampler}'."
        )

    @property
    def halved(self) -> bool:
        """Whether the search stopped settings on the way (`sweeps.strategies.halving`)."""
        return self.declaration.sampler == HALVING

    @property
    def first_rung(self) -> pd.DataFrame:
        """Trials of a halving search as they were at its first rung, where all settings still trained: their validation
        scores then, the updates made as steps_done, no test scores. No rows for other searches. A trial that had
        diverged or failed by then says so."""
        search = self.stage("search")
        stopped = search[search["status"] == STOPPED]
        if not self.halved or stopped.empty:
            return search.iloc[:0]
        reached = search["task"].map(stopped.groupby("task")["steps_done"].min())
        then = self.curves[["trial_id", "step", "valid_score", "valid_loss", "valid_error", "train_loss"]]
        then = search[["trial_id"]].assign(step=reached).merge(then, on=["trial_id", "step"], how="left")
        there = then["valid_score"].notna().to_numpy()
        lost = search["status"].where(search["status"].isin(["diverged", "failed"]), "diverged")
        return search.assign(
            **{name: then[name].to_numpy() for name in then.columns.drop(["trial_id", "step"])},
            steps_done=reached,
            status=lost.where(~there, "finished"),
            test_score=np.nan,
        )

    @property
    def drawn(self) -> pd.DataFrame:
        """Trials whose settings are independent random draws, each with a score and all with the same training:
        `random_search`; of a halving its settings at the first rung, with the validation score there as the study's.
        Adds rung, the updates after which the score was taken; missing where training had ended."""
        if not self.halved:
            return self.random_search.assign(rung=np.nan)
        first = self.first_rung
        return first.assign(
            rung=first["steps_done"].astype(float), **{self.declaration.score: first["valid_score"]}
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
    """Read `results/STUDY`. Raises InputError where nothing ran or a part may not be read; damaged ones are left out.

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
    flow = store.flow().to_pandas()
    flow = flow[flow["trial_id"].isin(set(trials.loc[trials["stage"] == "confirm", "trial_id"]))]
    return Results(
        declaration=declaration,
        trials=trials,
        curves=curves.sort_values(
            ["trial_id", "step"], key=lambda c: c.map(order) if c.name == "trial_id" else c
        ),
        left_out=planned.left_out,
        other=planned.other,
        incomplete=store.incomplete,
        flow=flow.sort_values("trial_id", key=lambda ids: ids.map(order), kind="stable", ignore_index=True),
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
