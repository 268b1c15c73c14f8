"""The search stage: validation score against learning rate, one panel a cell and task."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import canvas, palette
from analysis.load import Results
from analysis.statistics.scores import scores

title = "Sensitivity to the learning rate"

COLUMN = "optimizer.learning_rate"
COLUMNS = 3


def data(results: Results) -> pd.DataFrame:
    """One row a search trial: task, cell, learning_rate, score, status, chosen (the confirm stage used it), colour."""
    columns = ["task", "cell", "learning_rate", "score", "status", "chosen"]
    search, confirm = results.stage("search"), results.stage("confirm")
    if COLUMN not in search or search.empty:
        return pd.DataFrame(columns=columns)
    used = set(confirm[["task", "cell", COLUMN]].itertuples(index=False, name=None))
    frame = search[["task", "cell", "status"]].assign(
        learning_rate=search[COLUMN],
        score=scores(search, measure="valid_score")["score"],
        chosen=[key in used for key in search[["task", "cell", COLUMN]].itertuples(index=False, name=None)],
    )
    return palette.paint(results.in_order(frame[columns], "learning_rate"), results.declaration.cells)


@canvas.styled()
def draw(data: pd.DataFrame) -> Figure:
    tasks = list(dict.fromkeys(data["task"]))
    low, high = data["learning_rate"].min() / 1.6, data["learning_rate"].max() * 1.6
    figure, blocks = canvas.blocks(
        [-(-data.loc[data["task"] == t, "cell"].nunique() // COLUMNS) for t in tasks]
    )
    for block, task in zip(blocks, tasks, strict=True):
        block.suptitle(task, x=0.01, ha="left", fontsize=10, fontweight="bold")
        groups = data[data["task"] == task].groupby("cell", sort=False)
        panels = block.subplots(-(-len(groups) // COLUMNS), COLUMNS, squeeze=False, sharex=True, sharey=True)
        panels[0, 0].set(xscale="log", xlim=(low, high), ylim=(-0.2, 1.2), yticks=[0, 1])
        for panel in panels.flat[len(groups) :]:
            panel.set_visible(False)
        for panel, (cell, rows) in zip(panels.flat, groups, strict=False):
            one(panel, str(cell), rows)
        for panel in panels[-1]:
            panel.set_xlabel("learning rate", fontsize=8)
        for panel in panels[:, 0]:
            panel.set_ylabel("score", fontsize=8)
    return figure


def one(panel: Axes, cell: str, rows: pd.DataFrame) -> None:
    """One cell on one task."""
    panel.minorticks_off()
    panel.set_title(cell, fontsize=8, fontweight="normal", pad=3)
    panel.tick_params(labelbottom=True, labelsize=7)
    colour, lost = rows["colour"].iloc[0], (rows["status"] != "finished").to_numpy()
    x, y, chosen = (rows[c].to_numpy() for c in ("learning_rate", "score", "chosen"))
    chosen = chosen.astype(bool)
    panel.plot(x, y, "-", color=colour, lw=0.7, alpha=0.5)
    panel.plot(x[~lost], y[~lost], "o", ms=3.5, color=colour, mew=0)
    panel.plot(x[lost], y[lost], "x", ms=4.5, color=colour, mew=1.3)
    panel.plot(x[chosen], y[chosen], "o", ms=7.5, color=canvas.INK, mfc="none", mew=1, clip_on=False)


def caption(data: pd.DataFrame) -> str:
    sizes = data.groupby(["task", "cell"]).size()
    n = f"{sizes.min()}" if sizes.nunique() == 1 else f"{sizes.min()} to {sizes.max()}"
    lost = int((data["status"] != "finished").sum())
    return (
        f"Validation score (0 naive, 1 perfect) of the {n} search trials of each cell and task against their learning "
        f"rate; every dot is one trial with one seed, so there is no interval. Ringed: the configuration that the "
        f"confirm stage used. {lost} diverged or failed trials, each a cross, count as 0."
    )
