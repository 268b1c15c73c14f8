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
from lstm_variants.diagrams.shapes import SQUARE, Shape, Sheet, text

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


def sheet(lines: Lines, title: str) -> Sheet:
    """The boxes in lines, each below all that it reads, those of a line in the order of what they read."""
    used = set[int]()
    todo = [k for k, look in enumerate(lines.looks) if look == "out"]
    while todo:
        k = todo.pop()
        if k not in used:
            used.add(k)
            todo += lines.reads[k]
    rank: dict[int, int] = {}
    for k in sorted(used):
        rank[k] = 1 + max((rank[j] for j in lines.reads[k]), default=-1)
    last = max(rank.values(), default=0)
    for k in sorted(used, reverse=True):
        readers = [rank[j] for j in used if k in lines.reads[j]]
        if lines.looks[k] == "out":
            rank[k] = last
        elif lines.looks[k] == "in" and readers:
            rank[k] = min(readers) - 1  # beside its first reader
    rows: dict[int, list[int]] = {}
    for k in sorted(used):
        rows.setdefault(rank[k], []).append(k)
    x: dict[int, float] = {}
    widest = max(map(len, rows.values()))
    for level in sorted(rows):
        row = rows[level]
        above = {k: [x[j] for j in lines.reads[k] if j in x] or [widest * ACROSS / 2] for k in row}
        row.sort(key=lambda k, above=above: sum(above[k]) / len(above[k]))  # type: ignore[misc]
        start = (widest - len(row)) * ACROSS / 2
        x |= {k: start + ACROSS * (place + 0.5) for place, k in enumerate(row)}
    shapes = [text(title, (12.0, 24.0), 14.0, "title", "start")]
    y = {k: 60 + STEP * rank[k] for k in used}
    for k in sorted(used):
        for j in lines.reads[k]:
            a, b = (x[j] + 12, y[j] + HEIGHT / 2), (x[k] + 12, y[k] - HEIGHT / 2)
            bent = (("M", (a,)), ("Q", ((a[0], a[1] + STEP / 3), ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2))))
            end = (("Q", ((b[0], b[1] - STEP / 3), b)),)
            shapes.append(Shape(kind="path", look="wire", points=(), path=bent + end))
    for k in sorted(used):
        at = (x[k] + 12, y[k])
        corners = ((at[0] - WIDTH / 2, at[1] - HEIGHT / 2), (at[0] + WIDTH / 2, at[1] + HEIGHT / 2))
        size = min(12.0, WIDTH / (0.62 * len(lines.names[k])))
        shapes.append(Shape(kind="box", look=lines.looks[k], points=corners))
        shapes.append(text(lines.names[k], (at[0], at[1] + size * 0.35), size))
    return Sheet(tuple(shapes), max(392.0, widest * ACROSS + 24), 60 + STEP * (last + 1) + SQUARE)
