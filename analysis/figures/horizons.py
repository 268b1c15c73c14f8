"""The memory horizon of each cell: before training, halfway, and with its interval after training."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from analysis.figures import canvas, flow, palette
from analysis.study.tables import Analysed
from sweeps.evidence.flow import SHARE

title = "Memory horizon"

absent = flow.absent


def data(study: Analysed) -> pd.DataFrame:
    """`study.flow.SUMMARIES` with length (steps of the task's sequences), colour, look."""
    length = study.flow_curves.groupby("task")["lag"].max()
    table = study.flow.assign(length=study.flow["task"].map(length))
    return palette.paint(table, study.declaration.cells)


@canvas.styled()
def draw(data: pd.DataFrame) -> Figure:
    tasks = list(dict.fromkeys(data["task"]))
    sizes = [data.loc[data["task"] == task, "cell"].nunique() for task in tasks]
    figure, axes = canvas.sheet([0.45 + 0.24 * size for size in sizes], foot=0.6)
    for panel, task in zip(axes, tasks, strict=True):
        rows = data[data["task"] == task]
        where = canvas.rows_of_cells(panel, list(dict.fromkeys(rows["cell"])))
        panel.set_title(task)
        panel.set_xlim(-0.02 * rows["length"].max(), 1.02 * rows["length"].max())
        panel.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        for row in rows.itertuples():
            y, face = where[row.cell], row.colour
            if row.moment == flow.END:
                panel.plot(
                    [row.horizon_low, row.horizon_high], [y, y], color=row.colour, lw=2, solid_capstyle="butt"
                )
                canvas.beside(panel, y, f"{row.horizon:g}")
            else:
                face = canvas.PAGE if row.moment == flow.START else palette.pale(row.colour)
            size = 5.5 if row.moment == flow.END else 4
            panel.plot(row.horizon, y, "o", ms=size, color=row.colour, mfc=face, clip_on=False)
    axes[-1].set_xlabel("memory horizon in steps")
    inks = {"before training": canvas.PAGE, "halfway": canvas.GRID, "after training": canvas.MUTED}
    marks = [
        Line2D([], [], marker="o", ls="", ms=4.5, color=canvas.MUTED, mfc=face, label=word)
        for word, face in inks.items()
    ]
    canvas.legend_below(figure, marks, 3)
    return figure


def caption(data: pd.DataFrame) -> str:
    level = data["level"].min()
    return (
        f"The largest lag with more than {SHARE:.0%} of the influence of lag 1; each axis ends with the task's "
        f"sequences. Median of {flow.networks(data)} Bars: interval of the median after training, at least "
        f"{level:.0%}, without any assumption on the distribution."
    )
