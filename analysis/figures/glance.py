"""The finding at a glance: each cell's difference to the reference over all tasks, and its verdict on each task."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures import canvas, palette, squares
from analysis.figures.differences import alone, bend, half, mark, seeds
from analysis.statistics.pairs.reasons import RACE, UNDECIDED
from analysis.statistics.pairs.seeds import fewer
from analysis.study.tables import Analysed
from analysis.study.verdicts import against

title = "The finding at a glance"

OVER, ONE = "all tasks", "one task"  # parts: the intervals on the left; the squares have their task's name
ROW, LEFT, RIGHT, HEAD, FOOT = 0.24, 1.0, 0.35, 0.45, 1.05  # inches
SQUARE, LEAST = 0.42, 1.5  # widest square, least room for intervals
LETTER, SLANT = 0.068, 50  # of a task's name: inches a letter, degrees
NARROW = 2.0  # room for intervals below which an axis has fewer numbers


def data(study: Analysed) -> pd.DataFrame:
    """One row per cell and place (all tasks together, where there are several, and each task), the best cell first, the
    controls last: place, cell, reference, control, standing, grade (proven, likely; undecided; of all tasks together:
    tested), alone (what the interval says by itself), value, low, high, n (smaller side), tasks, margin, level, method.
    """
    reference, declaration = study.reference, study.declaration
    table = against(study.verdicts, reference)
    parts = [table.assign(place=table["task"])]
    if table["task"].nunique() > 1:
        parts.insert(0, against(study.over_tasks, reference).assign(place=OVER, grade="tested"))
    both = pd.concat(parts, ignore_index=True)
    both = both[both["low"].notna()]
    aliases = {alias for pair in declaration.same for alias in pair} - {reference}
    compared = set(both["cell"]) - aliases
    if set(both.loc[both["place"] == OVER, "cell"]) < compared:  # a task is still running
        both = both[both["place"] != OVER]
    shown = both[both["place"] == left_place(both)]
    first = pd.concat([shown, both]).drop_duplicates("cell").set_index("cell")
    order = first.assign(control=first.index.isin(aliases)).sort_values(
        ["control", "value"], ascending=[True, False], kind="stable"
    )
    both = both.assign(
        n=fewer(both),
        alone=alone(both),
        grade=both["grade"].where(both["grade"] != "", UNDECIDED),
        level=1 - 2 * both["alpha"],
        control=both["cell"].isin(aliases),
        tasks=both["cell"].map(both[both["place"] != OVER].groupby("cell").size()),
        by_cell=both["cell"].map({cell: k for k, cell in enumerate(order.index)}),
    ).sort_values("by_cell", kind="stable")
    columns = ["place", "cell", "reference", "control", "standing", "grade", "alone", "value", "low", "high"]
    both = both[[*columns, "n", "tasks", "margin", "level", "method"]].reset_index(drop=True)
    return palette.paint(both, declaration.cells)


def left_place(data: pd.DataFrame) -> str:
    """What the intervals on the left are of: all tasks together, else the first task with the most cells."""
    sizes = data.groupby("place", sort=False)["cell"].nunique()
    return OVER if OVER in sizes else str(sizes.idxmax()) if len(sizes) else ""


@canvas.styled()
def draw(data: pd.DataFrame) -> Figure:
    cells = list(dict.fromkeys(data["cell"]))
    tasks = [place for place in dict.fromkeys(data["place"]) if place != OVER]
    square = min(SQUARE, (canvas.WIDTH - LEFT - RIGHT - LEAST) / len(tasks))
    slanted = [LETTER * len(task) for task in tasks]  # names above the squares
    names = max(HEAD, math.sin(math.radians(SLANT)) * max(slanted) + 0.15)
    across = math.cos(math.radians(SLANT))
    beyond = [across * name - square * (k + 0.5) + 0.1 for k, name in enumerate(reversed(slanted))]
    right = max(RIGHT, *beyond)  # what of them reaches beyond the last square
    height = names + ROW * len(cells) + FOOT
    figure = Figure(figsize=(canvas.WIDTH, height))
    wide = canvas.WIDTH - LEFT - right - square * len(tasks) - 0.15

    def panel(x: float, width: float) -> Axes:
        return figure.add_axes(
            (x / canvas.WIDTH, FOOT / height, width / canvas.WIDTH, ROW * len(cells) / height)
        )

    draw_intervals(panel(LEFT, wide), data, cells)
    draw_squares(panel(LEFT + wide + 0.15, square * len(tasks)), data, cells, tasks)
    kinds = {kind: kind for kind in ("equivalent", "better", "worse", UNDECIDED)}
    handles = squares.key(data["grade"], kinds)
    figure.legend(handles=handles, loc="lower center", ncols=3, frameon=False, fontsize=8)
    return figure


def draw_intervals(panel: Axes, data: pd.DataFrame, cells: list[str]) -> None:
    """One line per cell against the band of the margin."""
    rows = data[data["place"] == left_place(data)]
    first, where = rows.iloc[0], canvas.rows_of_cells(panel, cells)
    panel.axvspan(-first["margin"], first["margin"], color=canvas.BAND, lw=0, zorder=0)
    panel.axvline(0, color=canvas.MUTED, lw=0.8, zorder=1)
    for row in rows.itertuples():
        draw_interval(panel, row, where[str(row.cell)])
    for text, cell in zip(panel.get_yticklabels(), cells, strict=True):
        control = bool(data.loc[data["cell"] == cell, "control"].any())
        text.set(color=canvas.MUTED if control else canvas.INK, style="italic" if control else "normal")
    margin = float(first["margin"])
    place = "over all tasks" if first["place"] == OVER else f"on {first['place']}"
    panel.set_title(f"score minus that of\n{first['reference']}, {place}", fontsize=8, fontweight="normal")
    panel.set_xlabel(f"band: margin ±{margin:g}", fontsize=8)
    ends = rows[["low", "value", "high"]]
    low, high = float(ends.to_numpy().min()), float(ends.to_numpy().max())
    if max(-low, high) > 6 * margin:
        bend(panel, margin, low, high, narrow=panel.bbox.width / panel.figure.dpi < NARROW)
        panel.set_xlabel(f"band: margin ±{margin:g}\nlinear to ±{2 * margin:g}, then logarithmic", fontsize=8)
    panel.tick_params(axis="x", labelsize=8)


def draw_interval(panel: Axes, row, y: float) -> None:
    panel.plot([row.low, row.high], [y, y], color=row.colour, lw=2, solid_capstyle="butt")
    panel.plot(row.value, y, **mark(row, row.colour))


def draw_squares(panel: Axes, data: pd.DataFrame, cells: list[str], tasks: list[str]) -> None:
    """One square per cell and task, coloured and lettered by verdict."""
    panel.set(xlim=(-0.5, len(tasks) - 0.5), ylim=(len(cells) - 0.4, -0.6), yticks=[])
    panel.set_xticks(range(len(tasks)), tasks, rotation=SLANT, ha="left", rotation_mode="anchor", fontsize=8)
    panel.tick_params(axis="x", length=0, bottom=False, labeltop=True, labelbottom=False, pad=1)
    panel.grid(visible=False)
    panel.spines[:].set_visible(False)
    rows = data[data["place"] != OVER]
    squares.draw(panel, rows.assign(x=rows["place"].map(tasks.index), y=rows["cell"].map(cells.index)))


def caption(data: pd.DataFrame) -> str:
    row = data[data["place"] == left_place(data)].iloc[0]
    several = (data["place"] == OVER).any()
    controls = list(dict.fromkeys(data.loc[data["control"], "cell"]))
    left = (
        f"Left: mean difference over the tasks ({row.method.split(';')[0]})"
        if several
        else f"Left: the difference on {row.place} ({row.method.split(';')[0]})"
    )
    raced = data["method"].eq(RACE).any()
    after = "by a race of e-values" if raced else "after Holm over all pairs of cells"
    told = (
        f"Each cell against {row.reference}, best first. {left}, with {row.level:.0%} intervals, against the "
        f"margin ±{row.margin:g}. Squares: the verdict on each task, over {seeds(data[data['place'] != OVER])} per "
        f"cell (confirm stage), {after}.{squares.told(data['grade'])}{half_filled(data)} Diverged and failed trials "
        f"count as 0."
    )
    return told + (f" In italics, a control: {row.reference} under another name." if controls else "")


def half_filled(data: pd.DataFrame) -> str:
    """What a half-filled mark on the left means, where there is one."""
    if not half(data[data["place"] == left_place(data)]).any():
        return ""
    return " Half-filled marks on the left: undecided, though their interval alone would decide."
