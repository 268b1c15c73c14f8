"""Verdicts: for every task and pair of cells, *equivalent*, *different* or *undecided*, and why.

Only the confirm stage counts: its seeds are fresh, while the search stage chose the configuration and
so flatters it. Per task, over all pairs of cells (the family):

- equivalent, when the two one-sided tests against the study's margin are significant after Holm. A
  difference inside the margin may still be detectable; `detectable` says so, the verdict stays.
- else different, when Welch's t-test is significant after Holm; `better` names the winner.
- else undecided. Not significant is never read as equal.
"""

from itertools import combinations

import pandas as pd

from analysis.statistics.groups import groups
from analysis.statistics.holm import holm
from analysis.statistics.scores import scores
from analysis.statistics.welch import BLIND, welch
from analysis.statistics.wilson import solved
from analysis.words import between, number, signed
from sweeps.store import Declaration

EQUIVALENT, DIFFERENT, UNDECIDED = "equivalent", "different", "undecided"
CEILING = 0.99
SIDED = ("n", "mean", "solved", "solved_low", "solved_high")


def confirmed(trials: pd.DataFrame, declaration: Declaration) -> pd.DataFrame:
    """Scores of the confirm stage, for the declared tasks and cells."""
    kept = (
        (trials["stage"] == "confirm")
        & trials["cell"].isin(declaration.cells)
        & trials["task"].isin(declaration.tasks)
    )
    return scores(trials[kept], measure=declaration.measure)


def verdicts(trials: pd.DataFrame, declaration: Declaration) -> pd.DataFrame:
    """One row a task and pair of cells that are declared to run on it, also where trials are still missing.

    Columns: task, a, b; verdict, better, why; value (a less b), low, high (confidence 1 - 2 alpha, not
    adjusted); n_a, n_b, mean_a, mean_b, df; p_difference, p_equivalence and both after Holm (`..._holm`)
    over `pairs` pairs; margin, alpha; detectable (equivalent, yet a difference shows); ceiling (every score
    of both is at least 0.99 and every seed solved the task); solved_a, solved_low_a, solved_high_a and so on
    for b (count, and Wilson's 95 % interval of the rate); method.
    """
    members = groups(confirmed(trials, declaration))
    pairs = pd.DataFrame(
        [
            (task, a, b)
            for task in declaration.tasks
            for a, b in combinations(declaration.cells, 2)
            if declaration.runs(task, a, b)
        ],
        columns=["task", "a", "b"],
    )
    table = welch(members, pairs, margin=declaration.margin, alpha=declaration.alpha)
    for name in ("p_difference", "p_equivalence"):
        table[f"{name}_holm"] = holm(table[name], table["task"])
    table["pairs"] = table.groupby("task", sort=False)["a"].transform("size")
    table["margin"], table["alpha"] = declaration.margin, declaration.alpha

    rates = solved(members)[["task", "cell", "solved", "low", "high"]].assign(
        ceiling=((members["worst"] >= CEILING) & (members["solved"] == members["n"])).astype(bool)
    )
    for name in ("a", "b"):
        renamed = {"cell": name, "solved": f"solved_{name}", "ceiling": f"ceiling_{name}"}
        renamed |= {"low": f"solved_low_{name}", "high": f"solved_high_{name}"}
        table = table.merge(rates.rename(columns=renamed), on=["task", name], how="left")
        table[f"solved_{name}"] = table[f"solved_{name}"].fillna(0).astype(int)
    table["ceiling"] = table.pop("ceiling_a").eq(True) & table.pop("ceiling_b").eq(True)

    equivalent = table["p_equivalence_holm"] <= declaration.alpha
    significant = table["p_difference_holm"] <= declaration.alpha
    table["detectable"] = equivalent & significant
    table["verdict"] = UNDECIDED
    table.loc[significant, "verdict"] = DIFFERENT
    table.loc[equivalent, "verdict"] = EQUIVALENT
    table["better"] = (
        table["a"].where(table["value"] > 0, table["b"]).where(table["verdict"] == DIFFERENT, "")
    )
    table["why"] = [why(row) for row in table.itertuples(index=False)]
    first = ["task", "a", "b", "verdict", "better", "why"]
    return table[[*first, *(c for c in table.columns if c not in [*first, "method"]), "method"]]


