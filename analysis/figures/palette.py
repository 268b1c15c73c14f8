"""One colour, marker and dash per cell, everywhere.

Okabe and Ito's colours first (told apart with every common colour blindness), then further ones of middling
lightness, legible on white and on near-black. No more than about eight colours can be told apart by
anyone, so a cell also has a marker and a dash, and figures name cells beside their marks.
"""

from collections.abc import Iterable

import pandas as pd

KNOWN = {
    "lstm": "#0072b2",
    "lstm_again": "#56b4e9",
    "peephole": "#009e73",
    "coupled": "#e69f00",
    "gru": "#d55e00",
    "depth_gated": "#cc79a7",
    "clockwork": "#8a63d2",
    "nfg": "#a6761d",
    "noaf": "#7f9a00",
    "rnn": "#7f8790",
    "cifg": "#1b9e9e",
    "nig": "#c2417c",
    "nog": "#b5563c",
    "niaf": "#4f9d3a",
    "fgr": "#a05fb4",
    "stacked": "#5a7fdb",
    "transformer": "#c9a400",
}
SPARE = ("#2f7f5f", "#a33a2c", "#7a6fd0", "#8c6d1f", "#3f8fb0", "#b0578f")
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


def colours(cells: Iterable[str]) -> dict[str, str]:
    """A colour for each of a study's cells; pass all of them, in the declared order."""
    names = list(cells)
    spare = [c for c in (*SPARE, *KNOWN.values()) if c not in {KNOWN[n] for n in names if n in KNOWN}]
    unknown = [n for n in names if n not in KNOWN]
    return {n: KNOWN[n] if n in KNOWN else spare[unknown.index(n) % len(spare)] for n in names}


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
