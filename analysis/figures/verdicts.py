"""All pairs of cells, one matrix a task, coloured and lettered by verdict; of the cells that ran on the task."""

import pandas as pd
from matplotlib.figure import Figure

from analysis.figures import canvas, palette, squares
from analysis.figures.differences import seeds
from analysis.statistics.pairs.reasons import RACE, UNDECIDED
from analysis.statistics.pairs.seeds import decided, fewer
from analysis.study.tables import Analysed
from analysis.study.verdicts import oriented

title = "Verdict for every pair"


def absent(study: Analysed) -> str:
    """Why there is no such figure: of pairs with the reference alone `differences` shows all."""
    pairs = study.declaration.pairs
    if not pairs or not all(study.reference in pair[1:] for pair in pairs):
        return ""
    return f"Only comparisons with {study.reference} were declared."


def data(study: Analysed) -> pd.DataFrame:
    """One row per task and ordered pair: standing, grade, value, low, high, p-values after Holm, n, margin, method."""
    table = study.verdicts
    both = oriented(table if len(decided(table)) else table.iloc[:0])
    both = both.assign(n=fewer(both), grade=both["grade"].where(both["grade"] != "", UNDECIDED))
    columns = ["task", "cell", "reference", "standing", "grade", "value", "low", "high"]
    columns += ["p_difference_holm", "p_equivalence_holm", "n", "margin", "alpha", "pairs", "method"]
    return both[columns]


@canvas.styled()
def draw(data: pd.DataFrame) -> Figure:
    parts = {task: rows for task, rows in data.groupby("task", sort=False)}
    cells = {task: list(dict.fromkeys(rows["cell"])) for task, rows in parts.items()}
    sides = {task: min(0.36 * len(names), 2.85) for task, names in cells.items()}
    figure, axes = canvas.sheet([side + 1.0 for side in sides.values()], foot=0.3)
    for panel, (task, rows) in zip(axes, parts.items(), strict=True):
        names = cells[task]
        panel.set_aspect("equal")
        canvas.rows_of_cells(panel, names)
        panel.set_ylim(len(names) - 0.5, -0.5)
        panel.set_xlim(-0.5, len(names) - 0.5)
        panel.grid(visible=False)
        panel.spines[:].set_visible(False)
        panel.set_title(str(task))
        panel.set_xticks(range(len(names)), names, rotation=40, ha="left", rotation_mode="anchor")
        panel.tick_params(axis="x", length=0, top=False, labeltop=True, labelbottom=False, pad=1)
        panel.tick_params(axis="x", bottom=False)
        places = rows.assign(x=rows["reference"].map(names.index), y=rows["cell"].map(names.index))
        squares.draw(panel, places, size=min(6.0, 30 * sides[task] / len(names)))
    kinds = {kind: words for kind, (_, _, words) in palette.VERDICTS.items()}
    handles = squares.key(data["grade"], kinds)
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    return figure


def caption(data: pd.DataFrame) -> str:
    row = data.iloc[0]
    if row.method == RACE:
        return (
            f"Each row's cell against each column's, if the pair was declared: equivalent (=) within "
            f"±{row.margin:g}, better (>) or worse (<) by a race of e-values at level {row.alpha:g}; else undecided "
            f"(?).{squares.told(data['grade'])} Confirm stage only."
        )
    return (
        f"Each row's cell against each column's. Equivalent (=): Welch TOST within ±{row.margin:g}; better "
        f"(>) or worse (<): Welch's t-test; "
        f"both widened for skewness; at level {row.alpha:g} after Holm over the {data['pairs'].max()} pairs of "
        f"a task; else undecided (?).{squares.told(data['grade'])} Over {seeds(data)} per cell, confirm stage only."
    )
