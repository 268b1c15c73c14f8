"""What cells are compared by. One value per seed of the confirm stage, so that the same verdicts serve all of them.

    test_score            score on the test sample at the end: 0 naive baseline, 1 perfect
    area                  mean validation score over the training: soon and well
    solved                1 for a seed that solved the task, else 0
    log_steps             log₂ of the updates until a seed counted as solved
    diverged              1 for a seed that diverged, else 0
    score_at_seconds      validation score when the fastest cell of the task is done
    score_at_flops        validation score when the cheapest cell has used its operations
    score_at_parameters   test score with no more parameters than all cells can have

A seed that diverged or failed counts as such, and none is left out: its score is 0, it did not solve the task,
it took the whole budget. `Measure.absent` states, for measures that can lack a value, what that means.

**Steps to solve** are censored: a seed that has not solved its task by the end would have done so later or never. All
seeds of a task have the same budget L, so the restricted mean of log T up to it (Irwin 1949; Royston & Parmar 2013,
"Restricted mean survival time") is the plain mean of min(log T, log L), and is compared as such: by how much sooner,
over the updates of the budget. What would have happened after L is unknown; that one cell never solves at all
is shown by `solved`, and whether both solve at the same rate throughout by the log-rank test. In logarithms,
since halving the steps is worth the same for slow tasks as for fast ones.

A margin is the smallest difference that matters. That of a score is the study's; the others are a quarter of one
doubling of the steps and one seed in five, unless the study declares its own (`Study.margins`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.statistics.scores import COLUMNS, scores
from analysis.statistics.search.at_parameters import scores_at_parameters
from analysis.statistics.training.areas import areas
from analysis.statistics.training.at_cost import scores_at
from analysis.statistics.training.steps_to_solve import steps_to_solve
from analysis.study.results import Results
from sweeps.store.declaration import Declaration
from sweeps.store.schema import MEASURES as UNITS

Values = Callable[[Results], pd.DataFrame]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """name, title: for columns and for people. better: "higher" or "lower". bounds: what a value can be. margin:
    smallest difference of interest where the study declares none. values: results to one row per seed of the
    confirm stage, as `statistics.scores` makes them. absent: why a seed may have no value; empty: all have one.
    """

    name: str
    title: str
    better: str = "higher"
    bounds: tuple[float, float] = (0.0, 1.0)
    margin: float = 0.05
    values: Values
    absent: str = ""

    @property
    def unit(self) -> str:
        return UNITS[self.name]

    def margin_in(self, declaration: Declaration) -> float:
        """The margin that the study declared for this measure, else for scores that of the measure of the verdicts."""
        if self.name == declaration.measure:
            return declaration.margin
        shared = self.unit == "score" == UNITS.get(declaration.measure, "score")
        return declaration.margins.get(self.name, declaration.margin if shared else self.margin)


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
    return scores_at_parameters(results.random_search, results.stage("confirm"))


MEASURES = {
    measure.name: measure
    for measure in (
        Measure(name="test_score", title="test score", values=test_score),
        Measure(
            name="area",
            title="area under the learning curve",
            values=area,
            absent="its learning curve is not in the store",
        ),
        Measure(
            name="solved",
            title="solved fraction",
            margin=0.2,
            values=solved,
        ),
        Measure(
            name="log_steps",
            title="log₂ of updates to solve",
            better="lower",
            bounds=(0.0, np.inf),
            margin=0.25,
            values=log_steps,
        ),
        Measure(
            name="diverged",
            title="diverged fraction",
            better="lower",
            margin=0.2,
            values=diverged,
        ),
        Measure(
            name="score_at_seconds",
            title="score at equal seconds",
            values=at_seconds,
            absent="its learning curve is not in the store, or the task ran on several kinds of device",
        ),
        Measure(
            name="score_at_flops",
            title="score at equal operations",
            values=at_flops,
            absent="its learning curve or its operations (step_flops) are not in the store",
        ),
        Measure(
            name="score_at_parameters",
            title="score at equal parameters",
            values=at_parameters,
            absent="nothing was tried with so few parameters as the smallest cell's largest",
        ),
    )
}
