"""Where each node stands, on a grid of squares: x to the right, y downwards.

A band, which is a cell or a layer of one, has from top to bottom

    the belt     the carried value, with the circles that it passes
    levels       other circles, above the boxes that they read
    boxes        the layers, from left to right in the order in which the belt needs them
    bus          where vectors are joined; other carried values enter and leave here

Carried values enter on the left and leave on the right at the same height, so that copies make a chain. x comes from
below, the output leaves at the top.
"""

from dataclasses import dataclass, field

from lstm_variants.diagrams.graph import Graph, Node

Place = tuple[int, int]
PITCH = 8  # from one column to the next
LEVEL, FIRST, BUS, ROW, GAP = (
    7,
    8,
    6,
    4,
    6,
)  # heights: of a level, of the first, below boxes, of a row, between bands
MOST = 3  # levels


def half(node: Node) -> tuple[float, float]:
    """Half of a node's width and height."""
    if node.kind == "layer":
        return 2.5, 2.0
    if node.kind == "join":
        return 0.0, 0.0
    if node.kind in ("input", "output"):
        return 1.5, 1.5
    return (
        (1.5, 1.5)
        if len(node.sign) <= 2
        else (0.5 * len(node.sign) + 0.5 if len(node.sign) > 4 else 2.5, 1.5)
    )


@dataclass
class Band:
    """The columns and levels of one band. columns: of each node. levels: 0 for boxes, -1 for the belt."""

    graph: Graph
    number: int
    belt: tuple[str, ...]
    columns: dict[str, int] = field(default_factory=dict)
    levels: dict[str, int] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in self.belt:
            self.visit(name)
        for name in self.graph.nodes:
            self.visit(name)
        for name in self.order:
            self.put(name)

    def mine(self, name: str) -> bool:
        node = self.graph.nodes[name]
        return node.band == self.number and node.kind in ("layer", "op")

    def operands(self, name: str) -> list[str]:
        """What a node needs, through joins, gates first."""
        found = list[str]()
        for wire in self.graph.into(name):
            join = self.graph.nodes[wire.source].kind == "join"
            found += self.operands(wire.source) if join else [wire.source]
        return sorted(found, key=lambda n: self.graph.nodes[n].sign != "σ")

    def visit(self, name: str) -> None:
        """Put a node after all that it needs into the order."""
        if self.mine(name) and name not in self.order:
            for operand in self.operands(name):
                self.visit(operand)
            self.order.append(name)

    @property
    def width(self) -> int:
        return max(self.columns.values(), default=-1) + 1

    def put(self, name: str) -> None:
        node = self.graph.nodes[name]
        if node.kind == "layer":
            self.columns[name], self.levels[name] = self.width, 0
            return
        near = [n for n in self.operands(name) if n in self.columns]
        if name in self.belt:
            before = max((self.columns[n] for n in near if n in self.belt), default=-1)
            column = max((self.columns[n] for n in near if n not in self.belt), default=self.width)
            self.columns[name] = column if column > before else self.width
            self.levels[name] = -1
            return
        beside = [n for n in near if n not in self.belt]
        late = any(n in self.belt for n in near)
        if late and not beside:
            self.columns[name], self.levels[name] = self.width, 1
            return
        column = max((self.columns[n] for n in beside), default=self.width)
        below = [n for n in beside if self.columns[n] == column]
        from_belt = all(any(m in self.belt for m in self.operands(n)) for n in below) and below
        if late or (from_belt and self.graph.nodes[below[0]].kind == "op"):
            column = self.width if late else column
            level = 0
        else:
            level = 1 + max((self.levels[n] for n in below), default=0)
        if level > MOST or (column, level) in self.taken():
            column, level = self.width, min(level, MOST)
        self.columns[name], self.levels[name] = column, level

    def taken(self) -> set[Place]:
        return {(self.columns[n], self.levels[n]) for n in self.columns}


@dataclass(frozen=True)
class Layout:
    """centres: of the nodes. width, height: of the sheet, in squares."""

    centres: dict[str, Place]
    width: int
    height: int


