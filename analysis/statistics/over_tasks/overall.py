"""Every pair over all its tasks: the mean difference on these tasks, and what to expect of a new one.

With d_t the difference on task t of T and s_t its standard error,

    d = Σ d_t / T        s² = Σ s_t² / T²        ν = s⁴ T⁴ / Σ (s_t⁴ / ν_t)        (Welch & Satterthwaite)

and on these the two tests of `pairs.welch`, after Holm over all pairs that share two tasks or more, and beside
them the posterior d + s T_ν from the reference prior. The tasks are taken as they are, without any claim about others:
for these there is the posterior of `over_tasks.hierarchical`. s_t is read off the pair's interval, of which it is
the longer half over its quantile of Student's distribution, so that what was added there for clusters and tails
counts here as well. A mean may hide that a cell is better on one task and worse on another; `differing` counts the
tasks on which the pair is different.
"""

import numpy as np
import pandas as pd
from scipy import stats

from analysis.statistics.holm import holm
from analysis.statistics.over_tasks.hierarchical import hierarchical
from analysis.statistics.pairs import bayes
from analysis.statistics.pairs.power import seeds_to_decide
from analysis.statistics.pairs.reasons import DIFFERENT, EQUIVALENT, UNBOUNDED, UNDECIDED, why

OVER = "all tasks"
METHOD = "mean over tasks, Welch-Satterthwaite t and TOST"
LEAST = 2  # tasks
MORE = [
    "tasks",
    "tested",
    "equivalent",
    "differing",
    "mu_equal",
    "mu_a",
    "mu_b",
    "new_equal",
    "new_a",
    "new_b",
]
MORE += ["spread", "bayes_new"]
FIRST = ["task", "a", "b", "verdict", "better", "why", "value", "low", "high"]
PAIRWISE = ("solved_", "tied_", "log_e_", "unseen_")  # beginnings of columns of single tasks alone


def overall(table: pd.DataFrame) -> pd.DataFrame:
    """One row per pair that shares two tasks or more, in order of appearance. table: as `pairs.compare` gives it.

    Columns as there where they make sense over tasks (n_a and n_b are all seeds, mean_a and mean_b means of means,
    seeds_to_decide is on every task), task = "all tasks"; also tasks (shared), tested (of these), equivalent and
    differing (tasks with that verdict); those of `hierarchical`; bayes_new (the verdict for a new task). A pair with a
    task that is not tested yet is undecided; one that cannot be equivalent on a task cannot be so over all.
    """
    numbers = pd.Series(range(len(table)), index=table.index)
    order = numbers.groupby([table["a"], table["b"]], sort=False).transform("min")
    kept = order.map(order.value_counts()) >= LEAST
    rows = table.assign(
        pair=order,
        equivalent=(table["verdict"] == EQUIVALENT).astype(int),
        differing=(table["verdict"] == DIFFERENT).astype(int),
    )[kept]
    if rows.empty:
        return empty(table)
    how = dict.fromkeys(("a", "b", "margin", "alpha", "higher"), "first")
    how |= dict.fromkeys(("n_a", "n_b", "equivalent", "differing"), "sum")
    how["p_equivalence"] = "count"
    how |= {"value": "mean", "mean_a": "mean", "mean_b": "mean", "task": "size", "low": "count"}
    names = {"task": "tasks", "low": "tested", "p_equivalence": "equal"}
    found = rows.groupby("pair", sort=True).agg(how).rename(columns=names)
    d, half, df, lumpy = wide(rows)
    s = half / stats.t.ppf(1 - rows["alpha"].iloc[0], df)
    found = found.reset_index(drop=True).assign(task=OVER, method=METHOD, pairs=len(found))
    whole = (found["tested"] == found["tasks"]).to_numpy()
    silent = whole & (found.pop("equal") < found["tasks"]).to_numpy()
    found = fixed(found, np.where(whole[:, None], s, np.nan), df, silent)
    found["seeds_to_decide"] = more_seeds(found, s, half, lumpy)
    margin, upward = found["margin"].to_numpy(float), found["higher"].to_numpy(bool)
    expected = hierarchical(d, s, df, margin=margin, upward=upward).where(pd.Series(whole & ~silent))
    found = pd.concat([found, expected], axis=1)

    equal, apart = (found[f"p_{p}_holm"] <= found["alpha"] for p in ("equivalence", "difference"))
    found["verdict"] = np.select([equal, apart], [EQUIVALENT, DIFFERENT], UNDECIDED)
    found["detectable"], found["ceiling"], found["lumpy"] = equal & apart, False, False
    winner = found["a"].where((found["value"] > 0) == found["higher"], found["b"])
    found["better"] = winner.where(found["verdict"] == DIFFERENT, "")
    found["bayes"] = bayes.verdict(found)
    renamed = {f"new_{name}": f"posterior_{name}" for name in ("equal", "a", "b")}
    found["bayes_new"] = bayes.verdict(found[list(renamed)].rename(columns=renamed))
    likelier = found["a"].where(found["posterior_a"] > found["posterior_b"], found["b"])
    same_winner = (found["verdict"] != DIFFERENT) | (likelier == winner)
    found["agree"] = (found["bayes"] == found["verdict"]) & same_winner
    found.loc[found["verdict"] != UNDECIDED, "seeds_to_decide"] = 0.0
    found["why"] = [why(row) for row in found.itertuples(index=False)]
    return found[[*FIRST, *(c for c in found.columns if c not in [*FIRST, "method"]), "method"]]


