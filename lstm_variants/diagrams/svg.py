"""A sheet as an SVG document: self-contained, light and dark by what the reader prefers."""

from xml.sax.saxutils import escape, quoteattr

from lstm_variants.diagrams.route import Point
from lstm_variants.diagrams.shapes import Shape, Sheet
from lstm_variants.diagrams.theme import INKS, look

FONT = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif"


def svg(sheet: Sheet, title: str) -> str:
    """The document. Shapes of nodes and wires say in `data-...` what they stand for, so that a drawing can be read
    back (`read_back.py`)."""
    width, height = number(sheet.width), number(sheet.height)
    light = "".join(f"--{name}:{inks[0]};" for name, inks in INKS.items())
    dark = "".join(f"--{name}:{inks[1]};" for name, inks in INKS.items())
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" role="img" aria-label={quoteattr(title)} font-family="{FONT}">',
            f"<title>{escape(title)}</title>",
            f"<style>svg{{{light}}}@media (prefers-color-scheme:dark){{svg{{{dark}}}}}</style>",
            f'<rect width="{width}" height="{height}" fill="var(--page)"/>',
            *map(element, sheet.shapes),
            "</svg>",
            "",
        ]
    )


def number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def pair(point: Point) -> str:
    return f"{number(point[0])} {number(point[1])}"


def element(shape: Shape) -> str:
    fill, stroke, width, dashed = look(shape.look)
    style = f'fill="var(--{fill})"' if fill else 'fill="none"'
    if stroke:
        style += f' stroke="var(--{stroke})" stroke-width="{number(width)}"'
    if dashed:
        style += ' stroke-dasharray="4 2.5"'
    means = "".join(f" data-{name}={quoteattr(value)}" for name, value in shape.means.items())
    if shape.kind == "path":
        d = " ".join(letter + " ".join(map(pair, points)) for letter, points in shape.path)
        return f'<path d="{d}" {style}{means}/>'
    if shape.kind == "box":
        (ax, ay), (bx, by) = shape.points
        place = f'x="{number(ax)}" y="{number(ay)}" width="{number(bx - ax)}" height="{number(by - ay)}"'
        corner = 4 if shape.look.startswith("layer") else (by - ay) / 2
        return f'<rect {place} rx="{number(corner)}" {style}{means}/>'
    (x, y), *rest = shape.points
    if shape.kind == "circle":
        return f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(rest[0][0])}" {style}{means}/>'
    weight = ' font-weight="bold"' if shape.look == "title" else ""
    slant = ' font-style="italic"' if shape.look == "letter" else ""
    return (
        f'<text x="{number(x)}" y="{number(y)}" font-size="{number(shape.size)}" '
        f'text-anchor="{shape.anchor}"{weight}{slant} {style}>{escape(shape.text)}</text>'
    )
