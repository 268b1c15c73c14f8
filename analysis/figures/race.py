"""The race to a verdict: how the evidence on each comparison grew with the seeds, and where it was enough.

Upwards the e-values of equivalence, downwards those of a difference, both from 1 on a logarithmic scale. A comparison
is one line: that of the evidence which decided it, or which is ahead where nothing is decided. It ends where the
comparison stopped; from there its e-value is frozen (dotted).
"""

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figures import canvas, palette
from analysis.figures.budget import name_ends
from analysis.figures.differences import SHAPES
from analysis.statistics.pairs.reasons import DIFFERENT, EQUIVALENT, UNDECIDED
from analysis.study.tables import Analysed
from analysis.study.verdicts import TURNED
from analysis.words import listing
from sweeps.evidence.race import Pair, Standing, Track

title = "The race: evidence against seeds"

MOST = (
    20  # lines of a task from which on those of other pairs than the reference's are grey and without a name
)
LINE, LEAST = 0.155, 2.4  # inches: of a name, of a panel
COLUMNS = ["task", "cell", "reference", "control", "seeds", "log10_e_equivalent", "log10_e_different"]
COLUMNS += ["label", "named", "kind", "standing", "looked", "pairs", "alpha", "margin", "look", "most"]


def absent(study: Analysed) -> str:
    """Why there is no such figure."""
    return "" if study.declaration.race else "The seeds of this study were fixed before it ran, not raced."


def data(study: Analysed) -> pd.DataFrame:
    """One row per task, comparison and look, from no seed on: see COLUMNS. kind: which of the two e-values is drawn.
    label: the cell, with the other one unless that is the reference; named: whether it is written beside its line.
    standing: equivalent, better, worse or undecided, at the end. looked: seeds of each cell at the last look. pairs:
    size of its family."""
    rows = [
        (task, *row)
        for task, standing in study.races.items()
        for pair, track in standing.tracks.items()
        if track.n
        for row in looks(study, task, standing, pair, track)
    ]
    return palette.paint(pd.DataFrame(rows, columns=COLUMNS), study.declaration.cells)


def looks(study: Analysed, task: str, standing: Standing, pair: Pair, track: Track) -> Iterator[tuple]:
    """The rows of one comparison, without its task; the reference of the study comes second, whichever way round its
    pairs were declared."""
    family = [(a, b) for where, a, b in study.declaration.pairs if where == task]
    (cell, other), word = (pair, track.word)
    if cell == study.reference:
        cell, other, word = other, cell, TURNED.get(word, word)
    ahead = EQUIVALENT if track.log("equal") >= track.log("differ") else DIFFERENT
    kind = {EQUIVALENT: EQUIVALENT, UNDECIDED: ahead}.get(word, DIFFERENT)
    label = cell if other == study.reference else f"{cell}:{other}"
    named = len(standing.tracks) <= MOST or other == study.reference
    rules, size = standing.rules, len(family) if pair in family else 1
    rest = (
        label,
        named,
        kind,
        word,
        track.n,
        size,
        rules.alpha,
        study.declaration.margin,
        rules.look,
        rules.most,
    )
    for n in (0, *(n for n in rules.looks if n <= track.n)):
        equal = track.equal[n - 1] if n else 0.0
        differ = max(track.better[n - 1], track.worse[n - 1]) if n else -math.log(2)
        yield (cell, other, pair not in family, n, equal / math.log(10), differ / math.log(10), *rest)


def height(rows: pd.DataFrame) -> float:
    """Of a task's panel, in inches."""
    names = rows.loc[rows["named"], ["cell", "reference"]].drop_duplicates()
    return max(LEAST, 0.6 + LINE * len(names))


@canvas.styled()
def draw(data: pd.DataFrame) -> Figure:
    parts = [rows for _, rows in data.groupby("task", sort=False)]
    figure, axes = canvas.sheet([height(rows) for rows in parts], foot=0.25, sharex=True)
    axes[0].set_xlim(0, data["seeds"].max())
    for panel, rows in zip(axes, parts, strict=True):
        panel.set_title(rows["task"].iloc[0])
        reach(panel, rows)
        ends = []
        for _, line in rows.groupby(["cell", "reference"], sort=False):
            draw_line(panel, line)
            last = line.iloc[-1]
            if last.named:
                ends.append((place(line)[-1], told(last), last.colour))
        name_ends(panel, ends, height(rows))
    axes[-1].set_xlabel("seeds of each cell")
    return figure