def wide(rows: pd.DataFrame) -> np.ndarray:
    """Difference, longer half of the interval, degrees of freedom and 1 for lumpy: (4, pairs, tasks), missing where a
    pair has fewer tasks."""
    half = np.fmax(rows["value"] - rows["low"], rows["high"] - rows["value"])
    seeds = rows["n_a"] + rows["n_b"] - 2.0
    df = rows["df"].where(~rows["lumpy"] & rows["df"].notna(), seeds)
    pair, place = rows["pair"].rank(method="dense").to_numpy(int) - 1, rows.groupby("pair").cumcount()
    result = np.full((4, pair.max() + 1, place.max() + 1), np.nan)
    for part, column in zip(result, (rows["value"], half, df, rows["lumpy"]), strict=True):
        part[pair, place] = column
    return result


def fixed(found: pd.DataFrame, s: np.ndarray, df: np.ndarray, silent: np.ndarray) -> pd.DataFrame:
    """Adds interval, tests and posterior for the mean over the tasks as they are. silent: (pairs,) which of them can
    not be equivalent, since they cannot on a task."""
    tasks, margin = found["tasks"].to_numpy(float), found["margin"].to_numpy(float)
    value, alpha = found["value"].to_numpy(float), found["alpha"].to_numpy(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = np.where(np.isnan(s).all(axis=1), np.nan, np.nansum(s**2, axis=1))
        error = np.sqrt(total) / tasks
        freedom = total**2 / np.nansum(s**4 / df, axis=1)
        half = stats.t.ppf(1 - alpha, freedom) * error
        p_difference = 2 * stats.t.sf(np.abs(value) / error, freedom)
        p_equivalence = stats.t.sf((margin - np.abs(value)) / error, freedom)
        above, below = (stats.t.sf((margin - sign * value) / error, freedom) for sign in (1, -1))
    upward = found["higher"].to_numpy(bool)
    found = found.assign(
        posterior_equal=1 - above - below,
        posterior_a=np.where(upward, above, below),
        posterior_b=np.where(upward, below, above),
    )
    found = found.assign(low=value - half, high=value + half, df=freedom)
    found = found.assign(p_difference=p_difference, p_equivalence=p_equivalence)
    found.loc[silent, ["p_equivalence", *bayes.COLUMNS]] = np.nan  # before Holm, which counts them as 1
    found.loc[silent, "method"] = UNBOUNDED
    for name in ("p_difference", "p_equivalence"):
        found[f"{name}_holm"] = holm(found[name], found["task"])
    return found


def more_seeds(found: pd.DataFrame, s: np.ndarray, half: np.ndarray, lumpy: np.ndarray) -> np.ndarray:
    """Further seeds per cell on every task. Spread tasks gain as the root of the seeds, lumpy ones in proportion."""
    tasks, alpha = found["tasks"].to_numpy(float), found["alpha"].to_numpy(float)
    n = np.stack([found["n_a"] / tasks, found["n_b"] / tasks])
    spread = np.nansum(np.where(lumpy == 1, 0.0, s**2), axis=1) / tasks**2
    with np.errstate(divide="ignore", invalid="ignore"):
        unseen = np.sqrt(np.nansum(np.where(lumpy == 1, half**2, 0.0), axis=1)) / tasks
        unseen /= 1 - alpha ** (1 / n.min(axis=0))
    room = np.zeros((2, 2, len(found)))
    room[0] = np.where(np.isfinite(unseen), unseen, 0.0)
    value, margin = found["value"].to_numpy(float), found["margin"].to_numpy(float)
    none = np.zeros(len(found))
    more = seeds_to_decide(value, spread / 2 * n, n, alpha / len(found), margin=margin, tails=none, room=room)
    return np.where(found["low"].isna(), np.nan, more)


def empty(table: pd.DataFrame) -> pd.DataFrame:
    """No pair shares two tasks: the columns alone."""
    kept = [
        c for c in table.columns if not str(c).startswith(PAIRWISE) and c not in ("bet", "grade", "method")
    ]
    return table.iloc[:0].reindex(columns=[*kept, *MORE, "method"])
