"""The way of each wire: the cheapest on the grid, at right angles, past the nodes.

What a wire costs: 1 a square, BEND a corner, CROSS where it crosses another, NEAR a square beside another or a node.
Wires of one source are one line that forks; wires of different sources may cross and never share a square otherwise.
After the first round every line is taken up and laid again, since the first ones did not know of the later ones.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from lstm_variants.diagrams.graph import Graph, Node, Wire
from lstm_variants.diagrams.place import Layout, Place, half

Point = tuple[float, float]
RIGHT, DOWN, LEFT, UP = (1, 0), (0, 1), (-1, 0), (0, -1)
DIRECTIONS = (RIGHT, DOWN, LEFT, UP)
BEND, CROSS, NEAR, AGAIN = 4.0, 20.0, 0.6, 6.0  # AGAIN: leaving a node by a second way
ROUNDS, FEW, MANY = 4, 2, 50  # FEW of more than MANY wires


@dataclass(frozen=True)
class Port:
    """at: the square in front of a node's edge. edge: where the wire ends. inward: the direction into the node. cost:
    of using it."""

    at: Place
    edge: Point
    inward: Place
    cost: float


def ports(node: Node, centre: Place, out: bool) -> list[Port]:
    """Where wires may enter a node, or leave it, the best first."""
    x, y = centre
    w, h = half(node)
    sides = {
        LEFT: Port((x - int(w + 1), y), (x - w, y), RIGHT, 0.0),
        RIGHT: Port((x + int(w + 1), y), (x + w, y), LEFT, 0.0),
        UP: Port((x, y - int(h + 1)), (x, y - h), DOWN, 0.0),
        DOWN: Port((x, y + int(h + 1)), (x, y + h), UP, 0.0),
    }

    def at(side: Place, cost: float) -> Port:
        port = sides[side]
        return Port(port.at, port.edge, port.inward, cost)

    if node.kind == "join" and node.sign == "up":
        return [at(UP, 0)] if out else [at(LEFT, 0), at(DOWN, 6)]
    if node.kind == "join":
        return [at(RIGHT, 0), at(UP, 4)] if out else [at(LEFT, 0), at(DOWN, 0), at(UP, 0)]
    if node.name == "x":
        return [at(UP, 0)]
    if node.name == "out":
        return [at(DOWN, 0)]
    if node.kind in ("input", "output"):
        return [at(RIGHT, 0)] if out else [at(LEFT, 0)]
    if node.kind == "layer" and not out:
        foot = [Port((x + d, y + 3), (x + d, y + 2.0), UP, abs(d) / 2) for d in (0, -1, 1)]
        return [*foot, at(LEFT, 3), at(RIGHT, 6)]
    if node.kind == "layer":
        return [at(UP, 0), at(RIGHT, 2), at(LEFT, 5)]
    if out:
        return [at(RIGHT, 0), at(UP, 0), at(DOWN, 0)]
    return [at(LEFT, 0), at(DOWN, 0), at(UP, 0), at(RIGHT, 3)]


@dataclass
class Board:
    """What lies on the grid. blocked: squares of nodes. lines: of each source, the squares of its line and in which
    directions it leaves them."""

    layout: Layout
    blocked: dict[Place, str]
    lines: dict[str, dict[Place, set[Place]]] = field(default_factory=dict)
    owner: dict[Place, list[str]] = field(default_factory=dict)

    def lay(self, source: str, path: list[Place]) -> None:
        line = self.lines.setdefault(source, {})
        for a, b in pairwise(path):
            step = (b[0] - a[0], b[1] - a[1])
            line.setdefault(a, set()).add(step)
            line.setdefault(b, set()).add((-step[0], -step[1]))
        for square in path:
            line.setdefault(square, set())
            if source not in self.owner.setdefault(square, []):
                self.owner[square].append(source)

    def take_up(self, source: str) -> None:
        for square in self.lines.pop(source, {}):
            self.owner[square].remove(source)

    def others(self, square: Place, source: str) -> list[str]:
        return [name for name in self.owner.get(square, ()) if name != source]

    def crossable(self, square: Place, source: str, step: Place) -> bool:
        """Whether a line may pass the square in this direction, straight, over what lies there."""
        for name in self.others(square, source):
            across = {(step[1], step[0]), (-step[1], -step[0])}
            if self.lines[name][square] != across:
                return False
        return True

    def price(self, square: Place, step: Place, source: str) -> float:
        """Of going to a square: more across another line, and beside one or a node."""
        price = 1.0 + CROSS * len(self.others(square, source))
        for side in ((step[1], step[0]), (-step[1], -step[0])):
            beside = (square[0] + side[0], square[1] + side[1])
            price += NEAR * (bool(self.others(beside, source)) or beside in self.blocked)
        return price

    @property
    def crossings(self) -> int:
        return sum(len(names) > 1 for square, names in self.owner.items() if square not in self.blocked)


def routed(graph: Graph, layout: Layout) -> tuple[dict[int, list[Point]], int]:
    """The points of each wire, by its number, and how many crossings there are. Raises ValueError where a node cannot
    be reached."""
    blocked: dict[Place, str] = {}
    for name, (x, y) in layout.centres.items():
        node = graph.nodes[name]
        w, h = half(node)
        reach = {"join": (0, 0), "layer": (2, 3)}.get(node.kind, (int(w + 0.5), int(h + 0.5)))
        for dx in range(-reach[0], reach[0] + 1):
            for dy in range(-reach[1], reach[1] + 1):
                blocked[x + dx, y + dy] = name
    board = Board(layout, blocked)
    nets: dict[str, list[int]] = {}
    for number, wire in enumerate(graph.wires):
        nets.setdefault(wire.source, []).append(number)

    def length(source: str) -> int:
        return max(
            distance(layout.centres[source], layout.centres[graph.wires[n].target]) for n in nets[source]
        )

    order = sorted(nets, key=lambda s: (length(s), s))
    best: tuple[float, dict[int, list[Point]], int] | None = None
    paths: dict[str, tuple[float, dict[int, list[Point]]]] = {}
    before = 0.0
    for turn in range(1 + (ROUNDS if len(graph.wires) <= MANY else FEW)):
        for source in order:
            board.take_up(source)
            paths[source] = line(graph, board, source, nets[source])
        total = sum(cost for cost, _ in paths.values()) + CROSS * board.crossings
        if best is None or total < best[0]:
            best = total, {n: p for _, found in paths.values() for n, p in found.items()}, board.crossings
        if total == before:
            break
        before = total
        order = sorted(nets, key=lambda s: (-paths[s][0], s)) if turn % 2 == 0 else order[::-1]
    assert best is not None
    return best[1], best[2]


def distance(a: Place, b: Place) -> int:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def line(
    graph: Graph, board: Board, source: str, numbers: Iterable[int]
) -> tuple[float, dict[int, list[Point]]]:
    """Lay all wires from one node, the nearest first; returns what they cost and their points."""
    node, centre = graph.nodes[source], board.layout.centres[source]
    leaving = {port.at: port for port in ports(node, centre, out=True)}
    ways: dict[Place, list[Point]] = {}  # from the source's edge to each square of its line
    total, found = 0.0, dict[int, list[Point]]()
    taken = set[Place]()
    for number in sorted(
        numbers, key=lambda n: distance(centre, board.layout.centres[graph.wires[n].target])
    ):
        target = graph.nodes[graph.wires[number].target]
        arriving = [
            port
            for port in ports(target, board.layout.centres[target.name], out=False)
            if not board.others(port.at, source) and port.at not in taken
        ]
        cost, squares, port = cheapest(board, graph.wires[number], leaving, arriving, bool(ways))
        taken.add(port.at)
        way = ways.get(squares[0])
        if way is None:
            first = leaving[squares[0]]
            board.lay(source, [inside(first), squares[0]])
            way = [first.edge, squares[0]]
        for k, square in enumerate(squares):
            way = way if k == 0 else [*way, square]
            ways.setdefault(square, way)
        board.lay(source, [*squares, inside(port)])
        found[number] = straightened([*way, port.edge])
        total += cost
    return total, found


def inside(port: Port) -> Place:
    return port.at[0] + port.inward[0], port.at[1] + port.inward[1]


def cheapest(
    board: Board, wire: Wire, leaving: dict[Place, Port], arriving: list[Port], laid: bool
) -> tuple[float, list[Place], Port]:
    """The cheapest way from the source, or from its line, to one of the ports (Dijkstra's, with the distance as a lower
    bound). Raises ValueError where there is none."""
    source, goal = wire.source, board.layout.centres[wire.target]
    ends = {port.at: port for port in arriving}
    queue: list[tuple[float, float, Place, Place, bool]] = []
    before: dict[tuple[Place, Place], tuple[Place, Place] | None] = {}
    known: dict[tuple[Place, Place], float] = {}

    def push(cost: float, square: Place, step: Place, origin: tuple[Place, Place] | None) -> None:
        if cost < known.get((square, step), float("inf")):
            known[square, step], before[square, step] = cost, origin
            heapq.heappush(queue, (cost + max(0, distance(square, goal) - 4), cost, square, step, False))

    own = board.lines.get(source, {})
    for at, port in leaving.items():
        if not board.others(at, source) and at not in own:
            push(port.cost + (AGAIN if laid else 0.0), at, (-port.inward[0], -port.inward[1]), None)
    for square, used in own.items():
        if 1 < len(used) < 3 and square not in board.blocked and not board.others(square, source):
            for step in DIRECTIONS:
                if step not in used:
                    onward = (-step[0], -step[1]) in used
                    push(0.0 if onward else BEND - 1, square, step, None)
    while queue:
        _, cost, square, step, arrived = heapq.heappop(queue)
        if arrived:
            return cost, traced(before, (square, step)), ends[square]
        if cost > known[square, step]:
            continue
        if square in ends and step == ends[square].inward:
            last = cost + ends[square].cost
            heapq.heappush(queue, (last, last, square, step, True))
            continue
        only_straight = before[square, step] is None or bool(board.others(square, source))
        for turn in DIRECTIONS:
            there = (square[0] + turn[0], square[1] + turn[1])
            if turn == (-step[0], -step[1]) or (turn != step and only_straight):
                continue
            if not (0 <= there[0] <= board.layout.width and 0 <= there[1] <= board.layout.height):
                continue
            if there in own or (there in board.blocked and there not in ends):
                continue
            if not board.crossable(there, source, turn):
                continue
            push(cost + board.price(there, turn, source) + BEND * (turn != step), there, turn, (square, step))
    raise ValueError(f"No way is left from {source} to {wire.target}.")


def traced(
    before: dict[tuple[Place, Place], tuple[Place, Place] | None], key: tuple[Place, Place]
) -> list[Place]:
    way = [key[0]]
    origin = before[key]
    while origin is not None:
        way.append(origin[0])
        origin = before[origin]
    return way[::-1]


def straightened(points: list[Point]) -> list[Point]:
    """The same way without the points between two corners."""
    kept: list[Point] = []
    for point in points:
        if kept and point == kept[-1]:
            continue
        if len(kept) > 1:
            (ax, ay), (bx, by) = kept[-2], kept[-1]
            if (ax == bx == point[0]) or (ay == by == point[1]):
                kept[-1] = point
                continue
        kept.append(point)
    return kept
