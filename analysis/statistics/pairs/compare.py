"""Pairs of cells compared: *equivalent*, *different* or *undecided*, with the evidence.

Per task, over all pairs of cells (the family):

- equivalent, when the two one-sided tests against the margin are significant after Holm. A difference
  inside the margin may still be detectable; `detectable` marks it, the verdict stays.
- else different, when the test of a difference is significant after Holm; `better` names the winner.
- else undecided. Not significant is never read as equal.

The tests are in `pairs.evidence`; the Bayesian counterpart is in `pairs.bayes`, and the seeds that
would decide an undecided pair in `pairs.power`.
"""

import numpy as np
import pandas as pd

from analysis.statistics.holm import holm
from analysis.statistics.pairs import bayes
from analysis.statistics.pairs.betting import COLUMNS as EVIDENCE
from analysis.statistics.pairs.betting import betting, further, intervals
from analysis.statistics.pairs.bounded_means import samples
from analysis.statistics.pairs.evidence import evidence
from analysis.statistics.pairs.groups import groups
from analysis.statistics.pairs.reasons import DIFFERENT, EQUIVALENT, UNDECIDED, why
from analysis.statistics.pairs.wilson import solved
from sweeps.errors import InputError
from sweeps.evidence.race import BETTER, WORSE

CAUTIOUS, WELCH, BETTING = METHODS = ("cautious", "welch", "betting")
BETS = "e-values of bets, e-Holm"
PROVEN, LIKELY = "proven", "likely"
TOP = 0.01  # how near to the best bound counts as the ceiling, in the range of the score
FIRST = ["task", "a", "b", "verdict", "better", "why"]


def compare(
    values: pd.DataFrame,
    pairs: pd.DataFrame,
    *,
    margin: float,
    alpha: float = 0.05,
    bounds: tuple[float, float] = (0.0, 1.0),
    better: str = "higher",
    method: str = CAUTIOUS,
) -> pd.DataFrame:
    """One row per pair, in the order of `pairs` (columns task, a, b), also where seeds are still missing.

    method: how verdicts are reached. cautious: tests that are valid for skewed and tied scores; welch: Welch's own
    t and TOST, as textbooks have them; betting: e-values alone (`pairs.betting`), so that every verdict is proven.

    values: one row per seed: task, cell, seed, status, solved, score, resolution (smallest step of a score known to be
    real, NaN if unknown). bounds: what a score can be (infinite where nothing is known); better: higher or lower.

    Columns: task, a, b; verdict, better, why; value (mean of a less mean of b), low, high (confidence 1 - 2 alpha, not
    adjusted); n_a, n_b, mean_a, mean_b, df; p_difference, p_equivalence and both after Holm (`..._holm`)
    over `pairs` pairs; margin, alpha, higher (is better); solved_a, solved_low_a, solved_high_a and so on for b
    (count, and Wilson's 95 % interval of the rate); tied_a, tied_b (seeds with the commonest score); lumpy; ceiling
    (every score of both is within 1 % of the best bound and every seed solved the task); detectable (equivalent, yet
    a difference shows); posterior_equal, posterior_a, posterior_b (practically equal, a better, b better), bayes (the
    verdict from these), agree (the two verdicts are the same, and name the same winner); those of `betting`; grade
    (proven: the e-values reach the verdict too, for any distribution of the scores; likely: they do not; empty where
    undecided); seeds_to_decide (further
    seeds per cell, 0 when decided, missing where 100,000 would not do or there are none to plan by); method.

    Raises InputError for a missing score, one beyond the bounds, and a margin that is not above 0.
    """
    if method not in METHODS:
        raise InputError(f"Verdicts are reached by method {' or '.join(METHODS)}; got '{method}'.")
    checked(values, bounds, better, margin)
    if better == "lower":  # upside down, and back again at the end
        values, bounds = values.assign(score=-values["score"]), (-bounds[1], -bounds[0])
    members = groups(values)
    table = evidence(
        members,
        samples(values),
        pairs,
        margin=margin,
        alpha=alpha,
        bounds=bounds,
        plain=method == WELCH,
    )
    bets = betting(values, pairs, margin=margin, alpha=alpha, bounds=bounds)
    table = pd.concat([table, bets[list(EVIDENCE)].set_axis(table.index)], axis=1)
    for name in ("p_difference", "p_equivalence"):
        table[f"{name}_holm"] = holm(table[name], table["task"])
    table["margin"], table["alpha"], table["higher"] = margin, alpha, better == "higher"
    table = with_rates(table, members, bounds)

    equivalent, significant = (table[f"p_{p}_holm"] <= alpha for p in ("equivalence", "difference"))
    table["detectable"] = equivalent & significant
    table["verdict"] = np.select([equivalent, significant], [EQUIVALENT, DIFFERENT], UNDECIDED)
    winner = table["a"].where(table["value"] > 0, table["b"])
    proven = table["bet"].map({BETTER: DIFFERENT, WORSE: DIFFERENT}).fillna(table["bet"])
    if method == BETTING:
        table["verdict"], table["method"] = proven, BETS
        table[["low", "high"]] = intervals(values, pairs, alpha=alpha, bounds=bounds).set_axis(table.index)
        winner = table["a"].where(table["bet"] == BETTER, table["b"])
        table["seeds_to_decide"] = further(values, pairs, margin=margin, alpha=alpha, bounds=bounds)
    ahead = (table["bet"] == BETTER) == (winner == table["a"])
    same = (proven == table["verdict"]) & ((table["verdict"] != DIFFERENT) | ahead)
    table["grade"] = np.select([table["verdict"] == UNDECIDED, same], ["", PROVEN], LIKELY)
    table["better"] = winner.where(table["verdict"] == DIFFERENT, "")
    table["bayes"] = bayes.verdict(table)
    likelier = table["a"].where(table["posterior_a"] > table["posterior_b"], table["b"])
    table["agree"] = (table["bayes"] == table["verdict"]) & (
        (table["verdict"] != DIFFERENT) | (likelier == winner)
    )
    table.loc[table["verdict"] != UNDECIDED, "seeds_to_decide"] = 0.0
    if better == "lower":
        table = table.assign(value=-table["value"], low=-table["high"], high=-table["low"])
        table = table.assign(mean_a=-table["mean_a"], mean_b=-table["mean_b"])
    table["why"] = [why(row) for row in table.itertuples(index=False)]
    return table[[*FIRST, *(c for c in table.columns if c not in [*FIRST, "method"]), "method"]]


