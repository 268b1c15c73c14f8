"""What a drawing shows, read from the picture: the graph again, from an SVG document and nothing else.

Where a line begins and ends says what it connects, and the words in a box or a circle say what that does. Weights,
which a picture does not name, stand in the attributes of each line.
"""

import re
from xml.etree import ElementTree

from lstm_variants.diagrams.graph import Graph, Node, Wire
from lstm_variants.diagrams.shapes import SQUARE

SVG = "{http://www.w3.org/2000/svg}"
Area = tuple[float, float, float, float]  # left, top, right, bottom
NEAR = 1.0  # pixels


def read_back(document: str) -> Graph:
    """The graph of a drawing of one cell. Raises ValueError for a line that ends nowhere."""
    root = ElementTree.fromstring(document)
    areas, kinds = dict[str, Area](), dict[str, ElementTree.Element]()
    for shape in root:
        if name := shape.get("data-name"):
            areas[name], kinds[name] = area_of(shape), shape
    words = [
        (float(t.get("x", 0)), float(t.get("y", 0)), t.text or "")
        for t in root.iter(f"{SVG}text")
        if t.get("font-style") != "italic"
    ]
    nodes = {name: node_of(shape, areas[name], words) for name, shape in kinds.items()}
    wires = []
    for path in root.iter(f"{SVG}path"):
        if (weights := path.get("data-weights")) is None:
            continue
        numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", path.get("d", ""))]
        pairs = [pair.split(":") for pair in weights.split()]
        wires.append(
            Wire(
                source=at((numbers[0], numbers[1]), areas, nodes, {"output"}),
                target=at((numbers[-2], numbers[-1]), areas, nodes, {"input"}),
                weights=tuple((value, letter) for value, letter in pairs),
                slot=int(path.get("data-slot", 0)),
            )
        )
    return Graph(title=root.findtext(f"{SVG}title") or "", nodes=nodes, wires=tuple(wires))


def area_of(shape: ElementTree.Element) -> Area:
    def value(name: str) -> float:
        return float(shape.get(name, 0))

    if shape.tag == f"{SVG}circle":
        x, y, r = value("cx"), value("cy"), value("r")
        if shape.get("data-kind") == "join":
            r = SQUARE
        return x - r, y - r, x + r, y + r
    return value("x"), value("y"), value("x") + value("width"), value("y") + value("height")


def node_of(shape: ElementTree.Element, area: Area, words: list[tuple[float, float, str]]) -> Node:
    """A node with the sign that is written in it."""
    left, top, right, bottom = area
    inside = [word for x, y, word in words if left < x < right and top < y < bottom]
    kind = shape.get("data-kind", "")
    sign = inside[0] if kind in ("layer", "op") and inside else shape.get("data-sign", "")
    return Node(
        name=shape.get("data-name", ""),
        kind=kind,
        sign=sign,
        biases=tuple(shape.get("data-biases", "").split()),
    )


def at(point: tuple[float, float], areas: dict[str, Area], nodes: dict[str, Node], never: set[str]) -> str:
    """The node at whose edge a line ends (a join: in whose middle, or one square on). Raises ValueError."""

    def off(name: str) -> float:
        left, top, right, bottom = areas[name]
        x, y = point
        outside = max(left - x, x - right, top - y, y - bottom)
        return max(0.0, outside) if nodes[name].kind == "join" else abs(outside)

    nearest = min((name for name in areas if nodes[name].kind not in never), key=off)
    if off(nearest) > NEAR:
        raise ValueError(f"A line ends at {point}, where there is nothing.")
    return nearest
