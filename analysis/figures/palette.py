"""One colour, marker and dash per cell, everywhere.

Colours are those of `sweeps.terminal.colours`. No more than about eight can be told apart by anyone, so a cell also has
a marker and a dash, and figures name cells beside their marks.
"""

from collections.abc import Iterable

import pandas as pd

from sweeps.terminal.colours import colours

MARKERS = ("o", "s", "D", "^", "v", "P", "X", "p", "h", "<", ">", "d")
SOLID, DASHED, DASHDOT, DOTTED = "-", "--", "-.", ":"
DASHES: tuple = (
    *(SOLID, DASHED, DASHDOT, DOTTED, (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (7, 2))),
    *((0, (4, 2, 1, 2, 1, 2)), (0, (2, 4)), (0, (9, 1)), (0, (6, 2, 2, 2))),
)

VERDICTS = {  # verdict of a row against a column: colour, symbol, words
    "equivalent": ("#9fd3c7", "=", "equivalent"),
    "better": ("#8fb8ec", ">", "row better"),
    "worse": ("#f2b27a", "<", "row worse"),
    "undecided": ("#d9dce1", "?", "undecided"),
}


def paint(frame: pd.DataFrame, cells: Iterable[str]) -> pd.DataFrame:
    """Add columns colour and look (the cell's position, which decides marker and dash)."""
    names = list(cells)
    return frame.assign(colour=frame["cell"].map(colours(names)), look=frame["cell"].map(names.index))


def pale(colour: str, share: float = 0.6) -> str:
    """A colour with this share of white in it."""
    parts = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return "#" + "".join(f"{round(part + share * (255 - part)):02x}" for part in parts)


def marker(look: int) -> str:
    return MARKERS[look % len(MARKERS)]


def dash(look: int):
    return DASHES[look % len(DASHES)]
