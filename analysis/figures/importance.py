"""How much of the variance over the search each factor explains: main effects, and the strongest interactions."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures import canvas
from analysis.statistics.search.factors import CELL
from analysis.statistics.search.importance import MAIN, PAIR, REST
from analysis.study.tables import Analysed
from analysis.words import count, percent

ASSUMES_RANDOM_SEARCH = True
title = "What explains the scores"

STRONGEST = 3
CROSS = " \N{MULTIPLICATION SIGN} "


def data(study: Analysed) -> pd.DataFrame:
    """`search.importance`, every task: main effects, all interactions by strength, and their sum."""
    shares = study.shares[study.shares["value"].notna()]
    order = {MAIN: 0, PAIR: 1, REST: 2}
    return (
        shares.assign(
            by_task=pd.factorize(shares["task"])[0],
            by_kind=shares["kind"].map(order),
            by_size=-shares["value"],
        )
        .sort_values(["by_task", "by_kind", "by_size"], ignore_index=True)
        .drop(columns=["by_task", "by_kind", "by_size"])
    )


def shown(rows: pd.DataFrame) -> pd.DataFrame:
    """The bars of one task: all main effects, the strongest interactions, and where there are
    several all of them together."""
    pairs = rows[rows["kind"] == PAIR]
    together = rows[rows["kind"] == REST] if len(pairs) > 1 else rows.iloc[:0]
    return pd.concat([rows[rows["kind"] == MAIN], pairs.head(STRONGEST), together])


def label(row) -> str:
    return row.kind if row.kind == REST else CROSS.join(name for name in (row.factor, row.other) if name)


@canvas.styled()
def draw(data: pd.DataFrame) -> Figure:
    data = data.assign(factor=data["factor"].fillna(""), other=data["other"].fillna(""))
    tasks = list(dict.fromkeys(data["task"]))
    bars = {task: shown(data[data["task"] == task]) for task in tasks}
    figure, axes = canvas.sheet([0.45 + 0.24 * len(rows) for rows in bars.values()], foot=0.35, sharex=True)
    for panel, (task, rows) in zip(axes, bars.items(), strict=True):
        panel.set_title(task)
        panel.set_xlim(0, 1)
        panel.set_title(note(rows), loc="right", fontsize=8, fontweight="normal", color=canvas.MUTED)
        labels = [label(row) for row in rows.itertuples()]
        where = canvas.rows_of_cells(panel, labels)
        for row in rows.itertuples():
            bar(panel, row, where[label(row)])
        for text, name in zip(panel.get_yticklabels(), labels, strict=True):
            text.set_fontweight("bold" if name == CELL else "normal")
    axes[-1].set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25%", "50%", "75%", "100%"])
    axes[-1].set_xlabel("share of the variance of scores over the search")
    return figure


def bar(panel: Axes, row, y: float) -> None:
    """The cell dark, the other factors pale, interactions hollow."""
    looks: dict[str, Any] = {"facecolor": "none", "edgecolor": canvas.MUTED, "lw": 0.8}
    if row.kind == MAIN:
        cell = row.factor == CELL
        looks = {"color": canvas.INK if cell else canvas.MUTED, "alpha": 1.0 if cell else 0.5, "lw": 0}
    panel.barh(y, row.value, height=0.34, **looks)
    panel.plot([row.low, row.high], [y + 0.3, y + 0.3], color=canvas.INK, lw=1.4, solid_capstyle="butt")
    canvas.beside(panel, y, told(row.value))


def told(share: float) -> str:
    return "< 1%" if share < 0.01 else percent(share)


def note(rows: pd.DataFrame) -> str:
    """How good the model is that was decomposed."""
    row = rows.iloc[0]
    if pd.isna(row["explained"]):
        return "PED-ANOVA, best tenth"
    good = f"R² {max(row['explained'], 0):.2f}"
    return good if row["meaningful"] else f"weak: {good}"


def caption(data: pd.DataFrame) -> str:
    n = trials(data)
    weak = data.loc[data["meaningful"].eq(False), "task"].nunique()
    method = "; ".join(dict.fromkeys(m.split(";")[0] for m in data["method"]))
    text = (
        f"Share of the variance of scores{canvas.at_rung(data)} that each factor explains alone (bars; the cell dark) "
        f"and together with another (hollow), uniformly over the search space, with 95% intervals (lines) from "
        f"half-samples of the settings. {method}, at least {n} of each cell and task; {lost(data)}. R²: the "
        f"share of the variance of trials with unseen settings that the model predicts."
    )
    return text + (f" Where it is weak ({count(weak, 'task')}) the shares are unreliable." if weak else "")


def trials(data: pd.DataFrame) -> str:
    return count(int(data["fewest"].min()), "search trial")


def lost(data: pd.DataFrame) -> str:
    n = int(data.drop_duplicates("task")["lost"].sum())
    return f"{n} diverged or failed trials count as 0"
