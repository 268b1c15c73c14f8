"""All pairs of cells, one matrix a task, coloured and lettered by verdict."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from analysis.figures import canvas, palette
from analysis.figures.differences import seeds
from analysis.statistics.pairs.reasons import RACE
from analysis.statistics.pairs.seeds import decided, fewer
from analysis.study.tables import Analysed
from analysis.study.verdicts import oriented

title = "Verdict for every pair"

INK = "#20262d"  # on the pale squares, in light and dark alike


def data(study: Analysed) -> pd.DataFrame:
    """One row per task and ordered pair: standing, value, low, high, p-values after Holm, n, margin, method."""
    table = study.verdicts
    both = oriented(table if len(decided(table)) else table.iloc[:0])
    both = both.assign(n=fewer(both))
    columns = ["task", "cell", "reference", "standing", "value", "low", "high", "p_difference_holm"]
    columns += ["p_equivalence_holm", "n", "margin", "alpha", "pairs", "method"]
    return both[columns]


@canvas.styled()
def draw(data: pd.DataFrame) -> Figure:
    tasks = list(dict.fromkeys(data["task"]))
    cells = list(dict.fromkeys(data["cell"]))
    side = min(0.36 * len(cells), 2.85) + 1.0
    figure, axes = canvas.sheet([side] * len(tasks), foot=0.3)
    for panel, task in zip(axes, tasks, strict=True):
        panel.set_aspect("equal")
        canvas.rows_of_cells(panel, cells)
        panel.set_ylim(len(cells) - 0.5, -0.5)
        panel.set_xlim(-0.5, len(cells) - 0.5)
        panel.grid(visible=False)
        panel.spines[:].set_visible(False)
        panel.set_title(task)
        panel.set_xticks(range(len(cells)), cells, rotation=40, ha="left", rotation_mode="anchor")
        panel.tick_params(axis="x", length=0, top=False, labeltop=True, labelbottom=False, pad=1)
        panel.tick_params(axis="x", bottom=False)
        draw_squares(panel, data[data["task"] == task], cells, side=(side - 1) / len(cells))
    handles = [
        Patch(color=colour, label=f"{symbol}  {words}") for colour, symbol, words in palette.VERDICTS.values()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False, fontsize=8)
    return figure


def draw_squares(panel: Axes, rows: pd.DataFrame, cells: list[str], side: float) -> None:
    """The squares of one task and their letters, kind by kind: far fewer artists than one each. side: inches."""
    for standing, some in rows.groupby("standing", sort=False):
        colour, symbol, _ = palette.VERDICTS[str(standing)]
        x, y = ([cells.index(cell) for cell in some[name]] for name in ("reference", "cell"))
        squares = [Rectangle((i - 0.46, j - 0.46), 0.92, 0.92) for i, j in zip(x, y, strict=True)]
        panel.add_collection(PatchCollection(squares, color=colour, lw=0))
        size = min(6.0, 30 * side)
        panel.plot(x, y, ls="", marker=canvas.glyph(symbol), ms=size, mew=0.4, color=INK, label=str(standing))


def caption(data: pd.DataFrame) -> str:
    row = data.iloc[0]
    if row.method == RACE:
        return (
            f"Each row's cell against each column's, if the pair was declared: equivalent (=) within "
            f"±{row.margin:g}, better (>) or worse (<) by a race of e-values at level {row.alpha:g}; else undecided "
            f"(?). Confirm stage only."
        )
    return (
        f"Each row's cell against each column's. Equivalent (=): Welch TOST within ±{row.margin:g}; better "
        f"(>) or worse (<): Welch's t-test; "
        f"both widened for skewness; at level {row.alpha:g} after Holm over the {row.pairs} pairs of "
        f"a task; else undecided (?). Over {seeds(data)} per cell, confirm stage only."
    )