def place(line: pd.DataFrame) -> np.ndarray:
    """How high each look of a comparison is drawn: log10 of the e-value, at least 0; negative for a difference."""
    up = line["kind"].iloc[0] == EQUIVALENT
    evidence = line["log10_e_equivalent" if up else "log10_e_different"].to_numpy(float)
    return np.maximum(evidence, 0.0) * (1 if up else -1)


def reach(panel: Axes, rows: pd.DataFrame) -> None:
    """The axis of evidence, with the e-values that decide: 1/α if all others are decided, with m comparisons m/α as
    long as none is."""
    alpha = rows["alpha"].iloc[0]
    least, most = math.log10(1 / alpha), math.log10(rows["pairs"].max() / alpha)
    ends = np.concatenate([place(line) for _, line in rows.groupby(["cell", "reference"], sort=False)])
    low, high = min(ends.min(), -most) - 0.25, max(ends.max(), most) + 0.25
    panel.set_ylim(low, high)
    bounds = dict.fromkeys(sign * x for x in (least, most) for sign in (1, -1))
    for bound in bounds:
        panel.axhline(bound, color=canvas.MUTED, lw=0.8, ls=(0, (4, 3)), zorder=1)
    panel.axhline(0, color=canvas.MUTED, lw=0.8, zorder=1)
    further = range(math.ceil(most + 0.5), math.ceil(max(high, -low)))
    ticks = [0.0, *bounds, *(sign * x for x in further[::2] for sign in (1, -1) if low < sign * x < high)]
    panel.set_yticks(ticks, [f"{round(10 ** abs(tick)):,}" for tick in ticks])
    panel.grid(axis="y", visible=False)
    panel.set_ylabel("← different    e    equivalent →")


def draw_line(panel: Axes, line: pd.DataFrame) -> None:
    """One comparison: its line, the mark where it stopped, and dotted its e-value from there on."""
    last, y = line.iloc[-1], place(line)
    x = line["seeds"].to_numpy(float)
    if not last.named:
        panel.plot(x, y, color=canvas.GRID, lw=0.8, zorder=1.5)
        return
    style = {"color": last.colour, "lw": 1.4}
    panel.plot(x, y, ls=palette.dash(last.look), label=last.label, **style)
    panel.plot([x[-1], panel.get_xlim()[1]], [y[-1]] * 2, color=last.colour, lw=0.7, ls=":", zorder=1.8)
    face = canvas.PAGE if last.standing == UNDECIDED else last.colour
    panel.plot(x[-1], y[-1], SHAPES[last.standing], ms=5, color=last.colour, mfc=face, mew=1.3, clip_on=False)


def told(last) -> str:
    """A comparison at its end: `gru = 56`."""
    return f"{last.label} {palette.VERDICTS[last.standing][1]} {last.looked}"


def caption(data: pd.DataFrame) -> str:
    row, ends = data.iloc[0], data.drop_duplicates(["task", "cell", "reference"])
    others = listing(dict.fromkeys(data["reference"]))
    low, high = int(ends["looked"].min()), int(ends["looked"].max())
    seeds = f"{low} seeds" if low == high else f"{low} to {high} seeds"
    family, alone = int(data["pairs"].max()), f"{1 / row.alpha:g}"
    needed = f"{alone} if all others of its task are decided, up to {family / row.alpha:,.0f} while none is"
    open_ = int(ends["standing"].eq(UNDECIDED).sum())
    grey = "" if data["named"].all() else " Grey: comparisons with other cells."
    return (
        f"Evidence on each comparison with {others} after every look, {seeds} of each cell (confirm stage), as "
        f"e-values on a logarithmic scale: upwards for equivalence within ±{row.margin:g}, downwards for a "
        f"difference, from 1, which is none. A comparison stops (mark) when its e-value reaches its bound (dashed): "
        f"{needed} (e-Holm; a control has {alone}). Beside its name the verdict and the seeds that it took; {open_} of "
        f"{len(ends)} are undecided (open marks). No interval is needed: the bounds hold for any distribution of "
        f"scores and at every look.{grey}"
    )
