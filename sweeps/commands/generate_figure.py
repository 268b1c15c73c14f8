"""What networks wrote, as pictures: shares by cell, left alone beside taught; or signals and their spectra."""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from experiments.inside.signals import spectrum
from sweeps.commands.generate_shares import Network
from sweeps.terminal.colours import colours

STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.parse_math": False,
    "svg.hashsalt": "generate",
}
LOOKS = {"free": ("#d55e00", "o", "left alone"), "taught": ("#0072b2", "s", "taught")}


def bars(rows: Sequence[dict[str, Any]], title: str) -> Figure:
    """One panel a measure, one line a cell: a mark with its interval for each way."""
    measures = list(dict.fromkeys(row["measure"] for row in rows))
    cells = list(dict.fromkeys(row["cell"] for row in rows))
    with mpl.rc_context(STYLE):
        made = Figure(figsize=(1.2 + 3.4 * len(measures), 1.4 + 0.3 * len(cells)), layout="constrained")
        panels = made.subplots(1, len(measures), sharey=True, squeeze=False)[0]
        for panel, measure in zip(panels, measures, strict=True):
            for row in (row for row in rows if row["measure"] == measure):
                for shift, (way, (colour, mark, label)) in zip((-0.15, 0.15), LOOKS.items(), strict=True):
                    value, low, high = (row[f"{way}{end}"] for end in ("", "_low", "_high"))
                    if value is None:
                        continue
                    y = cells.index(row["cell"]) + shift
                    if low is not None:
                        panel.plot([low, high], [y, y], color=colour, linewidth=1.6, alpha=0.6)
                    panel.plot(value, y, marker=mark, color=colour, markersize=4.5, linestyle="", label=label)
            panel.set_title(measure, loc="left", fontsize=9, fontweight="bold")
            panel.set_yticks(range(len(cells)), cells)
            panel.set_ylim(len(cells) - 0.5, -0.5)
            panel.set_xlim(-0.03, 1.03)
            panel.set_xlabel("share")
            panel.grid(axis="x", color="0.9", linewidth=0.6)
            panel.spines[["top", "right"]].set_visible(False)
        handles = dict(zip(*reversed(panels[0].get_legend_handles_labels()), strict=True))
        made.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=2, frameon=False)
        made.suptitle(title, fontsize=9)
    return made


def waves(found: Sequence[Network], trained: int, title: str) -> Figure:
    """One row a cell: what its first network gives beside the signal, and the spectra beyond the length of training."""
    first = {n.cell: n for n in reversed(found)}
    cells = list(dict.fromkeys(n.cell for n in found))
    inks = colours(cells)
    with mpl.rc_context(STYLE):
        made = Figure(figsize=(9.0, 0.9 + 1.5 * len(cells)), layout="constrained")
        panels = made.subplots(len(cells), 2, width_ratios=(3, 1.4), squeeze=False, sharex="col")
        for (left, right), cell in zip(panels, cells, strict=True):
            n = first[cell]
            left.axvspan(trained - 0.5, len(n.output) - 0.5, color="0.94", zorder=0)
            left.plot(n.wanted, color="0.6", linewidth=1.6, label="signal")
            left.plot(n.output, color=inks[cell], linewidth=1.0, label="output")
            left.set_title(f"{cell}, seed {n.seed}", loc="left", fontsize=9, fontweight="bold")
            span = max(1e-9, float(np.ptp(n.wanted)))
            left.set_ylim(n.wanted.min() - 0.4 * span, n.wanted.max() + 0.4 * span)
            left.set_xlim(-0.5, len(n.output) - 0.5)
            part = slice(trained, None) if len(n.output) - trained >= 16 else slice(None)
            frequency = np.fft.rfftfreq(len(n.output[part]))
            right.plot(frequency, spectrum(n.wanted[part]), color="0.6", linewidth=1.6)
            right.plot(frequency, spectrum(n.output[part]), color=inks[cell], linewidth=1.0)
            right.set_title("amplitude" + (", beyond training" if part.start else ""), loc="left", fontsize=9)
            right.set_xlim(0, 0.3)
            for panel in (left, right):
                panel.spines[["top", "right"]].set_visible(False)
        panels[-1, 0].set_xlabel("step (grey: beyond the length of training)")
        panels[-1, 1].set_xlabel("cycles a step")
        panels[0, 0].legend(loc="upper right", fontsize=7, ncols=2, frameon=False)
        made.suptitle(title, fontsize=10, fontweight="bold")
    return made
