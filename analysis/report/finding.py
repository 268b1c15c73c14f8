"""The finding in words, computed from the verdicts and what stands beside them."""

from dataclasses import dataclass

import pandas as pd

from analysis.claims.outcome import FAILS, HOLDS, OPEN, UNTESTED
from analysis.report.finding_notes import notes
from analysis.statistics.pairs.reasons import UNDECIDED
from analysis.statistics.pairs.seeds import decided
from analysis.study.tables import Analysed
from analysis.words import between, count, digits, listing, number, signed

MANY = 5  # cells from which on a list of the undecided goes without numbers


@dataclass(frozen=True, kw_only=True)
class Finding:
    """headline: over all tasks. notes: what else the first page says, one sentence or two each. tasks: label to
    sentences. literature: how it sits with published claims."""

    headline: str
    notes: list[str]
    tasks: dict[str, list[str]]
    literature: str


def finding(study: Analysed, claims: pd.DataFrame) -> Finding:
    """What the verdicts say of every cell against the reference; aliases (controls) are left to the stamp."""
    rows = study.found(study.verdicts)
    return Finding(
        headline=headline(rows, study.reference),
        notes=notes(study),
        tasks={
            str(task): sentences(group, study.reference) for task, group in rows.groupby("task", sort=False)
        },
        literature=literature(claims),
    )


def headline(rows: pd.DataFrame, reference: str) -> str:
    """How many cells equal the reference everywhere, which are worse or better and where."""
    untested = len(rows) - len(decided(rows))
    rows = decided(rows)
    if rows.empty:
        return "No verdicts yet: fewer than two confirmed seeds per cell."
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
        found = {cell: standing for cell, standing in cells.items() if (standing == kind).any()}
        if kind == UNDECIDED and len(found) >= MANY:
            pairs = sum(int((standing == kind).sum()) for standing in found.values())
            parts.append(f"Undecided: {pairs} of {len(rows)} comparisons, of {listing(found)}.")
        elif found:
            told = "; ".join(f"{cell} {places(standing, kind)}" for cell, standing in found.items())
            parts.append(f"{kind.capitalize()}: {told}.")
        elif kind == "better":
            parts.append("None is better.")
    if untested:
        parts.append(f"Not tested yet: {count(untested, 'comparison')}.")
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
    mean, seeds = number(first.mean_b, digits(first.margin)), count(int(first.n_b), "seed")
    result = [f"{reference} scores {mean} on average over {seeds}."]
    kinds = {"equivalent": f"Equivalent within ±{first.margin:g}", "better": "Better", "worse": "Worse"}
    for kind, title in {**kinds, UNDECIDED: "Undecided"}.items():
        found = rows[rows["standing"] == kind]
        if len(found) >= MANY and kind == UNDECIDED:
            result.append(f"{title}: {listing(found['cell'])}.")
        elif len(found):
            cells = [told(row) for row in found.itertuples()]
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
    n = digits(row.margin)
    if row.standing == "equivalent":
        return f"{row.cell} ({signed(row.value, n)})"
    level = f"{1 - 2 * row.alpha:.0%} interval"
    if row.standing == UNDECIDED:
        return f"{row.cell} ({signed(row.value, n)}, {level} {between(row.low, row.high, n)})"
    low, high = sorted((abs(row.low), abs(row.high)))
    return f"{row.cell} by {number(abs(row.value), n)} ({level} {number(low, n)} to {number(high, n)})"


def literature(claims: pd.DataFrame) -> str:
    """How many published claims hold here, and which do not. claims: rows of `analysis.claims.evaluate`."""
    tested = claims[claims["status"] != UNTESTED]
    if tested.empty:
        return "None of the published claims on record concerns the cells and tasks of this study."
    counts = tested["status"].value_counts()
    text = (
        f"Published claims, one check per task: {counts.get(HOLDS, 0)} hold, {counts.get(FAILS, 0)} "
        f"{'fails' if counts.get(FAILS, 0) == 1 else 'fail'}, {counts.get(OPEN, 0)} undecided."
    )
    for statement, group in tested[tested["status"] == FAILS].groupby("statement", sort=False):
        text += f" Failing on {listing(dict.fromkeys(group['task']))}: “{str(statement).rstrip('.')}”."
    return text
