"""Where a network looks: a heat map of its attention for each sequence, and the same numbers as a table.

    looked = looked_at(trial, params, sequences=4)
    made = figure(looked, trial.task, "gru on mqar")

Sequences that are padded are drawn without their padding; those that have numbers are named by them.
"""

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments.attending import Looked
from experiments.show import answer_rows, input_rows
from experiments.tasks.contract import TaskSpec

STYLE: dict[Any, Any] = {"font.family": "DejaVu Sans", "font.size": 8, "text.parse_math": False}
NAMED = 48  # steps, up to which each is named
JUDGED = "#d55e00"


def figure(looked: Looked, task: TaskSpec, title: str) -> Figure:
    """One panel a sequence: a row for each step that looks, a column for each step that it looks at; steps are named by
    their inputs where they are symbols and few, and the steps that the task judges are marked, with what is asked."""
    count = len(looked.weights)
    with mpl.rc_context(STYLE):
        made = Figure(figsize=(5.0, 4.3 * count + 0.5), layout="constrained")
        panels = made.subplots(count, 1, squeeze=False).ravel()
        for i, panel in enumerate(panels):
            image = draw(panel, looked, task, i)
        made.colorbar(image, ax=panels.tolist(), label="weight", shrink=0.8 / count, pad=0.04)
        made.suptitle(f"{title}\nrows look at columns; they sum to 1; orange: judged by the task", fontsize=9)
    return made


def draw(panel: Any, looked: Looked, task: TaskSpec, i: int) -> Any:
    """One sequence, without its padding."""
    kept = there(looked, i)
    weights = looked.weights[i][np.ix_(kept, kept)]
    above = np.triu(np.ones(weights.shape, bool), 1)
    image = panel.imshow(np.ma.masked_array(weights, above), cmap="viridis", vmin=0, vmax=1, aspect="equal")
    names, asked = words(looked, task, i, kept), judged(looked, task, i, kept)
    size = len(kept)
    if names and size <= NAMED:
        small = 7 if size <= 32 else 5
        panel.set_xticks(range(size), names, fontsize=small)
        panel.set_yticks(range(size), names, fontsize=small)
    else:
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.yaxis.set_major_locator(MaxNLocator(integer=True))
    panel.set(xlabel="looked at", ylabel="looking")
    if looked.places is not None:
        panel.set_title(f"sequence {looked.places[i]}", loc="left", fontsize=8, fontweight="bold")
    panel.spines[["top", "right"]].set_visible(False)
    for row, answer in asked:
        panel.plot([row + 0.62] * 2, [row - 0.42, row + 0.42], color=JUDGED, linewidth=2, clip_on=False)
        if size <= NAMED:
            panel.text(row + 0.9, row, answer, color=JUDGED, fontsize=7, va="center", clip_on=False)
    return image


def there(looked: Looked, i: int) -> np.ndarray:
    """The steps of sequence i that are no padding."""
    mask = looked.batch.mask
    return np.arange(len(looked.batch.inputs)) if mask is None else np.flatnonzero(mask[:, i])


def words(looked: Looked, task: TaskSpec, i: int, kept: np.ndarray) -> list[str]:
    """The inputs at these steps by their names; empty where they are numbers."""
    if not hasattr(task, "symbols"):
        return []
    return [input_rows(task, np.asarray(looked.batch.inputs[:, i]))["input"][t] for t in kept]


def judged(looked: Looked, task: TaskSpec, i: int, kept: np.ndarray) -> list[tuple[int, str]]:
    """(row, what is asked for) of the steps that the task judges."""
    batch, first = looked.batch, len(looked.batch.inputs) - task.scored
    asked = answer_rows(task, np.asarray(batch.targets[:, i])).get(
        "target", [""] * task.scored
    )  # of several numbers none
    found = []
    for row, t in enumerate(kept):
        s = t - first
        if s >= 0 and (batch.counts is None or batch.counts[s, i]):
            found.append((row, asked[s]))
    return found


COLUMN_NAMES = ("sequence", "step", "at", "weight")


def lines(looked: Looked) -> list[dict[str, Any]]:
    """The numbers of the figure: each step that there is, at each up to it, numbered as in the sequence."""
    numbers = looked.places or range(len(looked.weights))
    return [
        {"sequence": numbers[i], "step": int(t), "at": int(s), "weight": float(looked.weights[i, t, s])}
        for i in range(len(looked.weights))
        for t in there(looked, i)
        for s in there(looked, i)
        if s <= t
    ]
