"""A drawing as plain shapes, in pixels: what an SVG and a PNG have in common.

Every shape has a look (`theme.py` says what colour that is) and, where it stands for a part of the graph, what it says
of it. A wire is one shape from edge to edge, also where it shares its way with others of the same source.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from lstm_variants.diagrams.drawing import Drawing
from lstm_variants.diagrams.graph import Node
from lstm_variants.diagrams.place import half
from lstm_variants.diagrams.route import Point

SQUARE = 8.0  # pixels
ROUND = 0.9  # radius of a corner, in squares
SIGN, LETTER, WORD, TITLE = 14.5, 13.0, 12.0, 14.0  # heights of type
WIDE = 0.58  # of a letter, by its height


@dataclass(frozen=True, kw_only=True)
class Shape:
    """kind: "path", "box" (rounded), "circle" or "text". look: of the theme. points: of a path; the two corners of a
    box; centre and (radius, radius) of a circle; the place of a text, which is in the middle unless `anchor` is
    "start". path: for a path, its pieces ("M" "L" one point, "Q" two, "Z" none). means: what it stands for."""

    kind: str
    look: str
    points: tuple[Point, ...]
    path: tuple[tuple[str, tuple[Point, ...]], ...] = ()
    text: str = ""
    size: float = 0.0
    anchor: str = "middle"
    means: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sheet:
    """Shapes in the order in which they are drawn, and the size of the sheet in pixels."""

    shapes: tuple[Shape, ...]
    width: float
    height: float


def pixels(point: Point) -> Point:
    return point[0] * SQUARE, point[1] * SQUARE


def rounded(points: list[Point]) -> tuple[tuple[str, tuple[Point, ...]], ...]:
    """A line through these points, with round corners."""
    pieces: list[tuple[str, tuple[Point, ...]]] = [("M", (pixels(points[0]),))]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        pieces.append(("L", (pixels(towards(corner, before)),)))
        pieces.append(("Q", (pixels(corner), pixels(towards(corner, after)))))
    pieces.append(("L", (pixels(points[-1]),)))
    return tuple(pieces)


def towards(a: Point, b: Point, most: float = ROUND) -> Point:
    """From a in the direction of b, not further than half of the way."""
    length = abs(a[0] - b[0]) + abs(a[1] - b[1])
    step = min(most, length / 2) / (length or 1.0)
    return a[0] + (b[0] - a[0]) * step, a[1] + (b[1] - a[1]) * step


def straight(a: Point, b: Point, look: str) -> Shape:
    return Shape(kind="path", look=look, points=(), path=(("M", (pixels(a),)), ("L", (pixels(b),))))


def arrow(points: list[Point], look: str) -> Shape:
    """A head at the end of a line."""
    (ax, ay), (x, y) = points[-2:]
    length = abs(x - ax) + abs(y - ay)
    dx, dy = (x - ax) / length, (y - ay) / length
    back = x - 0.95 * dx, y - 0.95 * dy
    sides = ((back[0] - 0.5 * dy, back[1] + 0.5 * dx), (back[0] + 0.5 * dy, back[1] - 0.5 * dx))
    corners = [pixels(p) for p in ((x, y), *sides)]
    pieces = (("M", (corners[0],)), ("L", (corners[1],)), ("L", (corners[2],)), ("Z", ()))
    return Shape(kind="path", look=f"head{look}", points=(), path=pieces)


def shapes_of(drawing: Drawing, changed: Iterable[str] = ()) -> list[Shape]:
    """Lines, bridges where they cross, dots where they fork, then nodes. changed: names of nodes, and "source>target"
    of wires, to be pointed out."""
    marked, graph = set(changed), drawing.graph
    shapes, tops = list[Shape](), list[Shape]()
    for number, wire in enumerate(graph.wires):
        points = list(drawing.paths[number])
        new = " new" if f"{wire.source}>{wire.target}" in marked else ""
        dashed = " dashed" if wire.elementwise else ""
        joins = graph.nodes[wire.target].kind == "join"
        ending = merging(points, direction(drawing, wire.target)) if joins else points
        shapes.append(
            Shape(
                kind="path",
                look=f"wire{dashed}{new}",
                points=tuple(map(pixels, points)),
                path=rounded(ending),
                means={
                    "weights": " ".join(f"{value}:{letter}" for value, letter in wire.weights),
                    "slot": str(wire.slot),
                },
            )
        )
        if not joins:
            tops.append(arrow(points, new))
    shapes.sort(key=lambda s: ("new" in s.look, "dashed" not in s.look))
    for x, y, new in crossings(drawing, marked):
        shapes.append(straight((x, y - 0.75), (x, y + 0.75), "gap"))
        shapes.append(straight((x, y - 0.9), (x, y + 0.9), f"bridge{new}"))
    for point in forks(drawing):
        shapes.append(Shape(kind="circle", look="dot", points=(pixels(point), (2.6, 2.6))))
    shapes += tops
    for name, node in graph.nodes.items():
        shapes += node_shapes(node, drawing.layout.centres[name], " new" if name in marked else "")
    return shapes


def direction(drawing: Drawing, name: str) -> Point:
    """In which direction a line leaves a join."""
    number = next(n for n, w in enumerate(drawing.graph.wires) if w.source == name)
    (ax, ay), (bx, by) = drawing.paths[number][:2]
    return (bx > ax) - (bx < ax), (by > ay) - (by < ay)


def merging(points: list[Point], onward: Point) -> list[Point]:
    """A line into a join from the side, led on a little in the direction in which the joined line goes."""
    (ax, ay), (x, y) = points[-2:]
    along = (x - ax) * onward[0] + (y - ay) * onward[1] > 0
    return points if along else [*points, (x + onward[0], y + onward[1])]


def steps(points: list[Point]) -> list[Point]:
    """Every square that a line passes."""
    found = list[Point]()
    for (ax, ay), (bx, by) in pairwise(points):
        length = int(abs(bx - ax) + abs(by - ay))
        dx, dy = (bx > ax) - (bx < ax), (by > ay) - (by < ay)
        start = (round(ax + 0.01 * dx), round(ay + 0.01 * dy))
        found += [(start[0] + dx * k, start[1] + dy * k) for k in range(length + 1)]
    return list(dict.fromkeys(found))


def forks(drawing: Drawing) -> list[Point]:
    """Where a line parts."""
    found = list[Point]()
    for source in dict.fromkeys(w.source for w in drawing.graph.wires):
        lines = [
            steps(list(drawing.paths[n])) for n, w in enumerate(drawing.graph.wires) if w.source == source
        ]
        after: dict[Point, set[Point]] = {}
        for line in lines:
            for a, b in pairwise(line):
                after.setdefault(a, set()).add(b)
        found += [point for point, following in after.items() if len(following) > 1]
    return found


def crossings(drawing: Drawing, marked: set[str]) -> list[tuple[float, float, str]]:
    """Where an upright line of one source crosses a level one of another."""
    upright, level = [], []
    for number, wire in enumerate(drawing.graph.wires):
        points = drawing.paths[number]
        new = " new" if f"{wire.source}>{wire.target}" in marked else ""
        for (ax, ay), (bx, by) in pairwise(points):
            if ax == bx:
                upright.append((wire.source, ax, min(ay, by), max(ay, by), new))
            else:
                level.append((wire.source, ay, min(ax, bx), max(ax, bx)))
    found: dict[Point, str] = {}
    for source, x, top, bottom, new in upright:
        for other, y, left, right in level:
            if source != other and left < x < right and top < y < bottom:
                found[x, y] = found.get((x, y)) or new
    return [(x, y, new) for (x, y), new in found.items()]


def node_shapes(node: Node, centre: Point, new: str) -> list[Shape]:
    """The sign of a node; of a join, which has none, only its place."""
    x, y = centre
    w, h = half(node)
    means = {"name": node.name, "kind": node.kind, "sign": node.sign, "biases": " ".join(node.biases)}
    corners = (pixels((x - w, y - h)), pixels((x + w, y + h)))
    middle = pixels((x, y))
    if node.kind == "join":
        return [Shape(kind="circle", look="join", points=(middle, (1.3, 1.3)), means=means)]
    if node.kind == "layer":
        size = SIGN if len(node.sign) <= 4 else SIGN * 4.2 / len(node.sign)
        letter = subscript(node.letter)
        lift = -2.0 if letter else 5.0
        found = [Shape(kind="box", look=f"layer{new}", points=corners, means=means)]
        found.append(text(node.sign, (middle[0], middle[1] + lift), size))
        if letter:
            found.append(text(letter, (middle[0], middle[1] + 12.0), LETTER, "letter"))
        return found
    if node.kind == "op":
        size = SIGN + (3 if node.sign in "×+−÷" else -1.5)
        shape = Shape(kind="box", look=f"op{new}", points=corners, means=means)
        if w == h:
            shape = Shape(kind="circle", look=f"op{new}", points=(middle, (w * SQUARE,) * 2), means=means)
        return [shape, text(node.sign, (middle[0], middle[1] + 0.35 * size), size)]
    shown = node.letter if node.kind == "output" else node.sign
    look = "in" if node.kind == "input" else "out"
    circle = Shape(kind="circle", look=f"{look}{new}", points=(middle, (w * SQUARE,) * 2), means=means)
    size = SIGN * min(1.0, 3.2 / len(shown.replace("_", "")))
    return [circle, text(subscript(shown), (middle[0], middle[1] + 0.34 * size), size)]


def subscript(name: str) -> str:
    """A carried value of a layer, as it is written: c₁."""
    return name.replace("_", "").translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def text(words: str, place: Point, size: float, look: str = "sign", anchor: str = "middle") -> Shape:
    return Shape(kind="text", look=look, points=(place,), text=words, size=size, anchor=anchor)
