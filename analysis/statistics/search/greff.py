"""The protocol of Greff et al. (2017) alongside ours, for a like-for-like comparison.

Per task and cell: all trials of a random search, and the best tenth of them by *validation*; of both the *test*
scores, each variant against the reference by Welch's t-test at 0.05, after Bonferroni over a task's variants:

    significant   when   m p ≤ 0.05         m variants on the task (theirs: 8, with 20 of 200 trials each)

It is shown for comparison, and no verdict rests on it. "Not significant" only excludes large effects: with 20
trials per cell and m = 8, differences beyond 1.1 standard deviations. And the best tenth is not a random sample but the
selected tail of a search: its scores differ less among themselves than tails of equal cells do. With
nine equal cells and validation that ranks as test does, one variant or more came out significant in 19 % of
simulated tasks of 48 trials per cell and in 27 to 49 % of those of 200, by the shape of the scores; 5 % was promised.
The rows of all trials keep the promise. Diverged and failed trials score 0, as everywhere, and are also counted.
"""

import numpy as np
import pandas as pd
from scipy import stats

from analysis.statistics.pairs.groups import groups
from analysis.statistics.pairs.welch import BLIND, NONE, welch
from analysis.statistics.scores import scores
from analysis.statistics.search.order import best_first
from sweeps.errors import InputError

TOP, ALL = "top 10 %", "all"
SHARE = 0.1
COLUMNS = [
    *("task", "cell", "reference", "which", "value", "low", "high", "n_a", "n_b", "mean_a", "mean_b"),
    *("lost_a", "lost_b", "p", "p_bonferroni", "variants", "alpha", "significant", "better", "method"),
]


def greff(
    trials: pd.DataFrame, *, reference: str, measure: str = "test_score", alpha: float = 0.05
) -> pd.DataFrame:
    """One row per task, variant and `which` (the best tenth, or all trials), in the order of `trials`.

    trials: a search stage's rows, with status, valid_score, valid_loss and trial_id. Columns: value (mean of the
    variant less mean of the reference), low, high (confidence 1 - alpha/variants, so that they leave out 0 exactly
    where it is significant), n_a, n_b, mean_a, mean_b, lost_a, lost_b (diverged or failed), p, p_bonferroni,
    significant, better (empty unless significant), method; a is the variant. Where a side has fewer than 2 trials
    numbers are missing and the method says so. Raises InputError where no trial is the reference's.
    """
    if len(trials) and reference not in set(trials["cell"]):
        known = ", ".join(dict.fromkeys(trials["cell"]))
        raise InputError(f"The reference '{reference}' has no search trial; name one of: {known}.")
    tables = [
        against(scores(kept, measure=measure), reference, alpha).assign(which=which)
        for which, kept in ((TOP, best(trials)), (ALL, trials))
    ]
    both = pd.concat(tables, ignore_index=True)
    order = {task: k for k, task in enumerate(dict.fromkeys(trials["task"]))}
    return both.sort_values("task", key=lambda c: c.map(order), kind="stable", ignore_index=True)[COLUMNS]


def against(values: pd.DataFrame, reference: str, alpha: float) -> pd.DataFrame:
    """Each cell against the reference, on every task on which both are."""
    members = groups(values)
    held = members["task"].isin(members.loc[members["cell"] == reference, "task"])
    arms = members[held & members["cell"].ne(reference)]
    pairs = pd.DataFrame({"task": arms["task"], "a": arms["cell"], "b": reference}).reset_index(drop=True)
    table = welch(members, pairs, margin=1.0, alpha=alpha / 2)
    m = table.groupby("task")["a"].transform("size")
    wider = stats.t.ppf(1 - alpha / m / 2, table["df"]) / stats.t.ppf(1 - alpha / 2, table["df"])
    half = (table["high"] - table["value"]) * wider
    corrected = (table["p_difference"] * m).clip(upper=1.0)
    lost = (members["diverged"] + members["failed"]).set_axis(
        pd.MultiIndex.from_frame(members[["task", "cell"]])
    )
    significant = corrected <= alpha
    winner = table["a"].where(table["value"] > 0, table["b"])
    tested = ~table["method"].isin([NONE, BLIND])
    told = table["method"].str.replace("Welch t and TOST", "Welch t, Bonferroni", regex=False)
    return table.assign(
        cell=table["a"],
        reference=table["b"],
        low=table["value"] - half,
        high=table["value"] + half,
        lost_a=lost.reindex(pd.MultiIndex.from_frame(table[["task", "a"]])).to_numpy(),
        lost_b=lost.reindex(pd.MultiIndex.from_frame(table[["task", "b"]])).to_numpy(),
        p=table["p_difference"],
        p_bonferroni=corrected,
        variants=m,
        alpha=alpha,
        significant=significant,
        better=winner.where(significant, ""),
        method=told.where(tested, table["method"].str.replace("seeds", "trials", regex=False)),
    )


def best(members: pd.DataFrame, share: float = SHARE) -> pd.DataFrame:
    """The best share of the trials of each task and cell on validation, in the order in which a study chooses its
    configuration. Half a trial is rounded up."""
    ranked = best_first(members)
    by_cell = ranked.groupby(["task", "cell"], sort=False)["cell"]
    kept = by_cell.cumcount() < np.floor(by_cell.transform("size") * share + 0.5)
    return members.loc[ranked.index[kept]].sort_index()
