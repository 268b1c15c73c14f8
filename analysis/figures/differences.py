"""Each cell's difference to the reference, with its interval, against the margin: the finding at a glance."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from analysis.figures import canvas, palette
from analysis.statistics.pairs.reasons import RACE, UNDECIDED
from analysis.statistics.pairs.seeds import fewer
from analysis.study.tables import Analysed
from analysis.study.verdicts import against
from analysis.words import MINUS, count, digits, signed

title = "Difference to the reference"

SHAPES = {"equivalent": "o", "better": "D", "worse": "D", "different": "D", "undecided": "o"}


def data(study: Analysed) -> pd.DataFrame:
    """One row per task and cell: standing, alone (see `alone`), value, low, high, n (smaller side), margin, level,
    pairs, method."""
    table = against(study.verdicts, study.reference)
    table = table.assign(n=fewer(table), level=1 - 2 * table["alpha"], alone=alone(table))
    columns = [
        "task",
        "cell",
        "reference",
        "standing",
        "alone",
        "value",
        "low",
        "high",
        "n",
        "margin",
        "level",
        "pairs",
        "method",
    ]
    return palette.paint(
        table.loc[table["low"].notna(), columns].reset_index(drop=True), study.declaration.cells
    )


@canvas.styled()
def draw(data: pd.DataFrame) -> Figure:
    tasks = list(dict.fromkeys(data["task"]))
    sizes = [data["task"].eq(task).sum() for task in tasks]
    figure, axes = canvas.sheet([0.4 + 0.24 * size for size in sizes], foot=0.9, sharex=True)
    margin, reference = data["margin"].iloc[0], data["reference"].iloc[0]
    for panel, task in zip(axes, tasks, strict=True):
        rows = data[data["task"] == task]
        where = canvas.rows_of_cells(panel, list(rows["cell"]))
        panel.set_title(task)
        panel.axvspan(-margin, margin, color=canvas.BAND, lw=0, zorder=0)
        panel.axvline(0, color=canvas.MUTED, lw=0.8, zorder=1)
        for row in rows.itertuples():
            y = where[row.cell]
            panel.plot([row.low, row.high], [y, y], color=row.colour, lw=2, solid_capstyle="butt")
            panel.plot(row.value, y, **mark(row, row.colour))
            canvas.beside(panel, y, f"{row.standing} {signed(row.value, digits(margin))}")
    unit = axes[-1]
    unit.set_xlabel(f"score minus that of {reference}; band: margin ±{margin:g}")
    if data[["low", "high"]].abs().max(axis=None) > 6 * margin:
        bend(unit, margin, float(data["low"].min()), float(data["high"].max()))
    canvas.legend_below(figure, key(data), columns=2 if half(data).any() else 3)
    return figure


def alone(table: pd.DataFrame) -> pd.Series:
    """What each interval says taken alone: equivalent (inside the margin), different (beside 0, and significant where a
    test was made), else undecided."""
    within = (table["low"] > -table["margin"]) & (table["high"] < table["margin"])
    beside = (table["low"] > 0) | (table["high"] < 0)
    significant = (table["p_difference"] <= table["alpha"]) | table["method"].eq(RACE)
    said = np.select([within, beside & significant], ["equivalent", "different"], UNDECIDED)
    return pd.Series(said, index=table.index)


def mark(row, colour: str) -> dict[str, Any]:
    """How a row is marked: a circle for equivalent, a diamond for different; filled when decided, half when the
    interval alone would decide, open when even that does not."""
    if row.standing != UNDECIDED:
        shape, face, fill = SHAPES[row.standing], colour, "full"
    else:
        shape, fill = SHAPES[row.alone], "full" if row.alone == UNDECIDED else "bottom"
        face = canvas.PAGE if row.alone == UNDECIDED else colour
    style = {"fillstyle": fill, "mfc": face, "mfcalt": canvas.PAGE}
    return {"marker": shape, "ls": "", "ms": 5.5, "color": colour, "mew": 1.4, **style}


def half(data: pd.DataFrame) -> pd.Series:
    """Which rows are undecided though their interval alone would decide."""
    return data["standing"].eq(UNDECIDED) & data["alone"].ne(UNDECIDED)


class Example(NamedTuple):
    """A row of the legend."""

    standing: str
    alone: str
    words: str


def key(data: pd.DataFrame) -> list[Line2D]:
    """The marks in words."""
    marks = [Example(kind, kind, kind) for kind in ("equivalent", "different", UNDECIDED)]
    if half(data).any():
        marks.append(Example(UNDECIDED, "equivalent", "undecided, though not by its interval alone"))
    return [Line2D([], [], **mark(one, canvas.INK), label=one.words) for one in marks]


def bend(panel, margin: float, low: float, high: float, *, narrow: bool = False) -> None:
    """Linear within two margins, logarithmic beyond, so that large differences do not hide the small ones. narrow:
    there is no room for the numbers of the margin itself."""
    panel.set_xscale("symlog", linthresh=2 * margin, linscale=1.2)
    steps = [margin * factor for factor in ((6,) if narrow else (1, 6, 20))]
    ticks = [-step for step in reversed(steps) if step < max(-low * 1.2, 1.5 * margin)]
    ticks += [0.0, *(step for step in steps if step < max(high * 1.2, 1.5 * margin))]
    panel.set_xticks(ticks, [f"{tick:g}".replace("-", MINUS) for tick in ticks])
    panel.xaxis.set_minor_locator(NullLocator())
    panel.set_xlim(low * 1.5 if low < -margin else -1.5 * margin, max(high * 1.5, 1.5 * margin))
    panel.set_xlabel(f"{panel.get_xlabel()}\nscale linear to ±{2 * margin:g}, logarithmic beyond")


def caption(data: pd.DataFrame) -> str:
    row = data.iloc[0]
    if row.method == RACE:
        return (
            f"Mean score of each cell minus that of {row.reference}, with {row.level:.0%} confidence sequences, valid "
            f"at every look of the race. An interval inside the band ±{row.margin:g} shows equivalence, one that "
            f"excludes 0 a difference; verdicts are by e-values over the {row.pairs} declared comparisons of a "
            f"task.{half_filled(data)}{small(data)}"
        )
    return (
        f"Mean score of each cell minus that of {row.reference}, with {row.level:.0%} intervals (Welch's, "
        f"widened for skewness), over "
        f"{seeds(data)} per cell. An interval inside the band ±{row.margin:g} shows equivalence, one that "
        f"excludes 0 a difference. Intervals are for one comparison; verdicts are after Holm over the "
        f"{data['pairs'].max()} pairs of a task, so they may be more cautious.{half_filled(data)}{small(data)}"
    )


def half_filled(data: pd.DataFrame) -> str:
    """What a half-filled mark means, where there is one."""
    n = int(half(data).sum())
    if not n:
        return ""
    return (
        f" Half-filled ({n} of {count(len(data), 'comparison')}): by its interval alone equivalent (circle) or "
        f"different (diamond), but undecided, since some of so many comparisons come out like that by chance."
    )


def small(data: pd.DataFrame) -> str:
    """What a difference inside the band means, where there is one."""
    inside = data["standing"].isin(["better", "worse"])
    inside &= data["low"].gt(-data["margin"]) & data["high"].lt(data["margin"])
    if not inside.any():
        return ""
    return " A difference inside the band is shown to be there, not to be smaller than the margin."


def seeds(data: pd.DataFrame) -> str:
    low, high = int(data["n"].min()), int(data["n"].max())
    return count(low, "seed") if low == high else f"{low} to {high} seeds"
