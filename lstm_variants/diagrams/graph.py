"""What is drawn: nodes and the wires between them, and what such a drawing computes.

    input     a carried value or x                     output    what is carried on, or put out
    layer     σ, tanh ... of weights times what comes in, plus biases: a box
    op        ×, +, 1−, tanh ... element by element: a circle
    join      vectors side by side, under no sign: lines that meet

A wire carries one value, or those of a join side by side. Into a layer it names the weights of each value; `W R P U`
are matrices, other letters multiply element by element. Nothing else than what is drawn is known here: `computed`
looks at signs and wires alone.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lstm_variants.conformance.language import FUNCTIONS, MATRIX

Array = np.ndarray
SIGNED = re.compile(
    r"(?P<scale>\d+(?:\.\d+)?)?(?P<name>[a-zσ]+\d?)(?:\((?P<inner>[+−]\d+(?:\.\d+)?)\))?(?P<shift>[+−]\d+(?:\.\d+)?)?"
)
CONSTANT = re.compile(r"(?P<sign>[·+−÷])(?P<number>\d+(?:\.\d+)?)")
FROM = re.compile(r"(?P<number>\d+(?:\.\d+)?)−")


@dataclass(frozen=True, kw_only=True)
class Node:
    """name: unique in its graph. kind: see above. sign: what is written in it; of a join "up" where its line goes up,
    not to the right. letter: of the equation that it
    computes, "" for a part of one. biases: vectors that a layer adds. band: the part of the cell that it belongs to,
    0 lowest."""

    name: str
    kind: str
    sign: str = ""
    letter: str = ""
    biases: tuple[str, ...] = ()
    band: int = 0


@dataclass(frozen=True, kw_only=True)
class Wire:
    """From the output of one node to an input of another. weights: (value, letter of its weights) for a layer; a letter
    "" stands for none. slot: which input of an operation where the order counts (−, ÷)."""

    source: str
    target: str
    weights: tuple[tuple[str, str], ...] = ()
    slot: int = 0

    @property
    def elementwise(self) -> bool:
        """Whether all of its weights multiply element by element, as peepholes do."""
        return bool(self.weights) and not any(MATRIX.fullmatch(w) or not w for _, w in self.weights)


@dataclass(frozen=True, kw_only=True)
class Graph:
    """title: in words. nodes: by name, each after what it depends on. belts: the operations that a carried value passes
    on its way through the cell, from left to right, one tuple a band or more."""

    title: str
    nodes: Mapping[str, Node]
    wires: tuple[Wire, ...]
    belts: tuple[tuple[str, ...], ...] = ()

    def into(self, name: str) -> list[Wire]:
        """The wires into a node, by slot."""
        return sorted((w for w in self.wires if w.target == name), key=lambda w: w.slot)

    def out_of(self, name: str) -> list[Wire]:
        return [w for w in self.wires if w.source == name]


def function_of(sign: str, more: Mapping[str, Callable[..., Any]] | None = None) -> Callable[..., Any]:
    """What a sign in a box or a circle stands for. Raises ValueError for a sign that stands for nothing."""
    simple: dict[str, Callable[..., Any]] = {
        "×": lambda *a: np.prod(np.broadcast_arrays(*a), axis=0),
        "+": lambda *a: sum(a),
        "−": lambda a, *b: a - b[0] if b else -a,
        "÷": lambda a, b: a / b,
        "lin": lambda a: a,
        **(more or {}),
    }
    if sign in simple:
        return simple[sign]
    if found := FROM.fullmatch(sign):
        return lambda a, c=float(found["number"]): c - a
    if found := CONSTANT.fullmatch(sign):
        c = float(found["number"])
        return {
            "·": lambda a: c * a,
            "+": lambda a: a + c,
            "−": lambda a: a - c,
            "÷": lambda a: a / c,
        }[found["sign"]]
    found = SIGNED.fullmatch(sign)
    name = found["name"].replace("σ", "sigma") if found else ""
    if not found or name not in FUNCTIONS or name == "LN":
        raise ValueError(f"'{sign}' stands for no function.")
    scale, inner, shift = (
        float((found[part] or plain).replace("−", "-"))
        for part, plain in (("scale", "1"), ("inner", "0"), ("shift", "0"))
    )
    return lambda a: scale * FUNCTIONS[name](a + inner) + shift


def computed(
    graph: Graph, values: Mapping[str, Array], more: Mapping[str, Callable[..., Any]] | None = None
) -> dict[str, Array]:
    """What every output of the drawing gets: `values` hold weights, biases and inputs by letter; matrices (h, n) or
    (h, h), vectors (h, 1), states (h, points), x (n, points). more: functions of further signs.

    Raises ValueError for a loop of wires, KeyError for a value that is not given.
    """
    made: dict[str, Any] = {}
    waiting = dict(graph.nodes)
    while waiting:
        ready = [n for n in waiting.values() if all(w.source in made for w in graph.into(n.name))]
        if not ready:
            raise ValueError(f"The wires between {', '.join(waiting)} go round in a circle.")
        for node in ready:
            made[node.name] = result(node, [(w, made[w.source]) for w in graph.into(node.name)], values, more)
            del waiting[node.name]
    return {n.sign: made[n.name] for n in graph.nodes.values() if n.kind == "output"}


def result(
    node: Node,
    incoming: list[tuple[Wire, Any]],
    values: Mapping[str, Array],
    more: Mapping[str, Callable[..., Any]] | None,
) -> Any:
    """The value that leaves a node; of a join its values by the name of where each comes from."""
    if node.kind == "input":
        return values[node.sign]
    if node.kind == "output":
        ((_, value),) = incoming
        return value
    if node.kind == "join":
        parts: dict[str, Any] = {}
        for wire, value in incoming:
            parts |= value if isinstance(value, dict) else {wire.source: value}
        return parts
    if node.kind == "op":
        return function_of(node.sign, more)(*(value for _, value in incoming))
    total: Any = 0.0
    for wire, value in incoming:
        for part, letter in wire.weights:
            one = value[part] if isinstance(value, dict) else value
            total = total + (one if not letter else weighted(values[letter], letter, one))
    return function_of(node.sign, more)(total + sum(values[letter] for letter in node.biases))


def weighted(weight: Array, letter: str, value: Array) -> Array:
    return weight @ value if MATRIX.fullmatch(letter) else weight * value
