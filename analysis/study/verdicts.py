"""Verdicts: for every task and pair of cells, *equivalent*, *different* or *undecided*, and why.

Only the confirm stage counts: its seeds are fresh, while the search stage chose the configuration and
so favours it. How verdicts are defined and reached is in `analysis.statistics.pairs.compare`.
"""

from itertools import combinations

import pandas as pd

from analysis.statistics.pairs.compare import compare
from analysis.statistics.pairs.reasons import DIFFERENT, why
from analysis.statistics.scores import bounds, scores
from analysis.study import raced
from sweeps.store.declaration import Declaration

SIDED = ("n", "mean", "solved", "solved_low", "solved_high", "tied", "posterior", "mu", "new", "unseen")
TURNED = {"better": "worse", "worse": "better"}


def confirmed(trials: pd.DataFrame, declaration: Declaration) -> pd.DataFrame:
    """Scores of the confirm stage, for the declared tasks and cells."""
    kept = (
        (trials["stage"] == "confirm")
        & trials["cell"].isin(declaration.cells)
        & trials["task"].isin(declaration.tasks)
    )
    return scores(trials[kept], measure=declaration.score)


def declared_pairs(declaration: Declaration) -> pd.DataFrame:
    """task, a, b: every pair of cells on the tasks on which both are declared to run; those that a race compares."""
    if declaration.race:
        return raced.pairs(declaration)
    rows = [
        (task, a, b)
        for task in declaration.tasks
        for a, b in combinations(declaration.cells, 2)
        if declaration.runs(task, a, b)
    ]
    return pd.DataFrame(rows, columns=["task", "a", "b"])


def verdicts(trials: pd.DataFrame, declaration: Declaration) -> pd.DataFrame:
    """One row per task and pair of cells that are declared to run on it, also where trials are still missing, with the
    columns of `compare`, for the declared margin and the measure, which is a column of scores."""
    values = confirmed(trials, declaration)
    table = compare(
        values,
        declared_pairs(declaration),
        margin=declaration.margin,
        alpha=declaration.alpha,
        bounds=bounds(values),
    )
    return raced.raced(table, values, declaration) if declaration.race else table


def oriented(table: pd.DataFrame) -> pd.DataFrame:
    """Every pair both ways round: `cell` against `reference`, value = cell less reference.

    Adds standing: equivalent, undecided, or for a different pair whether `cell` is better or worse.
    """
    swapped = {f"{c}_{x}": f"{c}_{y}" for c in SIDED for x, y in (("a", "b"), ("b", "a"))}
    swapped |= {f"log_e_{word}": f"log_e_{other}" for word, other in TURNED.items()}
    turned = table.rename(columns={"a": "b", "b": "a", **swapped})
    if "bet" in turned:
        turned["bet"] = turned["bet"].replace(TURNED)
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


def compared_with(table: pd.DataFrame, declaration: Declaration, reference: str) -> pd.DataFrame:
    """The rows of `against` the reference; against another cell those that are declared so."""
    rows = against(table, reference)
    if reference == reference_cell(declaration):
        return rows
    declared = [[row.task, row.cell, reference] in declaration.pairs for row in rows.itertuples()]
    return rows[declared]


def reference_cell(declaration: Declaration) -> str:
    """The cell that the others are told against: the one with an alias as control, else the first."""
    return declaration.same[0][0] if declaration.same else declaration.cells[0]


def references(declaration: Declaration) -> list[str]:
    """`reference_cell`, then what else cells are declared to be compared with."""
    return list(dict.fromkeys([reference_cell(declaration), *(other for _, _, other in declaration.pairs)]))
