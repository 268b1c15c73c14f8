"""The finding in words, computed from the verdicts."""

from dataclasses import dataclass

import pandas as pd

from analysis.claims import FAILS, HOLDS, OPEN, UNTESTED
from analysis.verdicts import UNDECIDED, against, reference_cell
from analysis.words import between, count, listing, number, signed
from sweeps.store import Declaration


@dataclass(frozen=True, kw_only=True)
class Finding:
    """headline: over all tasks. tasks: label to sentences. literature: how it sits with published claims."""

    headline: str
    tasks: dict[str, list[str]]
    literature: str


def finding(table: pd.DataFrame, claims: pd.DataFrame, declaration: Declaration) -> Finding:
    """What the verdicts say of every cell against the reference; aliases (controls) are left to the stamp."""
    reference = reference_cell(declaration)
    aliases = {alias for pair in declaration.same for alias in pair if alias != reference}
    rows = against(table, reference)
    rows = rows[~rows["cell"].isin(aliases)]
    return Finding(
        headline=headline(rows, reference),
        tasks={str(task): sentences(group, reference) for task, group in rows.groupby("task", sort=False)},
        literature=literature(claims),
    )


def headline(rows: pd.DataFrame, reference: str) -> str:
    """How many cells equal the reference everywhere, which are worse or better and where."""
    if rows.empty or (rows[["n_a", "n_b"]].min(axis=1) < 2).all():
        return "No verdicts yet: fewer than two confirmed seeds a cell."
    cells = {
        str(cell): group.set_index("task")["standing"] for cell, group in rows.groupby("cell", sort=False)
    }
    tasks = rows["task"].nunique()
    where = {1: "on the task", 2: "on both tasks"}.get(tasks, f"on all {tasks} tasks")
    if any(len(standing) < tasks for standing in cells.values()):
        where = "on every task that both ran on"
    same = [cell for cell, standing in cells.items() if (standing == "equivalent").all()]
    equal = "none is" if not same else "1 is" if len(same) == 1 else f"{len(same)} are"
    first = f"Of {count(len(cells), 'cell')} compared with {reference}, {equal} equivalent to it {where}"
    margin = f"(within ±{rows['margin'].iloc[0]:g})"
    parts = [f"{first} {margin}: {listing(same)}." if same else f"{first} {margin}."]
    for kind in ("worse", "better", UNDECIDED):
        found = [
            f"{cell} {places(standing, kind)}" for cell, standing in cells.items() if (standing == kind).any()
        ]
        if found:
            parts.append(f"{kind.capitalize()}: {'; '.join(found)}.")
        elif kind == "better":
            parts.append("None is better.")
    return " ".join(parts)


def places(standing: pd.Series, kind: str) -> str:
    """The tasks on which a cell stands so."""
    if len(standing) > 1 and (standing == kind).all():
        return "on all"
    return f"on {listing(standing.index[standing == kind])}"


def sentences(rows: pd.DataFrame, reference: str) -> list[str]:
    """One task: equivalent, better, worse and undecided cells with their numbers; then the ceiling."""
    first = rows.iloc[0]
    if first.n_b == 0:
        return [f"{reference} has no confirmed seeds yet."]
    result = [f"{reference} scores {number(first.mean_b)} on average over {count(int(first.n_b), 'seed')}."]
    kinds = {"equivalent": f"Equivalent within ±{first.margin:g}", "better": "Better", "worse": "Worse"}
    for kind, title in {**kinds, UNDECIDED: "Undecided"}.items():
        cells = [told(row) for row in rows[rows["standing"] == kind].itertuples()]
        if cells:
            result.append(f"{title}: {listing(cells)}.")
    top = rows[rows["ceiling"]]
    if len(top):
        failing = 1 - float(top[["solved_low_a", "solved_low_b"]].to_numpy().min())
        result.append(
            f"At the ceiling with {reference}: {listing(top['cell'])}. Every seed solved the task, so "
            f"a harder one may still separate them, and Wilson's 95% interval leaves room for failures in up "
            f"to {failing:.0%} of the seeds."
        )
    return result


def told(row) -> str:
    """One cell against the reference, in a list of its kind."""
    if row.n_a < 2:
        return f"{row.cell} ({count(row.n_a, 'seed')})"
    if row.standing == "equivalent":
        return f"{row.cell} ({signed(row.value)})"
    level = f"{1 - 2 * row.alpha:.0%} interval"
    if row.standing == UNDECIDED:
        return f"{row.cell} ({signed(row.value)}, {level} {between(row.low, row.high)})"
    low, high = sorted((abs(row.low), abs(row.high)))
    return f"{row.cell} by {number(abs(row.value))} ({level} {number(low)} to {number(high)})"


def literature(claims: pd.DataFrame) -> str:
    """How many published claims hold here, and which do not."""
    tested = claims[claims["status"] != UNTESTED]
    if tested.empty:
        return "None of the published claims on record concerns the cells and tasks of this study."
    counts = tested["status"].value_counts()
    text = (
        f"Published claims, one check a task: {counts.get(HOLDS, 0)} hold, {counts.get(FAILS, 0)} "
        f"{'fails' if counts.get(FAILS, 0) == 1 else 'fail'}, {counts.get(OPEN, 0)} undecided."
    )
    for statement, group in tested[tested["status"] == FAILS].groupby("statement", sort=False):
        text += f" Not so on {listing(group['task'])}: “{str(statement).rstrip('.')}”."
    return text
