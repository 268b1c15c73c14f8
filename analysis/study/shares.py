"""What a study's search explains: shares of variance by factor, and the curves behind them, for figures and claims.

    shares, curves = explained(results)

    of_cells(results, cells, separately=True)     of some cells alone, of each for itself

By task, functional ANOVA (`search.importance`); on more than LARGE trials of a task the shares are PED-ANOVA's
(`search.pedanova`), and the forest of the curves is grown on as many settings as give PART trials. The alias
of a cell is that cell once more, so its trials count as the cell's. Forests take long: `analysis.study.tables` keeps
what came of them.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.statistics.scores import scores
from analysis.statistics.search import importance as by_factor
from analysis.statistics.search import marginals as by_value
from analysis.statistics.search.factors import Factor, searched
from analysis.statistics.search.importance import Explained, angle, explain, importance
from analysis.statistics.search.marginals import marginals
from analysis.statistics.search.pedanova import pedanova
from analysis.study.results import Results

LARGE = 5000
PART = 2000
RESAMPLES = 30
RATE = "learning rate"


def explained(results: Results) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(`importance` of all tasks, `marginals` of all tasks), in the declared order; both without rows where the
    study searched nothing at random. The score is the study's, of one trial; of a halving search the validation score
    at the first rung, the updates by then as rung."""
    declaration = results.declaration
    search = results.in_order(results.drawn, "trial_id")
    aliases = {alias: cell for cell, alias in declaration.same}
    table, factors = searched(
        search.assign(cell=search["cell"].replace(aliases)),
        scores(search, measure=declaration.score)["score"],
    )
    rungs = search.groupby("task")["rung"].first() if results.halved else None
    shares, curves = by_task(table, factors, np.random.default_rng(0))
    if rungs is None:
        return shares, curves
    return shares.assign(rung=shares["task"].map(rungs)), curves.assign(rung=curves["task"].map(rungs))


def of_cells(results: Results, cells: Sequence[str], *, separately: bool) -> pd.DataFrame:
    """`importance` of each task with these cells alone; separately: of each cell for itself, as Greff et al. (2017)
    analysed their variants.

    Adds cell (empty where all are analysed together), cells (how many); spread (standard deviation of arcsin √share
    over `halves` many half-samples); decades (of learning rates that were tried); rung (updates after which the score
    was taken, missing at the end). Of a halving the scores are those of its first rung. No forest depends on the
    others.
    """
    search = results.in_order(results.drawn, "trial_id")
    search = search[search["cell"].isin(cells)]
    table, factors = searched(search, scores(search, measure=results.declaration.score)["score"])
    table = table.assign(rung=search["rung"].to_numpy())
    parts = []
    for keys, trials in table.groupby(["task", "cell"] if separately else ["task"], sort=False):
        if factors:
            found = explain(trials, factors, generator=np.random.default_rng(0), resamples=RESAMPLES)
            parts.append(
                importance(found).assign(
                    cell=str(keys[1]) if separately else "",
                    cells=trials["cell"].nunique(),
                    spread=spreads(found),
                    halves=len(found.halves),
                    decades=decades(trials),
                    rung=trials["rung"].iloc[0],
                )
            )
    extra = ["cell", "cells", "spread", "halves", "decades", "rung"]
    return (
        pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*by_factor.COLUMNS, *extra])
    )


def spreads(found: Explained) -> pd.Series:
    """By row of `importance`; missing for what is not analysed."""
    shares = [half.shares() for half in found.halves]
    return pd.Series(angle(np.array(shares)).std(axis=0, ddof=1) if shares else [], dtype=float)


def decades(trials: pd.DataFrame) -> float:
    """Of the learning rates that were tried, from the smallest to the largest; 0 where they do not vary."""
    rates = trials.get(RATE, pd.Series(1.0)).dropna()
    return float(np.log10(rates.max() / rates.min())) if len(rates) else 0.0


def by_task(
    table: pd.DataFrame, factors: Sequence[Factor], generator: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both frames, task by task."""
    if not factors:
        return pd.DataFrame(columns=by_factor.COLUMNS), pd.DataFrame(columns=by_value.COLUMNS)
    shares, curves = [], []
    for _, trials in table.groupby("task", sort=False):
        found = explain(part(trials, generator), factors, generator=generator, resamples=RESAMPLES)
        large = len(trials) > LARGE
        shares.append(pedanova(trials, factors, generator=generator) if large else importance(found))
        curves.append(marginals(found))
    filled = [c for c in curves if len(c)]
    return (
        pd.concat(shares, ignore_index=True),
        pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=by_value.COLUMNS),
    )


def part(trials: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
    """All trials of a task, or those of as many settings, drawn at random, as come to PART trials."""
    if len(trials) <= LARGE:
        return trials
    sizes = trials["setting"].value_counts(sort=False)
    drawn = sizes.iloc[generator.permutation(len(sizes))]
    return trials[trials["setting"].isin(drawn.index[drawn.cumsum() <= PART])]