def oriented(table: pd.DataFrame) -> pd.DataFrame:
    """Every pair both ways round: `cell` against `reference`, value = cell less reference.

    Adds standing: equivalent, undecided, or for a different pair whether `cell` is better or worse.
    """
    swapped = {f"{c}_{x}": f"{c}_{y}" for c in SIDED for x, y in (("a", "b"), ("b", "a"))}
    turned = table.rename(columns={"a": "b", "b": "a", **swapped})
    turned = turned.assign(value=-table["value"], low=-table["high"], high=-table["low"])
    turned["why"] = [why(row) for row in turned.itertuples(index=False)]
    both = pd.concat([table, turned[table.columns]], ignore_index=True)
    standing = both["verdict"].where(
        both["verdict"] != DIFFERENT, both["better"].eq(both["a"]).map({True: "better", False: "worse"})
    )
    both = both.assign(standing=standing).rename(columns={"a": "cell", "b": "reference"})
    cells = list(dict.fromkeys([*table["a"], *table["b"]]))
    orders = {"task": list(dict.fromkeys(table["task"])), "cell": cells, "reference": cells}
    return both.sort_values([*orders], key=lambda c: c.map(orders[str(c.name)].index), ignore_index=True)


def against(table: pd.DataFrame, reference: str) -> pd.DataFrame:
    """The rows of `oriented` that compare a cell with `reference`."""
    both = oriented(table)
    return both[both["reference"] == reference].reset_index(drop=True)


def reference_cell(declaration: Declaration) -> str:
    """The cell that the others are told against: the one with an alias as control, else the first."""
    return declaration.same[0][0] if declaration.same else declaration.cells[0]


def why(row) -> str:
    """The reason of one verdict, with its numbers."""
    level = f"{1 - 2 * row.alpha:.0%} interval"
    interval = f"{level} {between(row.low, row.high)}"
    margin = f"±{row.margin:g}"
    if min(row.n_a, row.n_b) < 2:
        return f"too few confirmed seeds: {row.n_a} of {row.a}, {row.n_b} of {row.b}; a test needs 2 a side"
    if row.method == BLIND:
        return "all seeds score the same and the size of the test sample is unknown"
    if row.verdict == DIFFERENT:
        low, high = sorted((abs(row.low), abs(row.high)))
        text = f"{row.better} better by {number(abs(row.value))} ({level} {number(low)} to {number(high)})"
        return text + ("; not shown to be smaller than the margin after Holm" if high < row.margin else "")
    if row.verdict == EQUIVALENT:
        text = f"difference {signed(row.value)} ({interval}) lies within {margin}"
        if row.detectable:
            text += "; detectable, but smaller than the margin"
        return text + (f"; {ceiling(row)}" if row.ceiling else "")
    text = f"difference {signed(row.value)} ({interval})"
    if row.p_equivalence <= row.alpha:
        return f"{text}: within {margin} taken alone, not after Holm over {row.pairs} pairs"
    if row.p_difference <= row.alpha:
        return f"{text}: significant taken alone, not after Holm over {row.pairs} pairs"
    return f"{text}: the interval reaches beyond {margin}, and the difference is not significant"


def ceiling(row) -> str:
    """What a pair at the ceiling does not tell."""
    failing = 1 - min(row.solved_low_a, row.solved_low_b)
    solved = f"{row.solved_a}/{row.n_a} and {row.solved_b}/{row.n_b} solved"
    room = f"which leaves room for {failing:.0%} failures by Wilson's 95% interval"
    return f"both at the ceiling ({solved}, {room})"
