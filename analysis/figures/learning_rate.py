"""The search stage: validation score against learning rate, one panel per cell and task."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures import canvas, palette
from analysis.statistics.scores import scores
from analysis.study.tables import Analysed
from sweeps.store import schema

title = "Sensitivity to the learning rate"

COLUMN = "optimizer.learning_rate"


def data(study: Analysed) -> pd.DataFrame:
    """One row per search trial: task, cell, learning_rate, score, status, chosen (for the confirm stage), and of a
    halving search rung (the updates after which the score was taken)."""
    results = study.results
    columns = ["task", "cell", "learning_rate", "score", "status", "chosen"]
    search = results.first_rung if results.halved else results.stage("search")
    confirm = results.stage("confirm")
    if COLUMN not in search or search.empty:
        return pd.DataFrame(columns=columns)
    frame = search[["task", "cell", "status"]].assign(
        learning_rate=search[COLUMN],
        score=scores(search, measure="valid_score")["score"],
        chosen=chosen(search, confirm),
    )
    if results.halved:
        frame["rung"] = search["steps_done"]
    return palette.paint(results.in_order(frame, "learning_rate"), results.declaration.cells)


def chosen(search: pd.DataFrame, confirm: pd.DataFrame) -> np.ndarray:
    """Which trials of the search have the settings, all that were searched, of their cell's and task's confirm stage.
    Learning rates alone do not tell: drawn with two digits, two trials may have the same."""
    arm = ["task", "cell"]
    names = [str(c) for c in search if c in confirm and c not in schema.TRIAL_COLUMNS]
    spec = [c for c in names if not c.startswith("test_")]
    varying = [c for c in spec if (search.groupby(arm)[c].nunique() > 1).any()]
    used = confirm[[*arm, *varying]].drop_duplicates().assign(chosen=True)
    return search[[*arm, *varying]].merge(used, how="left")["chosen"].eq(True).to_numpy()


@canvas.styled()
def draw(data: pd.DataFrame) -> Figure:
    tasks = list(dict.fromkeys(data["task"]))
    reach = data["learning_rate"].min() / 1.6, data["learning_rate"].max() * 1.6
    counts = [data.loc[data["task"] == task, "cell"].nunique() for task in tasks]
    figure, blocks = canvas.small_panels(tasks, counts)
    for panels, task in zip(blocks, tasks, strict=True):
        groups = data[data["task"] == task].groupby("cell", sort=False)
        for panel, (cell, rows) in zip(panels, groups, strict=True):
            canvas.logarithmic(panel, *reach, most=3)
            panel.set(ylim=(-0.2, 1.2), yticks=[0, 1])
            panel.set_title(str(cell), fontsize=8, fontweight="normal", pad=3)
            panel.tick_params(labelsize=7, pad=1.5)
            points(panel, rows)
    return figure


def points(panel: Axes, rows: pd.DataFrame) -> None:
    """The trials of one cell on one task."""
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
        f"Validation score (0 naive, 1 perfect; upwards){canvas.at_rung(data)} against learning rate (to the right) "
        f"of the {n} search trials of each cell and task; every dot is one trial with one seed, so there is no "
        f"interval. Ringed: the configuration that the confirm stage used. {lost} diverged or failed trials, "
        f"each a cross, count as 0."
    )
