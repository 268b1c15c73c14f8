"""The verdicts on every pair of cells by one of the measures."""

import pandas as pd

from analysis.statistics.pairs.compare import compare
from analysis.statistics.pairs.newcombe import newcombe
from analysis.statistics.training.log_rank import log_rank
from analysis.study.measures import MEASURES, Measure
from analysis.study.results import Results
from analysis.study.verdicts import declared_pairs
from analysis.words import listing
from sweeps.errors import InputError, did_you_mean


def by_measure(results: Results, name: str) -> pd.DataFrame:
    """The frame of `pairs.compare` for all pairs that are declared to run, by one of MEASURES.

    Adds measure; missing_a and missing_b: seeds of the confirm stage without a value, of which `why` speaks; for scores
    at equal cost limit: that cost, in s, operations or parameters, and for parameters trials_per_value (0 for
    confirmed seeds). solved and diverged: also newcombe_low and newcombe_high, the interval of the difference of
    two fractions. log_steps: p_log_rank and p_log_rank_holm, of `training.log_rank`. Raises InputError for an
    unknown measure.
    """
    if name not in MEASURES:
        raise InputError(
            f"Unknown measure '{name}'.{did_you_mean(name, MEASURES)} Known: {', '.join(MEASURES)}."
        )
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
