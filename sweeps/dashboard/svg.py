"""Drawings of a page as SVG text: curves, points, and lines through parallel axes. Colours come with the data; text and
axes take the page's own, so that they are legible on light and on dark."""

import html
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from sweeps.dashboard.series import Point, Series

WIDTH, HEIGHT = 360, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 10, 30
TICKS = 4

Scale = Callable[[float], float]


def lines(series: Sequence[Series], colours: Mapping[str, str]) -> str:
    """Curves with what lies about them, dotted, over steps."""
    every = [p for line in series for part in (line.middle, line.low, line.high) for p in part]
    if not every:
        return nothing()
    xs, ys = [x for x, _ in every], [y for _, y in every]
    low, high = bounds([*ys, 0.0, 1.0])  # a score of 0 is the naive baseline, 1 is perfect
    x, y = across(0.0, max(xs)), up(low, high)
    drawn = []
    for line in series:
        colour = colours.get(line.label, "currentColor")
        style = f'fill="none" stroke="{colour}"'
        for edge in (line.low, line.high):
            drawn.append(
                f'<polyline {style} stroke-width="1" stroke-dasharray="1 3" points="{path(edge, x, y)}"/>'
            )
        title = html.escape(line.label)
        drawn.append(
            f'<polyline {style} stroke-width="1.8" points="{path(line.middle, x, y)}"><title>{title}</title></polyline>'
        )
    return figure([*axes(x, y, (0.0, max(xs)), (low, high), "updates"), *drawn])


def points(
    found: Iterable[tuple[str, float, float]], colours: Mapping[str, str], *, log_x: bool, x_title: str
) -> str:
    """A dot for each (label, x, y)."""
    shown = [(name, x, y) for name, x, y in found if not log_x or x > 0]
    if not shown:
        return nothing()
    across_values = [x for _, x, _ in shown]
    left, right = min(across_values), max(across_values)
    low, high = bounds([y for *_, y in shown])
    x, y = across(left, right, log=log_x), up(low, high)
    dots = [
        f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="3" fill="{colours.get(name, "currentColor")}" fill-opacity="0.7">'
        f"<title>{html.escape(name)}: {short(a)}, {short(b)}</title></circle>"
        for name, a, b in shown
    ]
    return figure([*axes(x, y, (left, right), (low, high), x_title), *dots])


def parallel(
    rows: Sequence[tuple[str, Sequence[float]]],
    titles: Sequence[str],
    log: Sequence[bool],
    colours: Mapping[str, str],
) -> str:
    """A line for each row through one axis for each title."""
    if not rows:
        return nothing()
    scales = []
    for column, logarithmic in enumerate(log):
        values = [row[column] for _, row in rows]
        scales.append((up(min(values), max(values), log=logarithmic, top=24), min(values), max(values)))
    step = (WIDTH - 2 * LEFT) / max(1, len(titles) - 1)
    drawn = []
    for name, row in rows:
        corners = " ".join(f"{LEFT + i * step:.1f},{scales[i][0](v):.1f}" for i, v in enumerate(row))
        colour = colours.get(name, "currentColor")
        drawn.append(
            f'<polyline fill="none" stroke="{colour}" stroke-opacity="0.45" points="{corners}">'
            f"<title>{html.escape(name)}</title></polyline>"
        )
    for i, title in enumerate(titles):
        place, (_, low, high) = LEFT + i * step, scales[i]
        drawn.append(f'<line class="axis" x1="{place:.1f}" x2="{place:.1f}" y1="24" y2="{HEIGHT - BOTTOM}"/>')
        drawn += [text(place, 18, short(high)), text(place, HEIGHT - BOTTOM + 12, short(low))]
        anchor = "start" if i == 0 else "end" if i == len(titles) - 1 else "middle"
        drawn.append(text(place, HEIGHT - 4 if i % 2 else 8, title, anchor=anchor))
    return figure(drawn)


# ---------------------------------------------------------------------- parts


def figure(parts: Iterable[str]) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{"".join(parts)}</svg>'


def nothing() -> str:
    return '<p class="none">Nothing to show yet.</p>'


def bounds(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def across(low: float, high: float, *, log: bool = False) -> Scale:
    return scale(low, high, LEFT, WIDTH - RIGHT, log=log)


def up(low: float, high: float, *, log: bool = False, top: float = TOP) -> Scale:
    return scale(low, high, HEIGHT - BOTTOM, top, log=log)


def scale(low: float, high: float, start: float, end: float, *, log: bool) -> Scale:
    """From values to places; one value alone lies in the middle."""
    log = log and low > 0
    a, b = (math.log(low), math.log(high)) if log else (low, high)

    def place(value: float) -> float:
        share = ((math.log(value) if log else value) - a) / (b - a) if b > a else 0.5
        return start + share * (end - start)

    return place


def axes(x: Scale, y: Scale, xs: Point, ys: Point, title: str) -> list[str]:
    """Grid lines and numbers: at both ends of the horizontal axis, at some places of the vertical one."""
    drawn = []
    for value in ticks(*ys):
        drawn.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
        )
        drawn.append(text(LEFT - 5, y(value) + 3.5, short(value), anchor="end"))
    for value, anchor in ((xs[0], "start"), (xs[1], "end")):
        drawn.append(text(x(value), HEIGHT - BOTTOM + 13, short(value), anchor=anchor))
    return [*drawn, text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4, title)]


def ticks(low: float, high: float) -> list[float]:
    """Round numbers between the bounds, about `TICKS` of them.

    >>> ticks(0.0, 1.0), ticks(-0.13, 0.41)
    ([0.0, 0.25, 0.5, 0.75, 1.0], [0.0, 0.2, 0.4])
    """
    rough = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * digit for digit in (1, 2, 2.5, 5, 10) if power * digit >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{i * step:.10g}") for i in range(first, last + 1)]


def text(x: float, y: float, words: str, *, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(words)}</text>'


def path(line: Iterable[Point], x: Scale, y: Scale) -> str:
    return " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in line)


def short(value: float) -> str:
    """Three digits, and no more signs than that takes.

    >>> short(2000.0), short(0.30000001), short(0.0012)
    ('2,000', '0.3', '0.0012')
    """
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
