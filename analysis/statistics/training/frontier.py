"""Difficulty frontiers: how hard a task may be for half of the seeds to solve it.

For studies that have tasks which are the same but for one number (a length, a delay): `families` finds them among the
columns of the tasks' specs. Each cell's share of seeds that solved is then a falling curve over that number;
`training.t50` estimates where it crosses one half. In the confirm stage every task has the configuration that was
best for it, so that the frontier is that of a cell tuned for each difficulty.
"""

from typing import NamedTuple

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from analysis.statistics.training.t50 import METHOD, t50

RATE = "Wilson interval"
BUDGETS = ("steps", "batch")
MANY = 3  # difficulties from which on a curve over them tells more than the tasks one by one


class Family(NamedTuple):
    """Tasks that are the same but for one number. field: its column. values: number by task label, rising."""

    name: str
    field: str
    values: dict[str, float]
    same_budget: bool


def families(trials: pd.DataFrame) -> list[Family]:
    """Every family of at least two tasks that the columns `task.*` show, `task.type` among them."""
    fields = [c for c in trials.columns if c.startswith("task.")]
    first = trials.drop_duplicates("task").set_index("task")
    found = []
    for field in fields:
        if not pd.api.types.is_numeric_dtype(first[field]) or pd.api.types.is_bool_dtype(first[field]):
            continue
        groups: dict[tuple[str, ...], dict[str, float]] = {}
        for task, row in first.iterrows():
            if row[field] > 0:
                rest = tuple(str(row[c]) for c in fields if c != field)
                groups.setdefault(rest, {})[str(task)] = float(row[field])
        for members in groups.values():
            if len(set(members.values())) == len(members) > 1:
                ordered = dict(sorted(members.items(), key=lambda item: item[1]))
                name = next(iter(ordered)).rstrip("_- .0123456789") or next(iter(ordered))
                budget = first.loc[list(ordered), [c for c in BUDGETS if c in first]]
                found.append(Family(name, field, ordered, bool((budget.nunique() <= 1).all())))
    return found


def graded(trials: pd.DataFrame) -> list[str]:
    """The tasks that are of a family of many."""
    return [task for family in families(trials) if len(family.values) >= MANY for task in family.values]


def by_difficulty(trials: pd.DataFrame, *, confidence: float = 0.95) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rates and the T50 of every family of tasks in `trials`.

    rates: family, field, task, cell, difficulty, value, low, high, n, solved, method. T50: family, field,
    cell, value, low, high, n, solved, slope, method; only cells that ran on at least two of the tasks.
    """
    rates, halves = [], []
    keys = ["value", "low", "high", "n", "solved"]
    rate_columns = ["family", "field", "task", "cell", "difficulty", *keys, "method"]
    half_columns = ["family", "field", "cell", *keys, "slope", "centre", "method"]
    for family in families(trials):
        mine = trials[trials["task"].isin(family.values)]
        counts = (
            mine.groupby(["task", "cell"], sort=False)["solved"]
            .agg(["sum", "size"])
            .astype(int)
            .reset_index()
        )
        counts = counts.set_axis(["task", "cell", "solved", "n"], axis=1)
        counts = counts.assign(difficulty=counts["task"].map(family.values)).sort_values(
            ["cell", "difficulty"]
        )
        low, high = proportion_confint(counts["solved"], counts["n"], alpha=1 - confidence, method="wilson")
        told = {"family": family.name, "field": family.field}
        value = counts["solved"] / counts["n"]
        rates.append(
            counts.assign(value=value, low=low, high=high, method=f"{RATE}, {confidence:.0%}", **told)
        )
        for cell, rows in counts.groupby("cell", sort=False):
            if len(rows) > 1:
                d, n, solved = (rows[c].to_numpy() for c in ("difficulty", "n", "solved"))
                row = t50(d, n, solved[None], confidence=confidence)
                warning = "" if family.same_budget else "; training budgets differ between the tasks"
                method = f"{METHOD}, {confidence:.0%}; {row['note'].iloc[0]}{warning}"
                row = row.assign(cell=cell, n=n.sum(), solved=solved.sum(), method=method, **told)
                halves.append(row[half_columns])
    return joined(rates, rate_columns), joined(halves, half_columns)


def joined(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