def checked(values: pd.DataFrame, bounds: tuple[float, float], better: str, margin: float) -> None:
    """Raises InputError for what would silently make the statistics wrong."""
    if better not in ("higher", "lower"):
        raise InputError(f"A measure is better when it is 'higher' or 'lower'; got better='{better}'.")
    if not margin > 0:
        raise InputError(
            f"The margin, the smallest difference that matters, must be above 0; got {margin:g}."
        )
    missing = values["score"].isna()
    if missing.any():
        row = values[missing].iloc[0]
        raise InputError(
            f"{int(missing.sum())} of {len(values)} scores are missing (first: {row['cell']} on {row['task']}, seed "
            f"{row['seed']}). Nothing is left out: say what a seed without a score counts, as diverged ones count 0."
        )
    slack = 1e-6 * (bounds[1] - bounds[0]) if np.isfinite(bounds).all() else 0.0
    beyond = values[(values["score"] < bounds[0] - slack) | (values["score"] > bounds[1] + slack)]
    if len(beyond):
        row = beyond.iloc[0]
        raise InputError(
            f"A score of {row['score']:g} ({row['cell']} on {row['task']}) lies outside its bounds {bounds[0]:g} to "
            f"{bounds[1]:g}. Give the bounds that the measure really has, or infinite ones."
        )


def with_rates(table: pd.DataFrame, members: pd.DataFrame, bounds: tuple[float, float]) -> pd.DataFrame:
    """Solved counts with Wilson's interval for both sides, and whether both are at the ceiling."""
    top = bounds[1] - TOP * (bounds[1] - bounds[0]) if np.isfinite(bounds).all() else np.inf
    rates = solved(members)[["task", "cell", "solved", "low", "high"]].assign(
        ceiling=((members["worst"] >= top) & (members["solved"] == members["n"])).astype(bool)
    )
    for name in ("a", "b"):
        renamed = {"cell": name, "solved": f"solved_{name}", "ceiling": f"ceiling_{name}"}
        renamed |= {"low": f"solved_low_{name}", "high": f"solved_high_{name}"}
        table = table.merge(rates.rename(columns=renamed), on=["task", name], how="left")
        table[f"solved_{name}"] = table[f"solved_{name}"].fillna(0).astype(int)
    table["ceiling"] = table.pop("ceiling_a").eq(True) & table.pop("ceiling_b").eq(True)
    return table
