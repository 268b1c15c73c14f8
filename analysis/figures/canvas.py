"""What every figure shares: the sheet, the type, the inks, and how it is written.

Figures are narrow with one panel per task, one below the other, so that a phone shows them legibly. Inks are
a few fixed colours; in the report they become CSS variables, so a figure follows light and dark.
"""

import io
import math
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.path import Path as MarkerPath
from matplotlib.textpath import TextPath
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from PIL import Image

WIDTH = 5.0  # inches
PAGE, INK, MUTED, GRID, BAND = "#ffffff", "#1f2933", "#66717d", "#dde2e7", "#d8ece6"
CSS = {
    PAGE: "var(--page)",
    INK: "currentColor",
    MUTED: "var(--muted)",
    GRID: "var(--grid)",
    BAND: "var(--band)",
}
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": MUTED,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "figure.facecolor": PAGE,
    "axes.facecolor": "none",
    "figure.constrained_layout.h_pad": 0.08,
    "svg.fonttype": "path",
    "text.parse_math": False,  # labels are anybody's, dollars included
}


def styled():
    """The context in which figures are made and written; decorates every `draw`."""
    return mpl.rc_context(STYLE)


@cache
def glyph(symbol: str) -> MarkerPath:
    """A character as a marker. (Figures do not read text as mathematics: a marker `$=$` would show its dollars.)"""
    text = TextPath((0, 0), symbol, size=10, prop=FontProperties(family=STYLE["font.family"]))
    low, high = text.vertices.min(axis=0), text.vertices.max(axis=0)
    return MarkerPath(text.vertices - (low + high) / 2, text.codes)


def sheet(heights: Sequence[float], *, foot: float, sharex: bool = False) -> tuple[Figure, list[Axes]]:
    """Panels one below the other, `heights` in inches, and a `foot` for label and legend; without pyplot."""
    figure = Figure(figsize=(WIDTH, sum(heights) + foot), layout="constrained")
    ratios = {"height_ratios": list(heights)}
    axes = figure.subplots(len(heights), 1, squeeze=False, gridspec_kw=ratios, sharex=sharex)
    return figure, list(axes[:, 0])


