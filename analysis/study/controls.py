"""The controls of a study: what its verdicts must get right if they are to be trusted.

An alias of a cell, under another name and with seeds of its own, must come out *equivalent* to it, and a cell that can
not do a task must come out *different*. An alias that comes out different on any task is wrong. One that is undecided
on some task is not: there the seeds are too few to tell (of 8 seeds that all score 1 nobody knows whether one in ten
fails). But a study that finds its alias equivalent on no task has not shown that it can find anything equivalent.
"""

import pandas as pd

from analysis.statistics.pairs.reasons import DIFFERENT, EQUIVALENT, UNDECIDED
from analysis.words import listing
from sweeps.store.declaration import Declaration


def broken_controls(declaration: Declaration, table: pd.DataFrame) -> list[str]:
    """Controls without the verdict that they must have."""
    reasons = []
    if not (declaration.same or declaration.different):
        reasons.append("The study declares no controls, so nothing shows that its verdicts can be trusted.")
    for a, b in declaration.same:
        rows = on_tasks(table, declaration, a, b)
        verdicts = [row["verdict"] for row in rows.values()]
        wrong = (DIFFERENT,) if EQUIVALENT in verdicts else (DIFFERENT, UNDECIDED)
        for task in shared(declaration, a, b):
            if task not in rows or rows[task]["verdict"] in wrong:
                reasons.append(broken(a, b, task, EQUIVALENT, rows.get(task)))
    for a, b, task in declaration.different:
        row = compared(table, a, b, task)
        if row is None or row["verdict"] != DIFFERENT:
            reasons.append(broken(a, b, task, DIFFERENT, row))
    return reasons


def open_controls(declaration: Declaration, table: pd.DataFrame) -> list[str]:
    """Aliases that are equivalent on some task and undecided on another."""
    found = []
    for a, b in declaration.same:
        rows = on_tasks(table, declaration, a, b)
        if EQUIVALENT in [row["verdict"] for row in rows.values()]:
            found += [
                f"Control: {a} and its alias {b} are undecided on {task}: {row['why']}."
                for task, row in rows.items()
                if row["verdict"] == UNDECIDED
            ]
    return found


def passed(declaration: Declaration, table: pd.DataFrame) -> list[str]:
    """What the controls have shown when none of them is broken."""

    def where(a: str, b: str) -> str:
        rows = on_tasks(table, declaration, a, b)
        found = [task for task, row in rows.items() if row["verdict"] == EQUIVALENT]
        return "every task" if 1 < len(found) == len(declaration.tasks) else listing(found)

    tasks: dict[tuple[str, str], list[str]] = {}
    for a, b, task in declaration.different:
        tasks.setdefault((a, b), []).append(task)
    return [
        *(f"{a} and its alias {b} are equivalent on {where(a, b)}." for a, b in declaration.same),
        *(f"{a} and {b} are different on {listing(on)}." for (a, b), on in tasks.items()),
    ]


def broken(a: str, b: str, task: str, verdict: str, row: pd.Series | None) -> str:
    """One control that has not the verdict that it must have."""
    if row is None:
        return f"Control: {a} and {b} must be {verdict} on {task}, but were not compared."
    return f"Control: {a} and {b} must be {verdict} on {task}, but are {row['verdict']}: {row['why']}."


def compared(table: pd.DataFrame, a: str, b: str, task: str) -> pd.Series | None:
    """The row of a pair, whichever way round."""
    rows = table[(table["task"] == task) & table["a"].isin([a, b]) & table["b"].isin([a, b])]
    return None if rows.empty else rows.iloc[0]


def on_tasks(table: pd.DataFrame, declaration: Declaration, a: str, b: str) -> dict[str, pd.Series]:
    """The rows of a pair by task, of those that both run on and that were compared."""
    rows = {task: compared(table, a, b, task) for task in shared(declaration, a, b)}
    return {task: row for task, row in rows.items() if row is not None}


def shared(declaration: Declaration, a: str, b: str) -> list[str]:
    """The tasks on which both cells run."""
    return [task for task in declaration.tasks if declaration.runs(task, a, b)]
