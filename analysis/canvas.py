"""What every figure shares: the sheet, the type, the inks, and how it is written.

Figures are narrow with one panel a task below the other, so that a phone shows them legibly. Inks are
a few fixed colours; in the report they become CSS variables, so a figure follows light and dark.
"""

import io
import re
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D

WIDTH = 5.0  # inches
PAGE, INK, MUTED, GRID, BAND = "#ffffff", "#1f2933", "#66717d", "#dde2e7", "#d8ece6"
CSS = {
    PAGE: "var(--page)",
    INK: "currentColor",
    MUTED: "var(--muted)",
    GRID: "var(--grid)",
    BAND: "var(--band)",
}
STYLE = {
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
}


def styled():
    """The context in which figures are made and written; decorates every `draw`."""
    return mpl.rc_context(STYLE)


def sheet(
    rows: int, columns: int = 1, *, heights: Sequence[float], **options
) -> tuple[Figure, list[list[Axes]]]:
    """A figure of `rows` by `columns` panels, `heights` in inches; without pyplot and its global state."""
    figure = Figure(figsize=(WIDTH, sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    ratios = {"height_ratios": list(heights)}
    axes = figure.subplots(rows, columns, squeeze=False, gridspec_kw=ratios, **options)
    return figure, [list(row) for row in axes]


def blocks(rows: Sequence[int], *, height: float = 0.95) -> tuple[Figure, list[SubFigure]]:
    """A figure of one block a task below the other, each with room for that many rows of small panels."""
    heights = [0.3 + height * n for n in rows]
    figure = Figure(figsize=(WIDTH, sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(figure.subfigures(len(rows), 1, squeeze=False, height_ratios=heights)[:, 0])


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
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def inline(document: str, name: str, title: str) -> str:
    """An SVG document as an element of a page: own ids, scalable, inks as CSS variables, no outside reference."""
    body = re.sub(r"<metadata>.*?</metadata>", "", document[document.index("<svg") :], flags=re.DOTALL)
    body = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", body)
    body = re.sub(r'\s(?:width|height)="[\d.]+pt"', "", body, count=2)
    for ink, variable in CSS.items():
        body = body.replace(ink, variable)
    return body.replace("<svg", f'<svg role="img" aria-label="{title}"', 1)


def write(figure: Figure, folder: Path, name: str) -> str:
    """NAME.png and NAME.svg in `folder`; returns the SVG document."""
    with styled():
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # laid out once is enough for both files
        figure.savefig(folder / f"{name}.png", dpi=200)
    document = svg(figure, name)
    (folder / f"{name}.svg").write_text(document, encoding="utf-8")
    return document
