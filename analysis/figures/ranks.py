"""Critical-difference diagram: average ranks over the tasks; cells under one bar are not told apart."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures import canvas, palette
from analysis.statistics.over_tasks.ranks import FEW, ranks
from analysis.study.tables import Analysed
from analysis.words import count, number, probability

title = "Average ranks over tasks"

STEP, LINE = 0.11, 0.2  # inches between bars, between names


def absent(study: Analysed) -> str:
    """Why there is no such diagram: too few tasks for its tests. A study without any ranks yet may still have one."""
    table = ranks(study.confirmed, alpha=study.declaration.alpha)
    n = len(study.declaration.tasks) if table.empty else int(table["n"].iloc[0])
    if n >= FEW:
        return ""
    return (
        f"No critical-difference diagram: over {count(n, 'task')} its tests (Friedman, Nemenyi, Wilcoxon) can hardly "
        f"tell any cells apart; it is drawn from {FEW} tasks on."
    )


def data(study: Analysed) -> pd.DataFrame:
    """One row per cell, the best rank first: see `over_tasks.ranks`; colour, look."""
    table = ranks(study.confirmed, alpha=study.declaration.alpha)
    return palette.paint(table, study.declaration.cells)


@canvas.styled()
def draw(data: pd.DataFrame) -> Figure:
    k, half, bars = len(data), (len(data) + 1) // 2, groups(data)
    height = 1.0 + STEP * len(bars) + LINE * half
    figure = Figure(figsize=(canvas.WIDTH, height))
    panel = figure.add_axes((0.25, 0.0, 0.5, 1.0))
    panel.set(xlim=(0.6, k + 0.4), ylim=(0, height))
    panel.axis("off")
    axis = height - 0.75
    panel.plot([1, k], [axis, axis], color=canvas.MUTED, lw=0.9)
    every = 1 if k <= 10 else 2
    for rank in range(1, k + 1):
        panel.plot([rank, rank], [axis, axis + 0.05], color=canvas.MUTED, lw=0.9)
        if rank == k or (rank % every == 1 % every and k - rank >= every):
            panel.text(rank, axis + 0.09, str(rank), ha="center", va="bottom", fontsize=8)
    difference = data["critical_difference"].iloc[0]
    ends, top = [1.0, min(1.0 + difference, float(k))], height - 0.3
    panel.plot(ends, [top, top], color=canvas.INK, lw=1.2, marker="|", ms=5, label="critical difference")
    wide = ", off the scale" if difference > k - 1 else ""
    panel.text(1, top + 0.07, f"critical difference {number(difference, 1)}{wide}", fontsize=8)
    thick: dict[str, Any] = {"color": canvas.MUTED, "lw": 3.2, "solid_capstyle": "butt", "label": "group"}
    for level, (low, high) in enumerate(bars):
        panel.plot([low - 0.05, high + 0.05], [axis - 0.13 - STEP * level] * 2, **thick)
    bottom = axis - 0.2 - STEP * len(bars)
    for position, row in enumerate(data.itertuples()):
        best = position < half
        name(panel, row, axis, bottom - LINE * (position if best else k - 1 - position), k, best)
    return figure


def groups(data: pd.DataFrame) -> list[tuple[float, float]]:
    """From the best to the worst rank of each group that Nemenyi's test does not tell apart."""
    letters = sorted(set("".join(data["nemenyi"])) - {"-"})
    members = [data.loc[data["nemenyi"].str.contains(letter, regex=False), "value"] for letter in letters]
    return [(float(rank.min()), float(rank.max())) for rank in members]


def name(panel: Axes, row, axis: float, y: float, k: int, best: bool) -> None:
    """A cell's mark on the axis, its line down and aside, its name and rank; the better half on the left."""
    edge = 0.45 if best else k + 0.55
    panel.plot([row.value, row.value, edge], [axis, y, y], color=row.colour, lw=1.1, clip_on=False)
    panel.plot(row.value, axis, palette.marker(row.look), ms=5.5, color=row.colour, clip_on=False, zorder=3)
    text = f"{row.cell} {number(row.value, 1)}"
    panel.text(
        edge + (-0.1 if best else 0.1), y, text, ha="right" if best else "left", va="center", fontsize=8
    )


def caption(data: pd.DataFrame) -> str:
    row = data.iloc[0]
    told = [
        f"Ranks of the mean scores (1 best), averaged over {row.n} tasks (confirm stage, means of {row.seeds} seeds). "
        f"Grey bars join cells within Nemenyi's critical difference at {row.alpha:g}, half of which to each side is "
        f"the interval in the saved data."
    ]
    if 2 / 2**row.n > row.alpha:
        told.append(f"Wilcoxon's signed-rank test separates no cells with {row.n} tasks.")
    else:
        same = (data["nemenyi"] == data["wilcoxon"]).all()
        told.append(
            f"Wilcoxon's signed-rank test with Holm gives {'the same' if same else 'other groups (saved data)'}."
        )
    if not pd.isna(row.p_friedman):
        p = probability(row.p_friedman)
        told.append(f"Friedman's test of equal ranks: p {p if p.startswith('<') else f'= {p}'}.")
    told.append("Ranks ignore the margin and are not verdicts.")
    if row.left_out != "none":
        told.append(f"Left out: {row.left_out}.")
    return " ".join(told)
