"""Predicted mean score against learning rate, one small panel a cell, and against every other number searched."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from analysis.figures import canvas, importance, palette
from analysis.statistics.search.factors import LEVELS, LOG
from analysis.statistics.search.marginals import EVERY
from analysis.study.tables import Analysed
from analysis.words import listing

ASSUMES_RANDOM_SEARCH = True
title = "Score against learning rate, other settings averaged"

BY_CELL = "learning rate"
ACROSS = 4
HEAD, ROW, GAP, LEFT, COLUMN, WIDE, HIGH = 0.36, 0.62, 0.17, 0.3, 1.18, 1.02, 0.4  # inches


class Place(NamedTuple):
    """A panel in its task's block: row and column, what it shows, and whether it tells its values."""

    row: int
    column: int
    rows: pd.DataFrame
    told: bool


def data(study: Analysed) -> pd.DataFrame:
    """`search.marginals`: of the learning rate by cell, of the others the mean of all cells; with
    ink (the cell's colour; that of the text for the mean of all cells)."""
    curves = study.marginals
    own = curves["factor"].eq(BY_CELL)
    kept = curves[own & curves["cell"].ne(EVERY) | ~own & curves["cell"].eq(EVERY)].reset_index(drop=True)
    inks = palette.colours(study.declaration.cells)
    return kept.assign(ink=kept["cell"].map(inks).fillna(canvas.INK))


def block(rows: pd.DataFrame) -> list[Place]:
    """The panels of a task: the cells, then from a new row on the other factors."""
    own = [line for _, line in rows[rows["factor"] == BY_CELL].groupby("cell", sort=False)]
    others = [line for _, line in rows[rows["factor"] != BY_CELL].groupby("factor", sort=False)]
    start = -(-len(own) // ACROSS)
    cells = [Place(k // ACROSS, k % ACROSS, line, k + ACROSS >= len(own)) for k, line in enumerate(own)]
    return cells + [Place(start + k // ACROSS, k % ACROSS, line, True) for k, line in enumerate(others)]


def by_cell(place: Place) -> bool:
    return place.rows["factor"].iloc[0] == BY_CELL


@canvas.styled()
def draw(data: pd.DataFrame) -> Figure:
    blocks = {task: block(rows) for task, rows in data.groupby("task", sort=False)}
    sizes = {task: HEAD + ROW * (places[-1].row + 1) + 2 * GAP for task, places in blocks.items()}
    height = sum(sizes.values())
    figure, top = Figure(figsize=(canvas.WIDTH, height)), height
    for task, places in blocks.items():
        figure.text(0.06 / canvas.WIDTH, (top - 0.2) / height, str(task), fontsize=10, fontweight="bold")
        lines = [np.column_stack([p.rows["at"], p.rows["value"]]) for p in places if by_cell(p)]
        for place in places:
            own = by_cell(place)
            y = top - HEAD - ROW * place.row - HIGH - 0.1 - (0 if own else GAP)
            x = LEFT + COLUMN * place.column
            shape = (x / canvas.WIDTH, y / height, WIDE / canvas.WIDTH, HIGH / height)
            panel = figure.add_axes(shape)
            if own:
                panel.add_collection(LineCollection(lines, colors=canvas.GRID, linewidths=0.8, zorder=1))
            curve(panel, place, str(place.rows["cell" if own else "factor"].iloc[0]))
        top -= sizes[task]
    return figure


def curve(panel: Axes, place: Place, name: str) -> None:
    """One curve with its band."""
    rows, ink = place.rows, place.rows["ink"].iloc[0]
    panel.set(ylim=(-0.05, 1.05), yticks=[0, 1], xlim=(rows["at"].min(), rows["at"].max()))
    if rows["scale"].iloc[0] == LOG:
        canvas.logarithmic(panel, rows["at"].min(), rows["at"].max(), most=3)
    panel.fill_between(rows["at"], rows["low"], rows["high"], color=ink, alpha=0.22, lw=0)
    levels = rows["scale"].iloc[0] == LEVELS
    mark = "o" if levels else None
    panel.plot(rows["at"], rows["value"], marker=mark, color=ink, lw=1.5, ms=3, clip_on=not levels)
    panel.set_title(name, fontsize=8, fontweight="normal", pad=3, y=1.0)  # a given y saves a search for one
    panel.tick_params(labelsize=7, pad=1.5, labelbottom=place.told, labelleft=place.column == 0)


def caption(data: pd.DataFrame) -> str:
    others = data.loc[data["factor"] != BY_CELL, "factor"].drop_duplicates()
    more = f" Then against {listing(others)}, mean of all cells (dark)." if len(others) else ""
    return (
        f"Mean score (0 naive, 1 perfect; upwards){canvas.at_rung(data)} that a random forest predicts against "
        f"learning rate (to the right) when all other settings are averaged, one panel per cell, the other "
        f"cells' curves behind it in grey.{more} Bands: 95% intervals at each point from half-samples of the "
        f"settings. At least {importance.trials(data)} of each cell and task; {importance.lost(data)}. How "
        f"well the forest predicts is shown in the importance figure."
    )
