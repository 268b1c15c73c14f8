"""A sheet of shapes as a PNG, painted by matplotlib: the same shapes as in the SVG."""

import io
from typing import Any

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, PathPatch
from matplotlib.path import Path as Outline

from lstm_variants.diagrams.shapes import Shape, Sheet
from lstm_variants.diagrams.theme import INKS, look

SCALE = 2.0  # points of the picture to a pixel of the sheet
CODES = {"M": [Outline.MOVETO], "L": [Outline.LINETO], "Q": [Outline.CURVE3] * 2, "Z": [Outline.CLOSEPOLY]}


def png(sheet: Sheet, *, dark: bool = False, scale: float = SCALE) -> bytes:
    """The picture, `scale` times as large as the sheet."""
    inks = {name: pair[int(dark)] for name, pair in INKS.items()}
    with rc_context({"font.family": "DejaVu Sans", "text.parse_math": False}):
        figure = Figure(figsize=(sheet.width / 72, sheet.height / 72), dpi=72 * scale, facecolor=inks["page"])
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, sheet.width), ylim=(sheet.height, 0))
        axes.axis("off")
        for order, shape in enumerate(sheet.shapes):
            paint(axes, shape, inks, order)
        buffer = io.BytesIO()
        FigureCanvasAgg(figure).print_png(buffer)
    return buffer.getvalue()


def paint(axes, shape: Shape, inks: dict[str, str], order: int) -> None:
    """Put one shape on the axes, above those before it."""
    fill, stroke, width, dashed = look(shape.look)
    if shape.kind == "text":
        (place,) = shape.points
        bold = "bold" if shape.look == "title" else "normal"
        slant = "italic" if shape.look == "letter" else "normal"
        axes.text(
            *place,
            shape.text,
            fontsize=shape.size,
            color=inks[fill or "ink"],
            ha="center" if shape.anchor == "middle" else "left",
            va="baseline",
            fontweight=bold,
            fontstyle=slant,
            zorder=order,
        )
        return
    style: dict[str, Any] = {
        "facecolor": inks[fill] if fill else "none",
        "edgecolor": inks[stroke] if stroke else "none",
        "linewidth": width,
        "linestyle": (0, (4 / 1.7, 2.5 / 1.7)) if dashed else "-",
        "zorder": order,
        "capstyle": "butt",
    }
    if shape.kind == "path":
        points = [p for letter, some in shape.path for p in (some or shape.path[0][1])]
        codes = [code for letter, _ in shape.path for code in CODES[letter]]
        axes.add_patch(PathPatch(Outline(points, codes), **style))
    elif shape.kind == "circle":
        axes.add_patch(Circle(shape.points[0], shape.points[1][0], **style))
    else:
        (ax, ay), (bx, by) = shape.points
        corner = 4 if shape.look.startswith("layer") else (by - ay) / 2 - 0.01
        box = f"round,pad=0,rounding_size={corner}"
        axes.add_patch(FancyBboxPatch((ax, ay), bx - ax, by - ay, boxstyle=box, **style))
