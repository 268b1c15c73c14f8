"""The search stage: the score that the best of k trials reaches, for every budget k."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from analysis.figures import canvas, palette
from analysis.statistics.search.budget import budget
from analysis.study.tables import Analysed
from analysis.words import number

ASSUMES_RANDOM_SEARCH = True
title = "Effect of the number of search trials"


def data(study: Analysed) -> pd.DataFrame:
    """One row per task, cell, k and quantity (validation, test, gap): value, low, high, n, lost, method."""
    table = budget(
        study.results.random_search,
        measure=study.declaration.score,
        generator=np.random.default_rng(0),
        octave=4,
    )
    return palette.paint(study.results.in_order(table, "quantity", "k"), study.declaration.cells)


@canvas.styled()
def draw(data: pd.DataFrame) -> Figure:
    tasks = list(dict.fromkeys(data["task"]))
    height = max(2.4, 0.6 + 0.17 * data["cell"].nunique())
    figure, axes = canvas.sheet([height] * len(tasks), foot=0.55)
    for panel, task in zip(axes, tasks, strict=True):
        rows = data[data["task"] == task]
        panel.set_title(task)
        panel.set(xscale="log", xlim=(1, max(rows["k"].max(), 2)), ylim=(-0.03, 1.05), ylabel="score")
        most = int(rows["k"].max())
        ticks = [2**i for i in range(most.bit_length()) if 1.4 * 2**i <= most] + [most]
        panel.set_xticks(ticks, [str(k) for k in ticks])
        panel.xaxis.set_minor_locator(NullLocator())
        ends = []
        for cell, group in rows.groupby("cell", sort=False):
            first, last = group.iloc[0], group["k"].max()
            for quantity, width, opacity in (("validation", 0.8, 0.55), ("test", 1.7, 1.0)):
                line = group[group["quantity"] == quantity]
                style = {"color": first.colour, "ls": palette.dash(first.look), "lw": width, "alpha": opacity}
                panel.plot(line["k"], line["value"], label=f"{cell} {quantity}", **style)
            ends.append((line.loc[line["k"] == last, "value"].iloc[0], str(cell), first.colour))
        name_ends(panel, ends, height)
    axes[-1].set_xlabel("search trials k (logarithmic)")
    handles = [
        Line2D([], [], color=canvas.INK, lw=1.7, label="test score of the selected trial"),
        Line2D([], [], color=canvas.INK, lw=0.8, alpha=0.55, label="its validation score"),
    ]
    canvas.legend_below(figure, handles, columns=2)
    return figure


def name_ends(panel: Axes, ends: list[tuple[float, str, str]], height: float) -> None:
    """The cells' names right of where their lines end (value, cell, colour), moved apart; height: inches."""
    low, high = panel.get_ylim()
    x = panel.get_xlim()[1]
    gap = min(0.145 / (height - 0.55), 1 / max(len(ends), 1)) * (high - low)
    places = canvas.spread([value for value, _, _ in ends], gap=gap, low=low, high=high)
    line = {"arrowstyle": "-", "lw": 0.9, "shrinkA": 2, "shrinkB": 0, "relpos": (0, 0.5), "patchA": None}
    for (value, cell, colour), place in zip(ends, places, strict=True):
        panel.annotate(
            cell,
            (x, value),
            xytext=(1.05, (place - low) / (high - low)),
            textcoords="axes fraction",
            va="center",
            fontsize=8,
            color=canvas.INK,
            arrowprops={**line, "color": colour},
            annotation_clip=False,
        )


def caption(data: pd.DataFrame) -> str:
    sizes = data.groupby(["task", "cell"])["n"].first()
    n = f"{sizes.min()}" if sizes.nunique() == 1 else f"{sizes.min()} to {sizes.max()}"
    half = data[(data["quantity"] == "gap") & data["low"].notna()]
    gap = (
        half.loc[half.groupby(["task", "cell"])["k"].idxmax(), "value"]
        if len(half)
        else pd.Series(dtype=float)
    )
    curse = (
        f" Because of selection, validation scores exceed test scores by {number(gap.mean())}, on average over cells "
        f"and tasks at the largest k with an interval."
        if len(gap)
        else ""
    )
    return (
        f"Expected score of the best of k of the {n} search trials of each cell and task, selected on validation as "
        f"the sweep does: exact means over all draws of k without replacement. The saved data has 95% intervals "
        f"for a new search of k trials as far as {n} trials allow one.{curse} Diverged and failed trials count as 0."
    )
