"""What a study's search explains: shares of variance by factor, and the curves behind them, for figures and claims.

    shares, curves = explained(results)

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
from analysis.statistics.search.importance import explain, importance
from analysis.statistics.search.marginals import marginals
from analysis.statistics.search.pedanova import pedanova
from analysis.study.results import Results

LARGE = 5000
PART = 2000
RESAMPLES = 30


def explained(results: Results) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(`importance` of all tasks, `marginals` of all tasks), in the declared order; both without rows where the
    study searched nothing at random. The score is the study's, of one trial; of a halving search the validation score
    at the first rung."""
    declaration = results.declaration
    search, measure = results.drawn_search
    search = results.in_order(search, "trial_id")
    aliases = {alias: cell for cell, alias in declaration.same}
    table, factors = searched(
        search.assign(cell=search["cell"].replace(aliases)),
        scores(search, measure=measure)["score"],
    )
    return by_task(table, factors, np.random.default_rng(0))


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
