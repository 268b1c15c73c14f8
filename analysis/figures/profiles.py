"""All tasks at once: performance profiles, interquartile means, and the probability of improvement."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from analysis.figures import canvas, palette
from analysis.figures.budget import name_ends
from analysis.statistics.over_tasks.profiles import improvement, interquartile_means, profiles
from analysis.study.tables import Analysed
from analysis.words import number

title = "All tasks at once"

TAUS = np.concatenate([np.linspace(0, 0.9, 91), 1 - np.geomspace(0.1, 0.001, 41)[1:]])
HIGH, MOST = 0.9, 0.999  # where the scale is stretched, and up to where
TICKS = (0, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999)

PARTS = ("profile", "interquartile mean", "improvement")


def data(study: Analysed) -> pd.DataFrame:
    """One row per part (see PARTS) and cell, in the profile also a τ: value, low, high, n, tasks, left_out, method."""
    values, reference, cells = study.confirmed, study.reference, study.declaration.cells
    tables = (
        profiles(values, taus=TAUS),
        interquartile_means(values, generator=np.random.default_rng(0)),
        improvement(values, reference),
    )
    table = pd.concat([t.assign(part=part) for part, t in zip(PARTS, tables, strict=True)], ignore_index=True)
    table = table.assign(reference=reference)
    columns = ["part", "cell", "tau", "value", "low", "high", "n", "tasks", "reference", "left_out", "method"]
    order = {"part": PARTS, "cell": cells}
    table = table.sort_values(
        ["part", "cell", "tau"], key=lambda c: c.map(order[c.name].index) if c.name in order else c
    )
    return palette.paint(table[columns].reset_index(drop=True), cells)


@canvas.styled()
def draw(data: pd.DataFrame) -> Figure:
    cells = list(dict.fromkeys(data["cell"]))
    parts = {part: data[data["part"] == part] for part in PARTS}
    if parts["improvement"].empty:
        parts.pop("improvement")
    top, low = max(2.6, 0.6 + 0.17 * len(cells)), 0.75 + 0.2 * len(cells)
    figure, axes = canvas.sheet([top] + [low] * (len(parts) - 1), foot=0.1)
    panel, ends = axes[0], []
    panel.set_title("Share of runs that score above τ")
    panel.set(xlim=(0, 1), ylim=(-0.03, 1.05), ylabel="share of runs")
    panel.set_xlabel("score τ: 0 naive baseline, 1 perfect")
    stretch(panel, parts["profile"])
    for cell, line in parts["profile"].groupby("cell", sort=False):
        first = line.iloc[0]
        panel.step(
            line["tau"],
            line["value"],
            where="post",
            color=first.colour,
            ls=palette.dash(first.look),
            lw=1.4,
            label=cell,
        )
        ends.append((line["value"].iloc[-1], str(cell), first.colour))
    name_ends(panel, ends, top)
    for panel, part in zip(axes[1:], list(parts)[1:], strict=True):
        rows = parts[part]
        where = canvas.rows_of_cells(panel, list(rows["cell"]))
        for row in rows.itertuples():
            draw_row(panel, row, where[str(row.cell)])
        if part == "improvement":
            panel.set_title(f"Chance that a run beats one of {rows['reference'].iloc[0]}")
            panel.set(xlim=(-0.02, 1.02), xlabel="probability of improvement, ties half; 0.5: neither")
            panel.axvline(0.5, color=canvas.MUTED, lw=0.8, zorder=1)
        else:
            panel.set_title("Interquartile mean of the scores")
            panel.set(xlabel="mean of the middle half of all runs")
    return figure


def stretch(panel: Axes, profile: pd.DataFrame) -> None:
    """Where many runs score above 0.9, a scale on which the distance to a perfect score is logarithmic."""
    above = profile.loc[np.isclose(profile["tau"], HIGH), "value"]
    if above.max() < 0.25:
        return
    scale = (lambda tau: -np.log10(np.maximum(1 - tau, 1e-6)), lambda at: 1 - 10.0**-at)
    panel.set_xscale("function", functions=scale)
    panel.set_xlim(0, MOST)
    panel.xaxis.set_major_locator(FixedLocator(TICKS))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda tau, _: f"{tau:g}"))
    panel.set_xlabel(f"{panel.get_xlabel()} (stretched towards 1)")


def draw_row(panel: Axes, row, y: float) -> None:
    """A value with its interval, and the number beside it."""
    panel.plot([row.low, row.high], [y, y], color=row.colour, lw=2, solid_capstyle="butt")
    panel.plot(row.value, y, palette.marker(row.look), ms=5.5, color=row.colour, clip_on=False)
    canvas.beside(panel, y, number(row.value, 2 if row.part == "improvement" else 3))


def caption(data: pd.DataFrame) -> str:
    first = data.iloc[0]
    runs = data.loc[data["part"] == PARTS[1], "n"]
    each = sorted({n / first.tasks for n in runs})
    seeds = f"{each[0]:g} seeds" if len(each) == 1 else f"{each[0]:.3g} to {each[-1]:.3g} seeds"
    methods = "; ".join(dict.fromkeys(data["method"].str.split(",").str[0]))
    left = (
        ""
        if first.left_out == "none"
        else f" Left out, so that all are compared on the same tasks: {first.left_out}."
    )
    return (
        f"Over {first.tasks} tasks of equal weight and {seeds} per cell and task (confirm stage), with 95% intervals "
        f"({methods}). Those of the profile are in the saved data. Diverged and failed trials count as 0.{left}"
    )
