"""Verdicts as coloured, lettered squares: full where the verdict is proven, pale and outlined where it is likely.

Proven: e-values reach it too, whatever the distribution of the scores. Likely: tests alone do.
"""

from collections.abc import Iterable
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.patches import Patch, Rectangle

from analysis.figures import canvas, palette

INK = "#20262d"  # on the squares, in light and dark alike
WIDE, HIGH = 0.92, 0.9  # of a square, in steps of the axes
LIKELY = "likely"


def looks(colour: str, likely: bool) -> dict[str, Any]:
    """Fill and outline."""
    if likely:
        return {"facecolor": palette.pale(colour), "edgecolor": colour, "lw": 1.3}
    return {"facecolor": colour, "edgecolor": "none", "lw": 0}


def draw(panel: Axes, rows: pd.DataFrame, size: float = 6.0) -> None:
    """One square per row with columns x, y, standing and grade; size: of the letters, in points. Kind by kind, which
    takes far fewer artists than one each."""
    for standing, some in rows.groupby("standing", sort=False):
        colour, symbol, _ = palette.VERDICTS[str(standing)]
        for likely, mine in some.groupby(some["grade"].eq(LIKELY), sort=True):
            inset = 0.02 if likely else 0.0  # an outline is drawn half outside
            patches = [
                Rectangle((x - WIDE / 2 + inset, y - HIGH / 2 + inset), WIDE - 2 * inset, HIGH - 2 * inset)
                for x, y in zip(mine["x"], mine["y"], strict=True)
            ]
            panel.add_collection(PatchCollection(patches, **looks(colour, bool(likely))))
        style: dict[str, Any] = {"marker": canvas.glyph(symbol), "ms": size, "mew": 0.4, "color": INK}
        panel.plot(some["x"], some["y"], ls="", label=str(standing), **style)


def key(grades: Iterable[str], words: dict[str, str]) -> list[Patch]:
    """Legend entries: the verdicts, `words` by standing, then the grades that there are; three columns of two fit."""
    kinds = [
        Patch(color=palette.VERDICTS[kind][0], label=f"{palette.VERDICTS[kind][1]}  {text}")
        for kind, text in words.items()
    ]
    found = set(grades)
    named = (("proven", "full: proven"), (LIKELY, "outlined: likely"))
    return kinds + [
        Patch(**looks(canvas.MUTED, grade == LIKELY), label=text) for grade, text in named if grade in found
    ]


def told(grades: Iterable[str]) -> str:
    """What proven and likely mean, in a sentence for captions; nothing where no verdict is decided."""
    found = set(grades) & {"proven", LIKELY}
    proven = "proven by e-values, which assume nothing about the distribution of scores"
    if found == {"proven"}:
        return f" All decided verdicts are {proven}."
    if found == {LIKELY}:
        return " Decided verdicts are likely: tests reach them, e-values, which assume nothing, do not."
    return f" Full squares: {proven}; outlined: likely, by tests alone." if found else ""
