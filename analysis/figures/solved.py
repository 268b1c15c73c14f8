"""Fraction of seeds that solved the task, with Wilson intervals."""

import pandas as pd
from matplotlib.figure import Figure

from analysis.figures import canvas, palette
from analysis.figures.differences import seeds
from analysis.statistics.pairs.groups import groups
from analysis.statistics.pairs.wilson import solved
from analysis.study.tables import Analysed

title = "Seeds that solved the task"


def data(study: Analysed) -> pd.DataFrame:
    """task, cell, value, low, high, n, solved, method, colour."""
    table = solved(groups(study.confirmed))
    return palette.paint(study.results.in_order(table), study.declaration.cells)


@canvas.styled()
def draw(data: pd.DataFrame) -> Figure:
    tasks = list(dict.fromkeys(data["task"]))
    sizes = [data["task"].eq(task).sum() for task in tasks]
    figure, axes = canvas.sheet([0.4 + 0.24 * size for size in sizes], foot=0.45, sharex=True)
    for panel, task in zip(axes, tasks, strict=True):
        rows = data[data["task"] == task]
        where = canvas.rows_of_cells(panel, list(rows["cell"]))
        panel.set_title(task)
        panel.set_xlim(-0.03, 1.03)
        for row in rows.itertuples():
            y = where[row.cell]
            panel.plot([row.low, row.high], [y, y], color=row.colour, lw=2, solid_capstyle="butt")
            panel.plot(row.value, y, palette.marker(row.look), ms=5.5, color=row.colour, clip_on=False)
            canvas.beside(panel, y, f"{row.solved}/{row.n}")
    axes[-1].set_xlabel("fraction of seeds that solved the task")
    return figure


def caption(data: pd.DataFrame) -> str:
    return (
        f"Fraction of {seeds(data)} per cell and task (confirm stage) that met the task's success criterion at "
        f"some evaluation, with Wilson 95% intervals. Diverged and failed trials are counted among the seeds."
    )
