"""What cells are compared by. One value a seed of the confirm stage, so that the same verdicts serve all of them.

    test_score            score on the test sample at the end: 0 naive baseline, 1 perfect
    area                  mean validation score over the training: soon and well
    solved                1 for a seed that solved the task, else 0
    log_steps             log₂ of the updates until a seed counted as solved
    diverged              1 for a seed that diverged, else 0
    score_at_seconds      validation score when the fastest cell of the task is done
    score_at_flops        validation score when the cheapest cell has used its operations
    score_at_parameters   test score with no more parameters than all cells can have

A seed that diverged or failed counts as what it is, and none is left out: its score is 0, it did not solve the task,
it took as long as there was. `Measure.absent` says of the measures that can lack a value what that means.

**Steps to solve** are censored: a seed that has not solved its task by the end would have done so later or never. All
seeds of a task have the same budget L, so the restricted mean of log T up to it (Irwin 1949; Royston & Parmar 2013,
"Restricted mean survival time") is the plain mean of min(log T, log L), and is compared as such: by how much sooner,
over the updates that there were. What would have happened after L nobody knows; that one cell never solves at all
is told by `solved`, and whether both solve at the same rate all along by the log-rank test beside it. In logarithms,
since halving the steps is worth the same for slow tasks as for fast ones.

A margin is the smallest difference that matters. That of a score is the study's; the others are a quarter of one
doubling of the steps and one seed in five, unless the study declares its own (`Study.margins`).
"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis import values
from analysis.load import Results
from analysis.statistics.compare import compare
from analysis.statistics.log_rank import log_rank
from analysis.statistics.newcombe import newcombe
from analysis.verdicts import declared_pairs
from analysis.words import listing
from sweeps.errors import InputError
from sweeps.schema import MEASURES as UNITS
from sweeps.store import Declaration

Values = Callable[[Results], pd.DataFrame]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """name, title: for columns and for people. better: "higher" or "lower". bounds: what a value can be. margin:
    smallest difference of interest where the study declares none. values: results to one row a seed of the
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
        """The margin that the study declared: its own for this measure, else for scores that of the test score."""
        shared = declaration.margin if self.unit == "score" else self.margin
        return shared if self.name == "test_score" else declaration.margins.get(self.name, shared)


MEASURES = {
    measure.name: measure
    for measure in (
        Measure(name="test_score", title="test score", values=values.test_score),
        Measure(
            name="area",
            title="area under the learning curve",
            values=values.area,
            absent="its learning curve is not in the store",
        ),
        Measure(
            name="solved",
            title="solved fraction",
            margin=0.2,
            values=values.solved,
        ),
        Measure(
            name="log_steps",
            title="log₂ of updates to solve",
            better="lower",
            bounds=(0.0, np.inf),
            margin=0.25,
            values=values.log_steps,
        ),
        Measure(
            name="diverged",
            title="diverged fraction",
            better="lower",
            margin=0.2,
            values=values.diverged,
        ),
        Measure(
            name="score_at_seconds",
            title="score at equal seconds",
            values=values.at_seconds,
            absent="its learning curve is not in the store, or the task ran on several kinds of device",
        ),
        Measure(
            name="score_at_flops",
            title="score at equal operations",
            values=values.at_flops,
            absent="its learning curve or its operations (step_flops) are not in the store",
        ),
        Measure(
            name="score_at_parameters",
            title="score at equal parameters",
            values=values.at_parameters,
            absent="nothing was tried with so few parameters as the smallest cell's largest",
        ),
    )
}


def by_measure(results: Results, name: str) -> pd.DataFrame:
    """The frame of `statistics.compare` for all pairs that are declared to run, by one of MEASURES.

    Adds measure; missing_a and missing_b: seeds of the confirm stage without a value, of which `why` speaks; for scores
    at equal cost limit: that cost, in s, operations or parameters, and for parameters trials_per_value (0 for
    confirmed seeds). solved and diverged: also newcombe_low and newcombe_high, the interval of the difference of
    two fractions. log_steps: p_log_rank and p_log_rank_holm, of `statistics.log_rank`. Raises InputError for an
    unknown measure.
    """
    if name not in MEASURES:
        near = difflib.get_close_matches(name, MEASURES, n=1, cutoff=0.5)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise InputError(f"Unknown measure '{name}'.{hint} Known: {', '.join(MEASURES)}.")
    measure, declaration = MEASURES[name], results.declaration
    seeds, pairs = measure.values(results), declared_pairs(declaration)
    limits = {task: bounds(measure, seeds, task) for task in dict.fromkeys(pairs["task"])}

    def compared(tasks: list[str], within: tuple[float, float]) -> pd.DataFrame:
        return compare(
            seeds[seeds["task"].isin(tasks)],
            pairs[pairs["task"].isin(tasks)],
            margin=measure.margin_in(declaration),
            alpha=declaration.alpha,
            bounds=within,
            better=measure.better,
        )

    parts = [
        compared([task for task in limits if limits[task] == each], each)
        for each in dict.fromkeys(limits.values())
    ]
    table = pairs.merge(pd.concat(parts or [compared([], measure.bounds)]), on=["task", "a", "b"])
    if name == "log_steps":
        ranks = log_rank(results.stage("confirm"), pairs)
        table = table.assign(p_log_rank=ranks["p"], p_log_rank_holm=ranks["p_holm"])
    if measure.unit == "fraction":
        interval = newcombe(table, confidence=1 - 2 * declaration.alpha)
        table = table.assign(newcombe_low=interval["low"], newcombe_high=interval["high"])
    table = with_missing(table, results.stage("confirm"), seeds, measure.absent)
    for column in [name for name in ("limit", "trials_per_value") if name in seeds]:
        table[column] = table["task"].map(seeds.groupby("task", sort=False)[column].first())
    return table.assign(measure=name)


def bounds(measure: Measure, values: pd.DataFrame, task: str) -> tuple[float, float]:
    """What a value can be on a task.

    Where even a perfect prediction is uncertain, 1 is a perfect predictor's mean, and a sample may be a little above.
    """
    mine = values[values["task"] == task]
    if "low" in values and len(mine):
        return float(mine["low"].min()), float(mine["high"].max())
    low, high = measure.bounds
    return low, max(high, float(values["score"].max())) if len(values) else high


def with_missing(
    table: pd.DataFrame, confirm: pd.DataFrame, values: pd.DataFrame, absent: str
) -> pd.DataFrame:
    """Counts, and a word in `why`, for seeds of the confirm stage that have no value."""
    valued = values.groupby(["task", "cell"]).size()
    lacking = confirm.groupby(["task", "cell"]).size().sub(valued, fill_value=0)
    if "trials_per_value" in values:  # other things than seeds: there are some, or none
        lacking[lacking.index.isin(valued.index)] = 0
    for side in ("a", "b"):
        cells = pd.MultiIndex.from_frame(table[["task", side]])
        table[f"missing_{side}"] = lacking.reindex(cells).fillna(0).clip(lower=0).astype(int).to_numpy()
    table["why"] = [f"{row.why}{lacks(row, absent)}" for row in table.itertuples()]
    return table


def lacks(row, absent: str) -> str:
    """The word on seeds without a value; nothing where there are none."""
    counts = ((row.a, row.missing_a, row.n_a), (row.b, row.missing_b, row.n_b))
    told = [f"{lack} of {lack + n} seeds of {cell}" for cell, lack, n in counts if lack]
    return f"; without a value: {listing(told)}, since {absent}" if told else ""
