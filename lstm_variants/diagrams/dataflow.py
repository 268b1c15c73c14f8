"""A cell of which no equations are known: the program that JAX traces of one step, line by line.

A plain dataflow graph. What it reads (inputs, carry, parameters) is on top, each operation below what it needs,
results at the bottom. Moving numbers about (reshape, broadcast, a change of type) is left out, and so are programs
within programs, whose lines stand in their place.
"""

from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax.extend.core import ClosedJaxpr, Literal

from lstm_variants.conformance.adapter import Adapter, CanNotCheck
from lstm_variants.diagrams.route import Point
from lstm_variants.diagrams.shapes import Shape, Sheet, text

MOVING = {"reshape", "broadcast_in_dim", "squeeze", "convert_element_type", "copy", "copy_p", "expand_dims"}
INNER = ("jaxpr", "call_jaxpr")
NAMES = {
    "dot_general": "matmul",
    "logistic": "σ",
    "mul": "×",
    "add": "+",
    "sub": "−",
    "div": "÷",
    "select_n": "select",
}
WIDTH, HEIGHT, STEP, ACROSS = 76.0, 24.0, 50.0, 88.0  # pixels: of a box, from one line of boxes to the next
NARROW, TOP, LEAST = 16.0, 60.0, 368.0  # pixels: of a line on its way, above the first boxes, of a sheet
TURNS = 6  # of putting each line of boxes in order, downwards and upwards
MOST = 90  # boxes


def dataflow(cell: Adapter, title: str) -> Sheet:
    """The graph of one step. Raises CanNotCheck for a cell that is not Flax NNX, and for one of too many lines."""
    if not isinstance(cell.module, nnx.Module):
        raise CanNotCheck(
            f"{cell.name}: its equations are not known, and only a cell of flax.nnx can be drawn from its program."
        )
    parts: Any = nnx.split(cell.module, nnx.Param, ...)
    graph, params, rest = parts
    module: Any = cell.module
    carry = module.initialize_carry((cell.inputs,), nnx.Rngs(0))
    program = jax.make_jaxpr(lambda params, carry, x: nnx.merge(graph, params, rest)(carry, x))(
        params, carry, jnp.zeros(cell.inputs)
    )
    words = [
        *cell.parameters,
        *(f"carry {k + 1}" for k in range(len(jax.tree.leaves(carry)))),
        "x",
    ]
    lines = Lines()
    for variable, name in zip(program.jaxpr.invars, words, strict=True):
        lines.of[variable] = lines.add(name, "in", [])
    lines.follow(program, [lines.of[v] for v in program.jaxpr.invars])
    results = [*(f"carry {k + 1}'" for k in range(len(program.jaxpr.outvars) - 1)), "output"]
    for variable, name in zip(program.jaxpr.outvars, results, strict=True):
        source = None if isinstance(variable, Literal) else lines.of.get(variable)
        lines.add(name, "out", [] if source is None else [source])
    if len(lines.names) > MOST:
        raise CanNotCheck(
            f"{cell.name}: its equations are not known, and its program has {len(lines.names)} lines, of which more "
            f"than {MOST} are no picture."
        )
    return sheet(lines, title)