def small_panels(
    titles: Sequence[str], counts: Sequence[int], *, columns: int = 3
) -> tuple[Figure, list[list[Axes]]]:
    """Blocks of small panels, one block per title, one below the other, at fixed places (in inches)."""
    head, high, row, left, wide, column = 0.36, 0.55, 0.98, 0.42, 1.28, 1.55
    rows = [-(-count // columns) for count in counts]
    height = sum(head + row * n for n in rows) + 0.1
    figure = Figure(figsize=(WIDTH, height))
    result, top = [], height
    for title, count, n in zip(titles, counts, rows, strict=True):
        figure.text(0.06 / WIDTH, (top - 0.2) / height, title, fontsize=10, fontweight="bold")
        places = [
            (left + column * (k % columns), top - head - row * (k // columns) - high - 0.1)
            for k in range(count)
        ]
        result.append(
            [figure.add_axes((x / WIDTH, y / height, wide / WIDTH, high / height)) for x, y in places]
        )
        top -= head + row * n
    return figure, result


def rows_of_cells(axes: Axes, cells: Sequence[str]) -> dict[str, int]:
    """One horizontal line a cell, the first on top; returns where each cell is."""
    where = {cell: position for position, cell in enumerate(cells)}
    axes.set_ylim(len(cells) - 0.4, -0.6)
    axes.set_yticks(range(len(cells)), cells)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    return where


def beside(axes: Axes, y: float, text: str) -> None:
    """A word to the right of a line of `rows_of_cells`."""
    place = ("axes fraction", "data")
    axes.annotate(text, (1.02, y), xycoords=place, va="center", fontsize=8, annotation_clip=False)


def legend_below(figure: Figure, handles: Sequence[Line2D], columns: int) -> None:
    figure.legend(handles=list(handles), loc="outside lower center", ncols=columns, frameon=False, fontsize=8)


def spread(positions: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move labels apart until no two are nearer than `gap`, staying within low..high where they fit."""
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    placed: list[float] = []
    for i in order:
        placed.append(max(positions[i], placed[-1] + gap) if placed else max(positions[i], low))
    overflow = placed[-1] - high if placed else 0.0
    if overflow > 0:
        placed[-1] -= overflow
        for k in range(len(placed) - 2, -1, -1):
            placed[k] = min(placed[k], placed[k + 1] - gap)
    result = [0.0] * len(positions)
    for i, position in zip(order, placed, strict=True):
        result[i] = position
    return result


def svg(figure: Figure, name: str) -> str:
    """The figure as an SVG document, the same text for the same figure."""
    buffer = io.StringIO()
    with mpl.rc_context({**STYLE, "svg.hashsalt": name}):
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None})
    return rounded(buffer.getvalue())


def rounded(document: str) -> str:
    """Places to a hundredth of a point, which is more than anybody sees and half of the bytes. Scales stay exact."""
    return re.sub(r'\b(?:d|x|y)="[^"]+"', lambda found: re.sub(r"(\.\d\d)\d+", r"\1", found[0]), document)


def png(figure: Figure, dpi: int) -> bytes:
    """The figure as a PNG of 256 colours: a third of the bytes."""
    with styled():
        figure.dpi = dpi
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
    buffer = io.BytesIO()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    picture.quantize(256).save(buffer, format="png", optimize=True)
    return buffer.getvalue()


def inline(document: str, name: str, title: str) -> str:
    """An SVG document as part of a page: own ids, scalable, inks as CSS variables, no outside reference."""
    body = re.sub(r"<metadata>.*?</metadata>", "", document[document.index("<svg") :], flags=re.DOTALL)
    body = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", body)
    body = re.sub(r'\s(?:width|height)="[\d.]+pt"', "", body, count=2)
    for ink, variable in CSS.items():
        body = body.replace(ink, variable)
    return body.replace("<svg", f'<svg role="img" aria-label="{title}"', 1)


def write(figure: Figure, folder: Path, name: str) -> str:
    """NAME.png and NAME.svg in `folder`; returns the SVG document.

    The canvases' own printers draw once each; `savefig` would draw every layout twice.
    """
    with styled():
        figure.dpi = 200
        FigureCanvasAgg(figure).print_png(folder / f"{name}.png", pil_kwargs={"compress_level": 4})
    figure.set_layout_engine("none")  # keeps the layout found above
    document = svg(figure, name)
    (folder / f"{name}.svg").write_text(document, encoding="utf-8")
    return document


def apart(ticks: Sequence[float], gap: float) -> list[float]:
    """The ticks (rising) that are at least `gap` apart in log10; of two nearer ones a power of ten stays, else the
    first."""
    kept: list[float] = []
    for tick in ticks:
        if kept and math.log10(tick / kept[-1]) < gap:
            if math.isclose(math.log10(tick), round(math.log10(tick)), abs_tol=1e-9):
                kept[-1] = tick
            continue
        kept.append(tick)
    return kept


def logarithmic(panel: Axes, low: float, high: float, most: int) -> None:
    """A logarithmic axis to the right with at most `most` plain numbers on it: 1, 2 and 5 of each decade where they
    fit, otherwise fewer; where hardly one of these lies between low and high, other round numbers."""
    low, high = (low, high) if low < high else (low / 1.1, high * 1.1)
    panel.set(xscale="log", xlim=(low, high))
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 5), (1, 3), (1,)):
        ticks = [d * 10.0**k for k in decades for d in digits if low <= d * 10.0**k <= high]
        if len(ticks) <= most:
            break
    if len(ticks) < 2:
        ticks = [t for t in MaxNLocator(most).tick_values(low, high) if low <= t <= high]
    ticks = apart(ticks, math.log10(high / low) / (1.5 * most))
    step = -(-len(ticks) // most)
    panel.xaxis.set_major_locator(FixedLocator(ticks[::step]))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    panel.xaxis.set_minor_locator(NullLocator())


def at_rung(data: pd.DataFrame) -> str:
    """For captions: after how many updates the scores of a halving search were taken; empty where training had ended.
    data: with task and, of a halving, rung."""
    if "rung" not in data:
        return ""
    rungs = data.groupby("task", sort=False)["rung"].first().dropna()
    told = ", ".join(f"{int(updates)} updates on {task}" for task, updates in rungs.items())
    return f" at the search's first rung ({told})" if told else ""
