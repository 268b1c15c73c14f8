"""The finding at a glance: each cell's difference to the reference over all tasks, and its verdict on each task."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from analysis.figures import canvas, palette
from analysis.figures.differences import MARKS, bend, seeds
from analysis.statistics.pairs.reasons import RACE
from analysis.statistics.pairs.seeds import fewer
from analysis.study.tables import Analysed
from analysis.study.verdicts import against

title = "The finding at a glance"

OVER, ONE = "all tasks", "one task"  # parts: the intervals on the left; the squares have their task's name
INK = "#20262d"  # on the pale squares, in light and dark alike
ROW, LEFT, RIGHT, HEAD, FOOT = 0.24, 1.0, 0.35, 0.45, 0.85  # inches
SQUARE, LEAST = 0.42, 1.5  # widest square, least room for intervals


def data(study: Analysed) -> pd.DataFrame:
    """One row per cell and place (all tasks together, where there are several, and each task), the best cell first, the
    controls last: place, cell, reference, control, standing, value, low, high, n (smaller side), tasks, margin, level,
    method."""
    reference, declaration = study.reference, study.declaration
    table = against(study.verdicts, reference)
    parts = [table.assign(place=table["task"])]
    if table["task"].nunique() > 1:
        parts.insert(0, against(study.over_tasks, reference).assign(place=OVER))
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
        level=1 - 2 * both["alpha"],
        control=both["cell"].isin(aliases),
        tasks=both["cell"].map(both[both["place"] != OVER].groupby("cell").size()),
        by_cell=both["cell"].map({cell: k for k, cell in enumerate(order.index)}),
    ).sort_values("by_cell", kind="stable")
    columns = ["place", "cell", "reference", "control", "standing", "value", "low", "high", "n", "tasks"]
    both = both[[*columns, "margin", "level", "method"]].reset_index(drop=True)
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
    names = max(HEAD, 0.068 * max(map(len, tasks)) * 0.77 + 0.15)  # slanted names above the squares
    height = names + ROW * len(cells) + FOOT
    figure = Figure(figsize=(canvas.WIDTH, height))
    wide = canvas.WIDTH - LEFT - RIGHT - square * len(tasks) - 0.15

    def panel(x: float, width: float) -> Axes:
        return figure.add_axes(
            (x / canvas.WIDTH, FOOT / height, width / canvas.WIDTH, ROW * len(cells) / height)
        )

    draw_intervals(panel(LEFT, wide), data[data["place"] == left_place(data)], cells)
    draw_squares(panel(LEFT + wide + 0.15, square * len(tasks)), data, cells, tasks)
    handles = [
        Patch(color=palette.VERDICTS[kind][0], label=f"{palette.VERDICTS[kind][1]}  {words}")
        for kind, words in (
            ("equivalent", "equivalent"),
            ("better", "better"),
            ("worse", "worse"),
            ("undecided", "undecided"),
        )
    ]
    figure.legend(handles=handles, loc="lower center", ncols=4, frameon=False, fontsize=8)
    return figure


def draw_intervals(panel: Axes, rows: pd.DataFrame, cells: list[str]) -> None:
    """One line per cell against the band of the margin."""
    first, where = rows.iloc[0], canvas.rows_of_cells(panel, cells)
    panel.axvspan(-first["margin"], first["margin"], color=canvas.BAND, lw=0, zorder=0)
    panel.axvline(0, color=canvas.MUTED, lw=0.8, zorder=1)
    for row in rows.itertuples():
        draw_interval(panel, row, where[str(row.cell)])
    for text, cell in zip(panel.get_yticklabels(), cells, strict=True):
        control = bool(rows.loc[rows["cell"] == cell, "control"].any())
        text.set(color=canvas.MUTED if control else canvas.INK, style="italic" if control else "normal")
    margin = float(first["margin"])
    place = "over all tasks" if first["place"] == OVER else f"on {first['place']}"
    panel.set_title(f"score minus that of\n{first['reference']}, {place}", fontsize=8, fontweight="normal")
    panel.set_xlabel(f"band: margin ±{margin:g}", fontsize=8)
    ends = rows[["low", "value", "high"]]
    low, high = float(ends.to_numpy().min()), float(ends.to_numpy().max())
    if max(-low, high) > 6 * margin:
        bend(panel, margin, low, high)
        panel.set_xlabel(f"band: margin ±{margin:g}\nlinear to ±{2 * margin:g}, then logarithmic", fontsize=8)
    panel.tick_params(axis="x", labelsize=8)


def draw_interval(panel: Axes, row, y: float) -> None:
    shape, full = MARKS[row.standing]
    panel.plot([row.low, row.high], [y, y], color=row.colour, lw=2, solid_capstyle="butt")
    panel.plot(
        row.value, y, shape, ms=5.5, color=row.colour, mfc=row.colour if full else canvas.PAGE, mew=1.4
    )


def draw_squares(panel: Axes, data: pd.DataFrame, cells: list[str], tasks: list[str]) -> None:
    """One square per cell and task, coloured and lettered by verdict."""
    panel.set(xlim=(-0.5, len(tasks) - 0.5), ylim=(len(cells) - 0.4, -0.6), yticks=[])
    panel.set_xticks(range(len(tasks)), tasks, rotation=50, ha="left", rotation_mode="anchor", fontsize=8)
    panel.tick_params(axis="x", length=0, bottom=False, labeltop=True, labelbottom=False, pad=1)
    panel.grid(visible=False)
    panel.spines[:].set_visible(False)
    for standing, rows in data[data["place"] != OVER].groupby("standing", sort=False):
        colour, symbol, _ = palette.VERDICTS[str(standing)]
        places = [
            (tasks.index(task), cells.index(cell))
            for task, cell in zip(rows["place"], rows["cell"], strict=True)
        ]
        squares = [Rectangle((x - 0.46, y - 0.45), 0.92, 0.9) for x, y in places]
        panel.add_collection(PatchCollection(squares, color=colour, lw=0))
        x, y = zip(*places, strict=True)
        panel.plot(x, y, ls="", marker=canvas.glyph(symbol), ms=6, mew=0.4, color=INK, label=standing)


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
        f"cell (confirm stage), {after}. Diverged and failed trials count as 0."
    )
    return told + (f" In italics, a control: {row.reference} under another name." if controls else "")
