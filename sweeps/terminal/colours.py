"""One colour per cell, in figures, reports and dashboards.

Okabe and Ito's colours first (told apart with every common colour blindness), then further ones of middling
lightness, legible on white and on near-black.
"""

from collections.abc import Iterable

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


def colours(cells: Iterable[str]) -> dict[str, str]:
    """A colour for each of a study's cells; pass all of them, in the declared order."""
    names = list(cells)
    spare = [c for c in (*SPARE, *KNOWN.values()) if c not in {KNOWN[n] for n in names if n in KNOWN}]
    unknown = [n for n in names if n not in KNOWN]
    return {n: KNOWN[n] if n in KNOWN else spare[unknown.index(n) % len(spare)] for n in names}
