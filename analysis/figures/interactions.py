"""Which factors act together: the share of the variance of every pair, one matrix a task."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.figures import canvas, importance
from analysis.statistics.search.importance import MAIN, PAIR, REST
from analysis.study.tables import Analysed
from analysis.words import percent_between

ASSUMES_RANDOM_SEARCH = True
title = "Do factors interact?"


def data(study: Analysed) -> pd.DataFrame:
    """The rows of the importance figure, of tasks whose interactions were measured."""
    table = importance.data(study)
    return table[table["task"].isin(table.loc[table["kind"] == PAIR, "task"])].reset_index(drop=True)


@canvas.styled()
def draw(data: pd.DataFrame) -> Figure:
    tasks = list(dict.fromkeys(data["task"]))
    names = {task: in_order(data, task) for task in tasks}
    figure, axes = canvas.sheet([0.75 + 0.3 * len(found) for found in names.values()], foot=0.1)
    for panel, (task, found) in zip(axes, names.items(), strict=True):
        rows = data[data["task"] == task]
        n = len(found)
        panel.set_title(task)
        panel.set_title(together(rows), loc="right", fontsize=8, fontweight="normal", color=canvas.MUTED)
        panel.set(xlim=(-0.5, n - 0.5), ylim=(n - 0.5, -0.5))
        panel.set_xticks(range(n), [name.replace(" ", "\n", 1) for name in found], fontsize=8)
        panel.set_yticks(range(n), found)
        panel.tick_params(length=0)
        panel.grid(visible=False)
        panel.spines[:].set_visible(False)
        for row in rows[rows["kind"] != REST].itertuples():
            alone = row.kind == MAIN
            y, x = sorted((found.index(row.factor), found.index(row.factor if alone else row.other)))[::-1]
            face = {"facecolor": canvas.INK, "alpha": 0.06 + 0.5 * min(row.value, 1.0), "lw": 0}
            frame = {"facecolor": "none", "edgecolor": canvas.MUTED, "lw": 0.8}
            panel.add_patch(Rectangle((x - 0.47, y - 0.45), 0.94, 0.9, **(frame if alone else face)))
            panel.text(x, y, importance.told(row.value), ha="center", va="center_baseline", fontsize=9)
    return figure


def in_order(data: pd.DataFrame, task: str) -> list[str]:
    """The factors of a task, the one with the largest main effect first."""
    rows = data[(data["task"] == task) & (data["kind"] == MAIN)]
    return list(rows.sort_values("value", ascending=False)["factor"])


def together(rows: pd.DataFrame) -> str:
    """All interactions of a task, of whatever order."""
    row = rows[rows["kind"] == REST].iloc[0]
    weak = "" if row["meaningful"] else "weak: "
    return f"{weak}interactions {percent_between(row['value'], row['low'], row['high'])}"


def caption(data: pd.DataFrame) -> str:
    return (
        f"Share of the variance of scores that two factors explain together, beyond what each explains alone "
        f"(framed, on the diagonal); above each matrix all interactions of whatever order, with a 95% interval "
        f"from half-samples of the settings. {data['method'].iloc[0].split(';')[0]}, at least "
        f"{importance.trials(data)} of each cell and task; {importance.lost(data)}. Spurious interactions of "
        "a few percent are common, more where the model predicts less well; weak: it predicts almost nothing."
    )
