"""A sheet: one cell, a chain of copies of one, or two below each other, under a title and above a legend."""

from dataclasses import replace

from lstm_variants.diagrams.drawing import Drawing
from lstm_variants.diagrams.graph import Graph, Node, Wire
from lstm_variants.diagrams.route import Point
from lstm_variants.diagrams.shapes import (
    SQUARE,
    TITLE,
    WIDE,
    WORD,
    Shape,
    Sheet,
    arrow,
    pixels,
    rounded,
    shapes_of,
    straight,
    text,
)

MARGIN, LINE = 8.0, 22.0  # pixels
MEANINGS = {
    "t mod": "t mod T: at 0 the new value, else the old one",
    "push": "push: into the window, its oldest step out",
    "attend": "attend: Σ softmax(q · K) V, by heads",
}
NARROW = 392.0  # at least this wide, so that type keeps its size


def single(drawing: Drawing) -> Sheet:
    """One cell."""
    return assembled([(drawing.graph.title, shapes_of(drawing), size(drawing))], [drawing.graph])


def compared(first: Drawing, second: Drawing) -> Sheet:
    """Two cells below each other; what the other one has not is pointed out in each."""
    parts = [
        (d.graph.title, shapes_of(d, differing(d.graph, other.graph)), size(d))
        for d, other in ((first, second), (second, first))
    ]
    return assembled(parts, [first.graph, second.graph], changed=True)


def chain(drawing: Drawing, copies: int) -> Sheet:
    """Copies of a cell side by side, each carrying on what the one before it left."""
    width, height = size(drawing)
    graph = drawing.graph
    ends = [n.name for n in graph.nodes.values() if n.kind == "output" and n.name != "out"]
    starts = [n.name for n in graph.nodes.values() if n.kind == "input" and n.name != "x"]
    shift = width - 3 * SQUARE
    shapes = list[Shape]()
    for k in range(copies):
        hidden = {*(ends if k < copies - 1 else []), *(starts if k else [])}
        body = [moved(s, k * shift, 0) for s in shapes_of(drawing) if s.means.get("name") not in hidden]
        kept = [s for s in body if not (s.kind == "text" and under(s, drawing, hidden, k * shift))]
        shapes += kept
        if k:
            for name in starts:
                x, y = drawing.layout.centres[name]
                start = (x - 3.6 + k * shift / SQUARE, float(y))  # where the arrow before it ends
                shapes.append(straight(start, (start[0] + 5.2, start[1]), "wire"))
    title = f"{graph.title}, {copies} steps"
    return assembled([(title, shapes, (width + (copies - 1) * shift, height))], [graph])


def under(shape: Shape, drawing: Drawing, hidden: set[str], shift: float) -> bool:
    """Whether a text stands in one of these nodes."""
    for name in hidden:
        x, y = pixels(drawing.layout.centres[name])
        if abs(shape.points[0][0] - x - shift) < 4 and abs(shape.points[0][1] - y) < SQUARE:
            return True
    return False


def size(drawing: Drawing) -> tuple[float, float]:
    return drawing.layout.width * SQUARE, drawing.layout.height * SQUARE


def assembled(
    parts: list[tuple[str, list[Shape], tuple[float, float]]], graphs: list[Graph], changed: bool = False
) -> Sheet:
    """The parts below each other, each under its title, and the legend below all."""
    width = max(NARROW, *(w for _, _, (w, _) in parts)) + 2 * MARGIN
    shapes, top = list[Shape](), MARGIN
    for title, body, (w, h) in parts:
        for words in lines_of(title, width - 2 * MARGIN, TITLE):
            top += LINE - 4
            shapes.append(text(words, (MARGIN + 4, top), TITLE, "title", "start"))
        left = (width - w) / 2
        shapes += [moved(shape, left, top + 2) for shape in body]
        top += h + 4
    legend, height = legend_of(graphs, width, changed)
    shapes += [moved(shape, 0, top) for shape in legend]
    return Sheet(tuple(shapes), width, top + height + MARGIN)