def placed(graph: Graph) -> Layout:
    """A place for every node."""
    belts = {b: longest(graph, b) for b in sorted({n.band for n in graph.nodes.values()})}
    bands = {b: Band(graph, b, belt) for b, belt in belts.items()}
    last = {n.name for n in graph.nodes.values() if n.kind == "join" and to_output(graph, n.name)}
    joins = [n.name for n in graph.nodes.values() if n.kind == "join" and n.name not in last]
    depth = {name: nesting(graph, name) for name in joins}
    left = 4 + 4 * max((1 + depth[n] for n in joins if first_column(graph, bands, n) == 0), default=0) + 4
    width = max((band.width for band in bands.values()), default=1)
    right = left + PITCH * (width - 1) + 4
    centres: dict[str, Place] = {}
    bottom = 0
    for number in sorted(bands, reverse=True):  # the highest first
        bottom = put_band(graph, bands[number], bottom + (GAP if centres else 0), left, right, depth, centres)
    heard = [centres[w.target][0] for w in graph.out_of("x") if graph.nodes[w.target].kind == "join"]
    if "x" in graph.nodes:
        centres["x"] = (min(heard, default=left - 4), bottom + 5)
    for name in sorted(last, key=lambda n: nesting(graph, n), reverse=True):
        beside = [centres[w.source][1] for w in graph.into(name) if w.source not in last]
        centres[name] = (right + 4, min(beside) - 3)
    centres["out"] = (right + (4 if last else 1), -6)
    return shifted(centres)


def longest(graph: Graph, band: int) -> tuple[str, ...]:
    found = [belt for belt in graph.belts if graph.nodes[belt[-1]].band == band]
    return max(found, key=len, default=())


def to_output(graph: Graph, name: str) -> bool:
    """Whether a join leads to the output alone."""
    return all(
        w.target == "out" or (graph.nodes[w.target].kind == "join" and to_output(graph, w.target))
        for w in graph.out_of(name)
    )


def nesting(graph: Graph, name: str, band: int | None = None) -> int:
    """In how many joins a join goes, one in the other; of a band, where one is given."""
    outer = [graph.nodes[w.target] for w in graph.out_of(name) if graph.nodes[w.target].kind == "join"]
    return max((1 + nesting(graph, n.name, band) for n in outer if band in (None, n.band)), default=0)


def first_column(graph: Graph, bands: dict[int, Band], name: str) -> int:
    """The leftmost column that hears a join, or a join that it goes into."""
    found = list[int]()
    for wire in graph.out_of(name):
        node = graph.nodes[wire.target]
        if node.kind == "join":
            found.append(first_column(graph, bands, wire.target))
        else:
            found.append(bands[node.band].columns[wire.target])
    return min(found)


def put_band(
    graph: Graph,
    band: Band,
    top: int,
    left: int,
    right: int,
    depth: dict[str, int],
    centres: dict[str, Place],
) -> int:
    """Put the nodes of a band at `top` and below; returns its lowest row."""
    levels = max([0, *band.levels.values()])

    def above(level: int) -> int:
        return FIRST + LEVEL * (level - 1) if level else 0

    boxes = top + above(levels + bool(band.belt))
    for name, column in band.columns.items():
        level = band.levels[name]
        centres[name] = (left + PITCH * column, top if level < 0 else boxes - above(level))
    bus = boxes + BUS
    mine = [n for n in graph.nodes.values() if n.band == band.number]
    start = {w.source for w in graph.wires if band.belt and w.target == band.belt[0]}
    carried = [n.name for n in mine if n.kind == "input" and n.name not in ("x", *start)]

    def outer(name: str) -> int:
        into = [depth[w.target] for w in graph.out_of(name) if w.target in depth]
        return max(into, default=0)

    rows: dict[str, int] = {}
    for place, name in enumerate(sorted(carried, key=outer)):
        rows[name] = bus + ROW * max(place, outer(name))
    lowest = max(rows.values(), default=bus)
    for node in mine:
        if node.name in depth:
            direct = [rows[w.source] for w in graph.into(node.name) if w.source in rows]
            inside = bus + ROW * nesting(graph, node.name, node.band)
            column = left + PITCH * first_in(band, graph, node.name) - 4 * (1 + depth[node.name])
            centres[node.name] = (column, min(direct, default=inside))
            lowest = max(lowest, centres[node.name][1])
        elif node.kind == "input" and node.name != "x":
            centres[node.name] = (2, rows.get(node.name, top))
        elif node.kind == "output" and node.name != "out":
            centres[node.name] = (right + 8, rows.get(node.name.rstrip("'"), top))
    return lowest


def first_in(band: Band, graph: Graph, name: str) -> int:
    """The leftmost column of a band that hears a join, or a join that it goes into; the last one where none does."""
    found = [band.width]
    for wire in graph.out_of(name):
        if wire.target in band.columns:
            found.append(band.columns[wire.target])
        elif graph.nodes[wire.target].kind == "join":
            found.append(first_in(band, graph, wire.target))
    return min(found)


def shifted(centres: dict[str, Place]) -> Layout:
    """The same, with a margin on all sides."""
    low = min(y for _, y in centres.values()) - 2
    moved = {name: (x, y - low) for name, (x, y) in centres.items()}
    return Layout(moved, max(x for x, _ in moved.values()) + 3, max(y for _, y in moved.values()) + 3)
