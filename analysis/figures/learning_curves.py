"""Validation score against training steps, mean over the confirm seeds with intervals."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.figures import canvas, palette
from analysis.figures.budget import name_ends
from analysis.figures.differences import seeds
from analysis.statistics.training.curves import curves
from analysis.study.tables import Analysed

title = "Learning curves"


def data(study: Analysed) -> pd.DataFrame:
    """task, cell, step, value, low, high, n, method, colour, look."""
    results = study.results
    table = curves(results.curves, results.stage("confirm"), generator=np.random.default_rng(0))
    return palette.paint(results.in_order(table, "step"), results.declaration.cells)


@canvas.styled()
def draw(data: pd.DataFrame) -> Figure:
    tasks = list(dict.fromkeys(data["task"]))
    height = max(2.6, 0.6 + 0.17 * data["cell"].nunique())
    figure, axes = canvas.sheet([height] * len(tasks), foot=0.2)
    for panel, task in zip(axes, tasks, strict=True):
        rows = data[data["task"] == task]
        panel.set_title(task)
        panel.set_ylim(-0.03, 1.05)
        panel.set_xlim(0, rows["step"].max())
        panel.set_ylabel("validation score")
        ends = []
        for cell, line in rows.groupby("cell", sort=False):
            first = line.iloc[0]
            panel.fill_between(line["step"], line["low"], line["high"], color=first.colour, alpha=0.16, lw=0)
            panel.plot(
                line["step"],
                line["value"],
                color=first.colour,
                ls=palette.dash(first.look),
                lw=1.5,
                label=cell,
            )
            ends.append((line["value"].iloc[-1], str(cell), first.colour))
        name_ends(panel, ends, height)
    axes[-1].set_xlabel("optimiser updates")
    return figure


def caption(data: pd.DataFrame) -> str:
    return (
        f"Mean validation score of {seeds(data)} per cell and task (confirm stage); shaded: 95% interval at "
        f"each step, {data['method'].iloc[0].split(',')[0]}. A diverged trial counts as 0 from there on."
    )
