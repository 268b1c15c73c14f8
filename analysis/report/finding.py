"""The finding in words, computed from the verdicts and what stands beside them."""

from dataclasses import dataclass

import pandas as pd

from analysis.claims.outcome import FAILS, HOLDS, OPEN, UNTESTED
from analysis.report.finding_notes import notes
from analysis.report.undecided import Open, undecided
from analysis.statistics.pairs.reasons import UNDECIDED
from analysis.statistics.pairs.seeds import decided
from analysis.study.tables import Analysed
from analysis.study.verdicts import references
from analysis.words import between, count, digits, listing, number, signed

MANY = 5  # cells from which on a list of the undecided goes without numbers


@dataclass(frozen=True, kw_only=True)
class Finding:
    """headline: one sentence, over all tasks. details: which cells are equivalent, better and worse, and where.
    undecided: what is open, by reason. notes: what else the first page says, one sentence or two each. tasks: label to
    sentences. literature: how it sits with published claims."""

    headline: str
    details: list[str]
    undecided: list[Open]
    notes: list[str]
    tasks: dict[str, list[str]]
    literature: str


def finding(study: Analysed, claims: pd.DataFrame) -> Finding:
    """What the verdicts say of every cell against the reference; aliases (controls) are left to the stamp."""
    rows = study.found(study.verdicts)
    return Finding(
        headline=headline(rows, study.reference),
        details=details(study),
        undecided=undecided(study.comparisons),
        notes=notes(study),
        tasks={
            str(task): sentences(group, study.reference) for task, group in rows.groupby("task", sort=False)
        },
        literature=literature(claims),
    )


def by_cell(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """Of each cell its standing by task, of the rows that are tested."""
    tested = decided(rows)
    return {
        str(cell): group.set_index("task")["standing"] for cell, group in tested.groupby("cell", sort=False)
    }


def everywhere(rows: pd.DataFrame) -> str:
    """`on both tasks`, `on all 4 tasks`."""
    tasks = decided(rows)["task"].nunique()
    if any(len(standing) < tasks for standing in by_cell(rows).values()):
        return "on every task that both ran on"
    return {1: "on the task", 2: "on both tasks"}.get(tasks, f"on all {tasks} tasks")


def headline(rows: pd.DataFrame, reference: str) -> str:
    """One sentence: how many cells equal the reference everywhere, how many are worse and better, what is open."""
    cells, tested = by_cell(rows), decided(rows)
    if not cells:
        return "No verdicts yet: fewer than two confirmed seeds per cell."
    same = sum(bool((standing == "equivalent").all()) for standing in cells.values())
    parts = [f"{few(same)} equivalent to it {everywhere(rows)} (within ±{tested['margin'].iloc[0]:g})"]
    parts += [
        f"{few(len(found))} {kind}{reach}"
        for kind in ("worse", "better")
        for found, reach in [of_kind(rows, kind)]
    ]
    n, untested = int((tested["standing"] == UNDECIDED).sum()), len(rows) - len(tested)
    rest = [f"{n} of {count(len(tested), 'comparison')} {'is' if n == 1 else 'are'} undecided"] if n else []
    rest += [f"{count(untested, 'comparison')} not tested yet"] if untested else []
    text = f"Of {count(len(cells), 'cell')} compared with {reference}, {listing(parts)}"
    return f"{text}; {listing(rest)}." if rest else f"{text}."


def of_kind(rows: pd.DataFrame, kind: str) -> tuple[list[str], str]:
    """The cells that stand so on any task, and where: nothing is said of a single task."""
    cells = by_cell(rows)
    found = [cell for cell, standing in cells.items() if (standing == kind).any()]
    if not found or decided(rows)["task"].nunique() == 1:
        return found, ""
    everywhere_so = all((cells[cell] == kind).all() for cell in found)
    return found, f" {everywhere(rows)}" if everywhere_so else " on some task"


def few(n: int) -> str:
    """`none is`, `1 is`, `5 are`."""
    return "none is" if not n else "1 is" if n == 1 else f"{n} are"


def details(study: Analysed) -> list[str]:
    """Which cells are equivalent everywhere, worse and better, and where."""
    rows = study.found(study.verdicts)
    cells = by_cell(rows)
    same = [cell for cell, standing in cells.items() if (standing == "equivalent").all()]
    parts = [f"Equivalent {everywhere(rows)}: {listing(same)}."] if same else []
    for kind in ("worse", "better"):
        found = {cell: standing for cell, standing in cells.items() if (standing == kind).any()}
        if found:
            told = "; ".join(f"{cell} {places(standing, kind)}" for cell, standing in found.items())
            parts.append(f"{kind.capitalize()}: {told}.")
    return parts + others(study)


def others(study: Analysed) -> list[str]:
    """The same of each cell that is compared with another than the reference."""
    told = []
    for reference in references(study.declaration)[1:]:
        rows = study.found(study.verdicts, reference)
        told += [
            f"{cell} against {reference}: {'; '.join(standing_of(found))}."
            for cell, found in by_cell(rows).items()
        ]
    return told


def standing_of(found: pd.Series) -> list[str]:
    """`better on recall and mqar`, `equivalent on dyck`: where a cell stands how. found: standing by task."""
    kinds = ("better", "worse", "equivalent", UNDECIDED)
    return [f"{kind} {places(found, kind)}" for kind in kinds if (found == kind).any()]


def places(standing: pd.Series, kind: str) -> str:
    """The tasks on which a cell stands so. (Two are named: a cell may have run on few.)"""
    if len(standing) > 2 and (standing == kind).all():
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
    """How many published claims hold here. claims: rows of `analysis.claims.evaluate`."""
    tested = claims[claims["status"] != UNTESTED]
    if tested.empty:
        return "None of the published claims on record concerns the cells and tasks of this study."
    counts = tested["status"].value_counts()
    return (
        f"Published claims, one check per task: {counts.get(HOLDS, 0)} hold, {counts.get(FAILS, 0)} "
        f"{'fails' if counts.get(FAILS, 0) == 1 else 'fail'}, {counts.get(OPEN, 0)} undecided."
    )