def lines_of(words: str, width: float, height: float) -> list[str]:
    """Words in lines that fit."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) * height * WIDE > width and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def moved(shape: Shape, dx: float, dy: float) -> Shape:
    def move(point: Point) -> Point:
        return point[0] + dx, point[1] + dy

    points = tuple(map(move, shape.points))
    if shape.kind == "circle":
        points = (move(shape.points[0]), shape.points[1])
    return replace(
        shape,
        points=points,
        path=tuple((letter, tuple(map(move, piece))) for letter, piece in shape.path),
    )


def legend_of(graphs: list[Graph], width: float, changed: bool) -> tuple[list[Shape], float]:
    """What each sign means, of those that occur, and how high that is."""
    nodes = [node for graph in graphs for node in graph.nodes.values()]
    wires = [wire for graph in graphs for wire in graph.wires]
    entries: list[tuple[list[Shape], str]] = []
    if any(n.kind == "layer" for n in nodes):
        entries.append((sample_box("layer"), "learned layer: its function, its letter"))
    if any(n.kind == "op" for n in nodes):
        entries.append(
            ([Shape(kind="circle", look="op", points=((14.0, 0.0), (8.0, 8.0)))], "element by element")
        )
    if any(n.kind == "join" for n in nodes):
        entries.append((sample_join(), "joined to one vector"))
    if forking(wires):
        entries.append((sample_fork(), "copied"))
    if any(w.elementwise for w in wires):
        entries.append(([straight((0, 0), (3.5, 0), "wire dashed")], "one weight a unit"))
    if any("lin" in n.sign for n in nodes if n.kind == "layer"):
        entries.append(([text("lin", (14.0, 4.5), WORD)], "weights only, no function"))
    for sign, words in MEANINGS.items():
        if any(n.sign.startswith(sign) for n in nodes if n.kind == "op"):
            entries.append(([], words))
    if changed:
        entries.append((sample_box("layer new"), "not so in the other cell"))
    shapes, x, y = list[Shape](), MARGIN + 4, LINE / 2
    for sample, words in entries:
        before = 36 if sample else 0
        wide = before + len(words) * WORD * WIDE + 10
        if x + wide > width and x > MARGIN + 4:
            x, y = MARGIN + 4, y + LINE
        shapes += [moved(shape, x, y) for shape in sample]
        shapes.append(text(words, (x + before, y + 4), WORD, "word", "start"))
        x += wide
    return shapes, y + LINE / 2


def sample_box(look: str) -> list[Shape]:
    return [Shape(kind="box", look=look, points=((4.0, -8.0), (24.0, 8.0)))]


def sample_join() -> list[Shape]:
    return [
        straight((0, -0.5), (3.5, -0.5), "wire"),
        Shape(
            kind="path",
            look="wire",
            points=(),
            path=rounded([(0.0, 0.9), (1.2, 0.9), (1.2, -0.5), (2.6, -0.5)]),
        ),
    ]


def sample_fork() -> list[Shape]:
    line = [(0.0, -0.5), (3.5, -0.5)]
    branch = [(1.6, -0.5), (1.6, 1.1)]
    dot = Shape(kind="circle", look="dot", points=(pixels((1.6, -0.5)), (2.6, 2.6)))
    return [straight(line[0], line[1], "wire"), straight(branch[0], branch[1], "wire"), arrow(line, ""), dot]


def forking(wires: list[Wire]) -> bool:
    sources = [w.source for w in wires]
    return len(sources) > len(set(sources))


def differing(graph: Graph, other: Graph) -> set[str]:
    """Names of the nodes of a graph, and "source>target" of its wires, of which the other graph has none alike."""
    mine, theirs = meanings(graph), set(meanings(other).values())
    nodes = {name for name, meaning in mine.items() if meaning not in theirs}
    there = {
        (meanings(other)[w.source], meanings(other)[w.target], weights_of(other, w)) for w in other.wires
    }
    wires = {
        f"{w.source}>{w.target}"
        for w in graph.wires
        if (mine[w.source], mine[w.target], weights_of(graph, w)) not in there
    }
    return nodes | wires


def meanings(graph: Graph) -> dict[str, str]:
    """What each node is, apart from what it hears: its sign and letter; of one without letter, what it works on."""
    found: dict[str, str] = {}

    def meaning(name: str) -> str:
        if name not in found:
            node: Node = graph.nodes[name]
            if node.kind in ("input", "output"):
                found[name] = f"{node.kind} {node.name}"
            elif node.letter:
                found[name] = f"{node.kind} {node.letter} {node.sign}"
            else:
                parts = sorted(meaning(w.source) for w in graph.into(name))
                found[name] = f"{node.kind} {node.sign} ({', '.join(parts)})"
        return found[name]

    for name in graph.nodes:
        meaning(name)
    return found


def weights_of(graph: Graph, wire: Wire) -> str:
    return " ".join(sorted(letter for _, letter in wire.weights))
