"""How much the loss depends on what was carried some steps before: one small panel a cell, three moments of training.

The norm of dL/ds by lag, relative to lag 1, in orders of magnitude: dotted before training, pale halfway, and with its
band after training.
"""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from analysis.figures import canvas, palette
from analysis.study.tables import Analysed
from analysis.words import count
from sweeps.evidence.flow import SHARE, WORDS

title = "Influence by lag"

FLOOR = 1e-4  # of the influence at lag 1: what is less is drawn at the bottom
LAGS = 150  # of a curve, at most; of longer ones every other lag, or fewer, is left out
START, HALFWAY, END = "start", "halfway", "end"


def absent(study: Analysed) -> str:
    """Why there is no such figure."""
    return "" if len(study.flow) else "It was not measured how far back the networks of this study look."


def data(study: Analysed) -> pd.DataFrame:
    """task, cell, moment, step, lag, networks, norm, share (of the norm at lag 1), share_q25, share_q75, kept; and of
    all lags horizon, horizon_low, horizon_high, level, same, reference; colour, look."""
    curves = study.flow_curves
    every = -(-curves.groupby("task")["lag"].transform("max") // LAGS)
    curves = curves[(curves["lag"] % every == 0) | (curves["lag"] == 1)]
    keys = ["task", "cell", "moment"]
    horizons = study.flow[[*keys, "horizon", "horizon_low", "horizon_high", "level", "same"]]
    both = curves.merge(horizons, on=keys, how="left").assign(reference=study.reference)
    return palette.paint(both, study.declaration.cells)


@canvas.styled()
def draw(data: pd.DataFrame) -> Figure:
    tasks = {
        str(task): list(rows.groupby("cell", sort=False)) for task, rows in data.groupby("task", sort=False)
    }
    figure, blocks = canvas.small_panels(list(tasks), [len(cells) for cells in tasks.values()])
    for (task, cells), panels in zip(tasks.items(), blocks, strict=True):
        rows = data[data["task"] == task]
        top = max(2.0, 2 * float(rows["share_q75"].clip(upper=1e6).max()))
        reference = rows[(rows["cell"] == rows["reference"]) & (rows["moment"] == END)]
        for k, ((cell, own), panel) in enumerate(zip(cells, panels, strict=True)):
            panel.set(yscale="log", ylim=(FLOOR, top), xlim=(0, rows["lag"].max()))
            panel.set_yticks([t for t in (1e-4, 1e-2, 1, 100) if t <= top], minor=False)
            panel.set_yticklabels([t for t in ("0.0001", "0.01", "1", "100") if float(t) <= top])
            panel.yaxis.minorticks_off()
            panel.xaxis.set_major_locator(MaxNLocator(3, integer=True))
            panel.tick_params(labelsize=7, pad=1.5, labelleft=k % 3 == 0)
            panel.axhline(SHARE, color=canvas.MUTED, lw=0.6, ls=":", zorder=1)
            if cell != rows["reference"].iloc[0]:
                panel.plot(reference["lag"], low(reference["share"]), color=canvas.MUTED, lw=0.6, zorder=1.5)
            curves(panel, own)
            panel.set_title(told(str(cell), own), fontsize=8, fontweight="normal", pad=3, y=1.0)
    lines = [
        Line2D([], [], label=word, **style(moment, canvas.INK))
        for moment, word in WORDS.items()
        if (data["moment"] == moment).any()
    ]
    figure.legend(handles=lines, loc="upper right", ncols=3, frameon=False, fontsize=7, columnspacing=1.2)
    return figure


def style(moment: str, ink: str) -> dict[str, Any]:
    """How the line of a moment is drawn."""
    return {
        START: {"color": ink, "ls": ":", "lw": 1.0},
        HALFWAY: {"color": palette.pale(ink, 0.45), "lw": 1.1},
        END: {"color": ink, "lw": 1.5},
    }[moment]


def low(shares: pd.Series) -> pd.Series:
    """Shares as they are drawn: nothing, too, has a place on a logarithmic axis."""
    return shares.clip(lower=FLOOR / 10).fillna(FLOOR / 10)


def curves(panel: Axes, own: pd.DataFrame) -> None:
    """One cell: its three moments, what is kept of c, and the memory horizon after training."""
    ink = own["colour"].iloc[0]
    for moment in (START, HALFWAY, END):
        rows = own[own["moment"] == moment]
        panel.plot(rows["lag"], low(rows["share"]), **style(moment, ink), label=moment)
    end = own[own["moment"] == END]
    panel.fill_between(end["lag"], low(end["share_q25"]), low(end["share_q75"]), color=ink, alpha=0.2, lw=0)
    if end["kept"].notna().any() and end["kept"].min() < 0.999:
        panel.plot(end["lag"], low(end["kept"]), color=canvas.INK, lw=0.7, ls=(0, (3, 2)), label="kept")
    horizon = end["horizon"].iloc[0]
    if horizon >= 1:
        at = end.iloc[(end["lag"] - horizon).abs().argmin()]
        panel.plot(at["lag"], max(at["share"], FLOOR), "o", ms=3.5, color=ink, clip_on=False)


def told(cell: str, own: pd.DataFrame) -> str:
    """A cell with its memory horizon after training: `gru: 42`."""
    return f"{cell}: {own.loc[own['moment'] == END, 'horizon'].iloc[0]:g}"


def networks(data: pd.DataFrame) -> str:
    """How many networks of each cell, and whether they are those of the rows."""
    each = data.drop_duplicates(["task", "cell", "moment"])
    least, most = int(each["networks"].min()), int(each["networks"].max())
    end = each[each["moment"] == END]
    other = int((end["networks"] - end["same"]).sum())
    total = int(end["networks"].sum())
    same = (
        f"All {total} gave the numbers of their rows again, bit for bit"
        if not other
        else f"{other} of {total} did not give all numbers of their rows again (another machine or version)"
    )
    size = count(most, "network") if least == most else f"{least} to {most} networks"
    return f"{size} of the confirmed setting of each cell and task, trained again. {same}."


def caption(data: pd.DataFrame) -> str:
    reference = data["reference"].iloc[0]
    belt = " Dashed: mean product of the factors on the cell state c." if data["kept"].notna().any() else ""
    return (
        f"Norm of the gradient of the last output's loss with respect to the carry, relative to lag 1, against the "
        f"lag (to the right, in steps): dotted before training, pale halfway, full after training, medians; shaded: "
        f"between the quartiles of the networks after training. Beside the name, and as a dot, the memory horizon: the "
        f"largest lag with more than {SHARE:.0%} of the influence of lag 1 (dotted level). Grey: {reference} after "
        f"training.{belt} {networks(data)}"
    )
