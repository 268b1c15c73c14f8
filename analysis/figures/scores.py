"""Scores by cell and task: every seed a dot, the mean with its interval."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.figures import canvas, palette
from analysis.figures.differences import seeds
from analysis.statistics.bootstrap import bootstrap
from analysis.study.tables import Analysed

title = "Score of every seed"


def data(study: Analysed) -> pd.DataFrame:
    """One row per seed: task, cell, seed, status, score; and its group's value, low, high, n, method."""
    frame, generator = study.confirmed, np.random.default_rng(0)
    groups = [
        bootstrap(group[["score"]].reset_index(drop=True), generator=generator).assign(
            task=str(task), cell=str(cell)
        )
        for (task, cell), group in frame.groupby(["task", "cell"], sort=False)
    ]
    if not groups:
        return pd.DataFrame(columns=["task", "cell", "seed", "status", "score"])
    frame = frame[["task", "cell", "seed", "status", "score"]].merge(pd.concat(groups), on=["task", "cell"])
    frame = frame.assign(measure=study.declaration.measure)
    return palette.paint(study.results.in_order(frame, "seed"), study.declaration.cells)


@canvas.styled()
def draw(data: pd.DataFrame) -> Figure:
    tasks = list(dict.fromkeys(data["task"]))
    sizes = [data.loc[data["task"] == task, "cell"].nunique() for task in tasks]
    figure, axes = canvas.sheet([0.4 + 0.27 * size for size in sizes], foot=0.45, sharex=True)
    for panel, task in zip(axes, tasks, strict=True):
        rows = data[data["task"] == task]
        where = canvas.rows_of_cells(panel, list(dict.fromkeys(rows["cell"])))
        panel.set_title(task)
        panel.set_xlim(-0.03, 1.03)
        for cell, group in rows.groupby("cell", sort=False):
            first, y = group.iloc[0], where[str(cell)]
            jitter = y + 0.17 + 0.1 * (np.arange(len(group)) % 3 - 1)
            lost = (group["status"] != "finished").to_numpy()
            panel.plot(
                group["score"][~lost], jitter[~lost], "o", ms=3.2, color=first.colour, alpha=0.6, mew=0
            )
            panel.plot(group["score"][lost], jitter[lost], "x", ms=4.5, color=first.colour, mew=1.3)
            panel.plot(
                [first.low, first.high], [y - 0.17] * 2, color=first.colour, lw=2, solid_capstyle="butt"
            )
            panel.plot(first.value, y - 0.17, palette.marker(first.look), ms=5.5, color=first.colour)
    axes[-1].set_xlabel(f"{data['measure'].iloc[0].replace('_', ' ')}: 0 naive baseline, 1 perfect")
    return figure


def caption(data: pd.DataFrame) -> str:
    lost = int((data.drop_duplicates(["task", "cell", "seed"])["status"] != "finished").sum())
    return (
        f"Small dots: {seeds(data)} per cell and task (confirm stage). Large marks: their mean with a 95% "
        f"interval, {data['method'].iloc[0].split(',')[0]}. Below 0 counts as 0. {lost} diverged or failed "
        f"trials, each a cross, count as 0."
    )