class Lines:
    """Boxes: names, looks, and the numbers of those that each reads. of: the box that makes each variable."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.looks: list[str] = []
        self.reads: list[list[int]] = []
        self.of: dict[Any, int] = {}

    def add(self, name: str, look: str, reads: list[int]) -> int:
        self.names.append(name)
        self.looks.append(look)
        self.reads.append(list(dict.fromkeys(reads)))
        return len(self.names) - 1

    def follow(self, program: ClosedJaxpr, arguments: list[int | None]) -> list[int | None]:
        """Add the lines of a program; returns the boxes of its results."""
        inner: Any = program.jaxpr
        self.of |= {v: box for v, box in zip(inner.invars, arguments, strict=True) if box is not None}
        for line in inner.eqns:
            reads = [None if isinstance(v, Literal) else self.of.get(v) for v in line.invars]
            boxes = [box for box in reads if box is not None]
            below = next((line.params[name] for name in INNER if name in line.params), None)
            name = line.primitive.name
            if isinstance(below, ClosedJaxpr) and name not in ("scan", "while", "cond"):
                made = self.follow(below, reads)
            elif name in MOVING and len(boxes) <= 1:
                made = [boxes[0] if boxes else None] * len(line.outvars)
            else:
                numbers = [
                    f"{float(v.val):g}" for v in line.invars if isinstance(v, Literal) and v.val.ndim == 0
                ]
                look = "layer" if name == "dot_general" else "op"
                box = self.add(" ".join([NAMES.get(name, name), *numbers]), look, boxes)
                made = [box] * len(line.outvars)
            self.of |= {v: box for v, box in zip(line.outvars, made, strict=True) if box is not None}
        return [None if isinstance(v, Literal) else self.of.get(v) for v in inner.outvars]


Item = tuple[int, int]  # a box, or the line from one on its way down, and the line of boxes that it is in


def ranks_of(lines: Lines) -> dict[int, int]:
    """In which line, from the top, each box stands that leads to a result."""
    used, todo = set[int](), [k for k, look in enumerate(lines.looks) if look == "out"]
    last = list(todo)
    while todo:
        k = todo.pop()
        if k not in used:
            used.add(k)
            todo += lines.reads[k]
    rank: dict[int, int] = {}
    for k in sorted(used):
        rank[k] = 1 + max((rank[j] for j in lines.reads[k]), default=-1)
    rank |= dict.fromkeys(last, max(rank.values()))
    for k in sorted(used):
        readers = [rank[j] for j in used if k in lines.reads[j]]
        if lines.looks[k] == "in" and readers:
            rank[k] = min(readers) - 1  # beside its first reader
    return rank


def links_of(lines: Lines, rank: dict[int, int]) -> list[tuple[Item, Item]]:
    """From each line of boxes to the next; what is read further down goes on between the boxes."""
    found: dict[tuple[Item, Item], None] = {}
    for k in rank:
        for j in lines.reads[k]:
            for level in range(rank[j], rank[k]):
                end = k if level + 1 == rank[k] else j
                found[(j, level), (end, level + 1)] = None
    return list(found)


def places_of(rank: dict[int, int], links: list[tuple[Item, Item]]) -> tuple[dict[Item, float], float]:
    """How far to the right each item is, near those that it is linked with, and how wide that is in all."""
    items = dict.fromkeys([*((k, level) for k, level in rank.items()), *(i for link in links for i in link)])
    rows = [[item for item in items if item[1] == level] for level in range(1 + max(rank.values()))]
    beside: dict[Item, list[Item]] = {item: [] for item in items}
    for a, b in links:
        beside[a].append(b)
        beside[b].append(a)

    def width(item: Item) -> float:
        return ACROSS if rank[item[0]] == item[1] else NARROW

    whole = max(sum(map(width, row)) for row in rows)
    x = dict.fromkeys(items, whole / 2)
    for turn in range(TURNS):
        for row in rows if turn % 2 == 0 else rows[::-1]:
            step = -1 if turn % 2 == 0 else 1
            near = {i: [x[j] for j in beside[i] if j[1] == i[1] + step] or [x[i]] for i in row}
            row.sort(key=lambda i, near=near: sum(near[i]) / len(near[i]))  # type: ignore[misc]
            at = (whole - sum(map(width, row))) / 2
            for item in row:
                x[item] = at + width(item) / 2
                at += width(item)
    return x, whole


def sheet(lines: Lines, title: str) -> Sheet:
    """The boxes, each below all that it reads, and what links them."""
    rank = ranks_of(lines)
    links = links_of(lines, rank)
    x, whole = places_of(rank, links)
    left = max(0.0, (LEAST - whole) / 2) + 12
    shapes = [text(title, (12.0, 24.0), 14.0, "title", "start")]

    def edge(item: Item, side: int) -> Point:
        return x[item] + left, TOP + STEP * item[1] + side * HEIGHT / 2

    for a, b in links:
        start, end = edge(a, 1), edge(b, -1)
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        first = ("Q", ((start[0], start[1] + STEP / 3), middle))
        second = ("Q", ((end[0], end[1] - STEP / 3), end))
        on = () if rank[b[0]] == b[1] else (("L", (edge(b, 1),)),)
        shapes.append(Shape(kind="path", look="wire", points=(), path=(("M", (start,)), first, second, *on)))
    for k, level in rank.items():
        at = (x[k, level] + left, TOP + STEP * level)
        corners = ((at[0] - WIDTH / 2, at[1] - HEIGHT / 2), (at[0] + WIDTH / 2, at[1] + HEIGHT / 2))
        size = min(12.0, WIDTH / (0.62 * len(lines.names[k])))
        shapes.append(Shape(kind="box", look=lines.looks[k], points=corners))
        shapes.append(text(lines.names[k], (at[0], at[1] + size * 0.35), size))
    return Sheet(tuple(shapes), max(LEAST, whole) + 24, TOP + STEP * (1 + max(rank.values())))
