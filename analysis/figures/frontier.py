"""Difficulty frontiers: the share of seeds that solve, over training length and over difficulty, with T50 marked."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import expit

from analysis.figures import canvas, palette
from analysis.figures.differences import seeds
from analysis.statistics.training.frontier import by_difficulty, graded
from analysis.statistics.training.steps_to_solve import medians, shares
from analysis.study.tables import Analysed
from analysis.words import compact

title = "Where half of the seeds solve the task"

HARDLY = 0.25  # share of seeds below which a task without any T50 has no panels

UPDATES, DIFFICULTY = "updates", "difficulty"
HALF = {"value": "t50", "low": "t50_low", "high": "t50_high", "method": "t50_method"}
COLUMNS = [
    "part",
    "task",
    "field",
    "cell",
    "x",
    "value",
    "low",
    "high",
    "n",
    *HALF.values(),
    "slope",
    "centre",
]


def data(study: Analysed) -> pd.DataFrame:
    """One row per point of a cell's curve: part (updates or difficulty), task (or family of tasks), field, cell, x,
    value (share of seeds), low, high, n, method; and of the whole curve t50, t50_low, t50_high, t50_method. Tasks of
    a family of three or more difficulties have no curves over updates."""
    results = study.results
    confirm = results.stage("confirm")
    alone = confirm[~confirm["task"].isin(graded(confirm))]
    half = medians(alone)[["task", "cell", *HALF]].rename(columns=HALF)
    steps = shares(alone).rename(columns={"step": "x"}).merge(half, on=["task", "cell"])
    steps = results.in_order(
        steps.assign(part=UPDATES, field="solved_step", slope=np.nan, centre=np.nan), "x"
    )
    rates, halves = by_difficulty(confirm)
    keys = ["family", "field", "cell"]
    tasks = rates.merge(halves[[*keys, *HALF, "slope", "centre"]].rename(columns=HALF), on=keys)
    tasks = (
        tasks.drop(columns="task")
        .rename(columns={"family": "task", "difficulty": "x"})
        .assign(part=DIFFICULTY)
    )
    tasks = tasks.sort_values(
        ["task", "field", "cell", "x"],
        key=lambda c: c.map(results.declaration.cells.index) if c.name == "cell" else c,
    )
    parts = [part for part in (tasks, steps) if not part.empty]
    columns = [*COLUMNS, "method"]
    table = pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
    return palette.paint(table, results.declaration.cells)


@canvas.styled()
def draw(data: pd.DataFrame) -> Figure:
    every = [rows for _, rows in data.groupby(["part", "task", "field"], sort=False)]
    blocks = [rows for rows in every if not barren(rows)]
    nobody = unsolved([rows for rows in every if barren(rows)])
    heights = [height for rows in blocks for height in (1.6, 0.75 + 0.19 * rows["cell"].nunique())]
    heights += [0.2 * (1 + nobody.count("\n"))] if nobody else []
    figure, axes = canvas.sheet(heights, foot=0.1)
    if nobody:
        note = axes.pop()
        note.axis("off")
        note.text(0, 1, nobody, va="top", fontsize=8, transform=note.transAxes)
    for curve, row, rows in zip(axes[::2], axes[1::2], blocks, strict=True):
        first = rows.iloc[0]
        by_updates = first.part == UPDATES
        field = "optimiser updates" if by_updates else str(first.field).removeprefix("task.")
        curve.set_title(first.task if by_updates else f"{first.task}, by {field}")
        xs = rows.loc[rows["x"] > 0, "x"]
        for panel in (curve, row):
            canvas.logarithmic(panel, xs.min() / 1.15, xs.max() * 1.15, most=6)
        curve.set(ylim=(-0.04, 1.06), yticks=[0, 0.5, 1], ylabel="share solved")
        curve.axhline(0.5, color=canvas.MUTED, lw=0.8, zorder=1)
        for _, line in rows.groupby("cell", sort=False):
            draw_curve(curve, line, by_updates)
        draw_halves(row, rows.drop_duplicates("cell"))
        row.set_xlabel(f"{field} at which half of the seeds solve it (95% interval)")
    return figure


def barren(rows: pd.DataFrame) -> bool:
    """Whether hardly any seed of any cell solves the task, so that panels would be empty."""
    return bool(rows["t50"].isna().all() and rows["value"].max() < HARDLY)


def unsolved(blocks: list[pd.DataFrame]) -> str:
    """What is said of such tasks in place of empty panels, one line each."""
    most = {rows["task"].iloc[0]: float(rows["value"].max()) for rows in blocks}
    return "\n".join(
        f"{task}: {f'at most {share:.0%} of the seeds of a cell' if share else 'no seed of any cell'} solved it"
        for task, share in most.items()
    )


def draw_curve(panel: Axes, line: pd.DataFrame, by_updates: bool) -> None:
    """One cell's share of seeds: steps over updates; over difficulty the points and the fitted curve."""
    first = line.iloc[0]
    style = {"color": first.colour, "ls": palette.dash(first.look), "lw": 1.4, "label": first.cell}
    if by_updates:
        panel.step(line["x"], line["value"], where="post", **style)
        return
    panel.plot(line["x"], line["value"], palette.marker(first.look), ms=4, color=first.colour)
    x = np.geomspace(line["x"].min(), line["x"].max(), 100)
    panel.plot(x, expit(first.slope * (np.log2(first.centre) - np.log2(x))), **style)


def draw_halves(panel: Axes, rows: pd.DataFrame) -> None:
    """One line per cell."""
    where = canvas.rows_of_cells(panel, list(rows["cell"]))
    for row in rows.itertuples():
        draw_half(panel, row, where[str(row.cell)])


def draw_half(panel: Axes, row, y: float) -> None:
    """T50 and its interval, an arrow where that is open; what is known beside it in words. A dot for every cell: some
    of their own marks are arrows."""
    left, right = panel.get_xlim()
    ends = [max(row.t50_low, left), min(row.t50_high, right)]
    panel.plot(ends, [y, y], color=row.colour, lw=2, solid_capstyle="butt")
    for end, mark, is_open in ((right, ">", np.isinf(row.t50_high)), (left, "<", row.t50_low <= 0)):
        if is_open:
            panel.plot(end, y, mark, ms=5, color=row.colour, clip_on=False)
    if not np.isnan(row.t50):
        panel.plot(row.t50, y, "o", ms=5.5, color=row.colour, clip_on=False)
    canvas.beside(panel, y, words(row))


def words(row) -> str:
    """T50, or on which side of what ran it lies."""
    if not np.isnan(row.t50):
        return compact(row.t50)
    if np.isinf(row.t50_high) and row.t50_low > 0:
        return f"≥ {compact(row.t50_low)}"
    return f"≤ {compact(row.t50_high)}" if row.t50_low <= 0 and np.isfinite(row.t50_high) else "open"


def caption(data: pd.DataFrame) -> str:
    parts = []
    if (data["part"] == DIFFICULTY).any():
        parts.append(
            "Over difficulty: shares and penalised logistic curves; T50 with profile-likelihood intervals, open beyond "
            "the difficulties tested."
        )
    if (data["part"] == UPDATES).any():
        parts.append(
            "Over training: share of seeds that have solved it by each update; T50 is Kaplan and Meier's median with "
            "its binomial interval, open where too few solved within the budget."
        )
    who = f"{seeds(data)} per cell and task (confirm stage), 95% intervals; diverged and failed seeds are unsolved."
    return " ".join([*parts, who])
