"""Verdicts in small tables of cells by measures and of cells by tasks, as every form of the report shows them."""

from dataclasses import dataclass

import pandas as pd

from analysis.statistics.pairs.reasons import UNDECIDED
from analysis.statistics.pairs.seeds import decided
from analysis.statistics.search.greff import TOP
from analysis.study.measures import MEASURES, Measure
from analysis.study.tables import Analysed
from analysis.study.verdicts import against
from analysis.words import digits as places_for
from analysis.words import probability, signed

EVERY = "all tasks"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """standing: equivalent, better, worse or undecided. text: the difference. why: all of it, in words. beside: another
    standing that is told with it, the study's own."""

    standing: str
    text: str
    why: str
    beside: str = ""


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """columns: label to its title. rows: cell to its entries by column; a missing entry is an empty place."""

    title: str
    columns: dict[str, str]
    rows: dict[str, dict[str, Entry]]


def entries(rows: pd.DataFrame, digits: int = 3) -> dict[str, Entry]:
    """By cell, of the rows against the reference that have two values a side."""
    return {str(row.cell): entry(row, digits) for row in decided(rows).itertuples()}


def entry(row, digits: int) -> Entry:
    return Entry(standing=row.standing, text=signed(row.value, places_for(row.margin, digits)), why=row.why)


def measures(study: Analysed) -> list[Matrix]:
    """Cells against the reference by every measure that the study has: over all tasks, then on each; none of a place
    where only one measure is known."""
    tables = {name: study.by(name) for name in study.measures}
    places = {task: {n: t[t["task"] == task] for n, t in tables.items()} for task in study.declaration.tasks}
    if len(study.declaration.tasks) > 1:
        places = {EVERY: {name: study.over(name) for name in tables}} | places
    found = []
    for place, some in places.items():
        columns = {
            name: entries(against(table, study.reference), 2 if name == "log_steps" else 3)
            for name, table in some.items()
            if len(table)
        }
        columns = {name: column for name, column in columns.items() if column}
        if len(columns) > 1:
            found.append(
                Matrix(
                    title=place,
                    columns={name: heading(name, study) for name in columns},
                    rows=turned(columns, study.declaration.cells),
                )
            )
    return found


def heading(name: str, study: Analysed) -> str:
    """The measure's title with its margin, and that lower is better where it is."""
    if name not in MEASURES:
        return f"{name.replace('_', ' ')} (±{study.declaration.margin:g})"
    measure: Measure = MEASURES[name]
    lower = ", lower is better" if measure.better == "lower" else ""
    return f"{measure.title} (±{measure.margin_in(study.declaration):g}{lower})"


def turned(columns: dict[str, dict[str, Entry]], cells: list[str]) -> dict[str, dict[str, Entry]]:
    """From entries by column and cell to entries by cell and column, in the order of the cells."""
    return {
        cell: {name: column[cell] for name, column in columns.items() if cell in column}
        for cell in cells
        if any(cell in column for column in columns.values())
    }


def protocol(study: Analysed) -> Matrix | None:
    """What Greff et al.'s protocol says of each cell on each task; None where the search is too small for it."""
    table = study.protocol
    rows = decided(table[table["which"] == TOP])
    if rows.empty:
        return None
    reference = str(rows["reference"].iloc[0])
    ours = against(study.verdicts, reference).set_index(["task", "cell"])["standing"]
    columns = {
        str(task): {
            str(row.cell): significance(row, str(ours.get((task, row.cell), "")))
            for row in group.itertuples()
        }
        for task, group in rows.groupby("task", sort=False)
    }
    return Matrix(
        title=f"against {reference}",
        columns={task: task for task in columns},
        rows=turned(columns, study.declaration.cells),
    )


def significance(row, beside: str) -> Entry:
    """Not significant is undecided: it is never read as equal."""
    standing = ("worse" if row.value < 0 else "better") if row.significant else UNDECIDED
    p = probability(row.p_bonferroni)
    why = f"{row.n_a} and {row.n_b} trials, p {p if p.startswith('<') else f'= {p}'} after Bonferroni"
    return Entry(standing=standing, text=signed(row.value), why=why, beside=beside)
