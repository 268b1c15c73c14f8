"""The drawing of equations: each line becomes boxes and circles, and what is used twice is one line that forks.

    σ(W x + R y + p ⊙ c + b)          a box σ, with wires from x, y and c
    z ⊙ i + c ⊙ f                     two circles × and a circle +
    tanh(W x + b + r ⊙ (R h + c))     two boxes without function (lin), ×, + and a circle tanh: what is added without
                                      weights is no part of a layer
    i = 1                             nothing: a factor 1 is not drawn

Vectors that meet in front of a matrix are joined: one line with all of them, for all the boxes that hear the same.
"""

import ast
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lstm_variants.conformance.language import MATRIX, VECTOR, Equations
from lstm_variants.diagrams.graph import Graph, Node, Wire

SIGNS = {ast.Add: "+", ast.Sub: "−", ast.Mult: "×", ast.Div: "÷"}
Value = str | float  # a node, or a number


class CanNotDraw(ValueError):
    """The equations have something that the notation has no sign for; the message says what."""


def number(value: float) -> str:
    return f"{value:g}"


def written_number(node: ast.Constant) -> str:
    return number(float(node.value))  # type: ignore[arg-type] # the language has no other constants


def primed(name: str) -> str:
    """A name as it is written: c' for c_new, h̃ for h_cand."""
    return re.sub(r"_new\b", "'", name).replace("h_cand", "h̃")


@dataclass
class Builder:
    """Nodes and wires so far. values: what each name of the equations stands for. made: operations by what they do, so
    that none is drawn twice."""

    nodes: dict[str, Node] = field(default_factory=dict)
    wires: list[Wire] = field(default_factory=list)
    values: dict[str, Value] = field(default_factory=dict)
    made: dict[tuple[str, ...], str] = field(default_factory=dict)
    letter: str = ""
    band: int = 0

    def node(self, kind: str, sign: str, biases: tuple[str, ...] = (), name: str = "") -> str:
        name = name or f"{kind}{sum(n.kind == kind for n in self.nodes.values()) + 1}"
        self.nodes[name] = Node(name=name, kind=kind, sign=sign, biases=biases, band=self.band)
        return name

    def op(self, sign: str, *operands: str) -> str:
        """A circle, the one that does the same where there is one."""
        key = (sign, *(sorted(operands) if sign in "×+" else operands))
        if key not in self.made:
            self.made[key] = self.node("op", sign)
            self.wires += [
                Wire(source=source, target=self.made[key], slot=slot) for slot, source in enumerate(operands)
            ]
        return self.made[key]

    # Expressions.

    def value(self, node: ast.expr) -> Value:
        """The node that computes an expression. Raises CanNotDraw."""
        if isinstance(node, ast.Constant):
            return float(node.value)  # type: ignore[arg-type]
        if isinstance(node, ast.Name) and node.id in self.values:
            return self.values[node.id]
        if isinstance(node, ast.UnaryOp):
            inner = self.value(node.operand)
            negative = isinstance(node.op, ast.USub)
            if isinstance(inner, float):
                return -inner if negative else inner
            return self.op("−", inner) if negative else inner
        if isinstance(node, ast.Call):
            return self.called(node)
        if isinstance(node, ast.BinOp):
            if shaped := scaled(node):
                call, before, after = shaped
                return self.called(call, before, after)
            if has_weights(node):
                return self.layer(node, "lin")
            return self.pointwise(SIGNS[type(node.op)], self.value(node.left), self.value(node.right))
        if has_weights(node):
            return self.layer(node, "lin")
        raise CanNotDraw(f"'{ast.unparse(node)}' has no sign.")

    def pointwise(self, sign: str, a: Value, b: Value) -> Value:
        """An operation of two values, less what does nothing."""
        if isinstance(a, float) and isinstance(b, float):
            return {"+": a + b, "−": a - b, "×": a * b, "÷": a / (b or 1.0)}[sign]
        if isinstance(a, float):
            if sign in "+×":
                return self.pointwise(sign, b, a)
            if sign == "÷":
                raise CanNotDraw("a number divided by a vector has no sign.")
            return self.op(f"{number(a)}−", b)  # type: ignore[arg-type]
        if isinstance(b, float):
            if (sign in "×÷" and b == 1) or (sign in "+−" and b == 0):
                return a
            return self.op(f"{'·' if sign == '×' else sign}{number(b)}", a)
        return self.op(sign, a, b)

    def called(self, node: ast.Call, before: str = "", after: str = "") -> str:
        """A function: of a weighted sum a box, else a circle."""
        assert isinstance(node.func, ast.Name)
        name = node.func.id.replace("sigma", "σ")
        if name == "LN":
            raise CanNotDraw("layer norm over several gates has no sign.")
        if len(node.args) == 1 and has_weights(node.args[0]):
            return self.layer(node.args[0], name, before, after)
        operands = [self.value(argument) for argument in node.args]
        if any(isinstance(operand, float) for operand in operands):
            raise CanNotDraw(f"'{ast.unparse(node)}' is a number.")
        return self.op(f"{before}{name}{after}", *map(str, operands))

    def layer(self, node: ast.expr, function: str, before: str = "", after: str = "") -> str:
        """A box for the weighted terms of a sum, and circles for the rest of it."""
        weights, biases, plain, constant = list[tuple[str, str]](), list[str](), list[tuple[int, str]](), 0.0
        for sign, term in terms(node):
            pair = self.weighted(term)
            if isinstance(term, ast.Name) and VECTOR.fullmatch(term.id) and sign > 0:
                biases.append(term.id)
            elif pair and sign > 0:
                weights.append(pair)
            else:
                value = self.boxed(term) if pair or has_weights(term) else self.value(term)
                if isinstance(value, float):
                    constant += sign * value
                else:
                    plain.append((sign, value))
        shift = f"({'+' if constant > 0 else '−'}{number(abs(constant))})" if constant else ""
        if not weights:
            weights, plain = (
                [(value, "") for sign, value in plain if sign > 0],
                [p for p in plain if p[0] < 0],
            )
        if not plain:
            return self.box(weights, biases, f"{before}{function}{shift}{after}")
        total = self.box(weights, biases, "lin")
        for sign, value in plain:
            total = self.op("+" if sign > 0 else "−", total, value)
        whole = f"{before}{function}{shift}{after}"
        return total if whole == "lin" else self.op(whole, total)

    def boxed(self, term: ast.expr) -> str:
        """A weighted term that is taken away, or that is more than a product: a box of its own."""
        pair = self.weighted(term)
        if pair:
            return self.box([pair], [], "lin")
        if isinstance(term, ast.Name):
            return self.box([], [term.id], "lin")
        made = self.value(term)
        assert isinstance(made, str)
        return made

    def weighted(self, term: ast.expr) -> tuple[str, str] | None:
        """(value, weight) of a product of a weight and a value."""
        if not isinstance(term, ast.BinOp):
            return None
        if isinstance(term.op, ast.MatMult):
            assert isinstance(term.left, ast.Name)
            letter, value = term.left.id, self.value(term.right)
        elif isinstance(term.op, ast.Mult):
            pair = [term.left, term.right]
            vectors = [n for n in pair if isinstance(n, ast.Name) and VECTOR.fullmatch(n.id)]
            others = [n for n in pair if n not in vectors]
            if len(vectors) != 1 or has_weights(others[0]):
                return None
            letter, value = vectors[0].id, self.value(others[0])
        else:
            return None
        if isinstance(value, float):
            raise CanNotDraw(f"'{ast.unparse(term)}' multiplies a number.")
        return value, letter

    def box(self, weights: list[tuple[str, str]], biases: list[str], sign: str) -> str:
        name = self.node("layer", sign, tuple(biases))
        self.wires += [
            Wire(source=value, target=name, weights=((value, letter),)) for value, letter in weights
        ]
        return name


def scaled(node: ast.BinOp) -> tuple[ast.Call, str, str] | None:
    """Of a · f(...) ± b: the call, and what stands before and behind its name."""
    shift, rest = "", node
    if isinstance(node.op, ast.Add | ast.Sub) and isinstance(node.right, ast.Constant):
        if not isinstance(node.left, ast.BinOp):
            return None
        shift = f"{'+' if isinstance(node.op, ast.Add) else '−'}{written_number(node.right)}"
        rest = node.left
    if (
        isinstance(rest.op, ast.Mult)
        and isinstance(rest.left, ast.Constant)
        and isinstance(rest.right, ast.Call)
        and len(rest.right.args) == 1
    ):
        return rest.right, written_number(rest.left), shift
    return None


def terms(node: ast.expr, sign: int = 1) -> list[tuple[int, ast.expr]]:
    """The terms of a sum, with their signs."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        right = sign if isinstance(node.op, ast.Add) else -sign
        return [*terms(node.left, sign), *terms(node.right, right)]
    return [(sign, node)]


def has_weights(node: ast.expr) -> bool:
    """Whether a sum has a term that is a weight, or a weight times something."""
    for _, term in terms(node):
        if isinstance(term, ast.Name) and VECTOR.fullmatch(term.id):
            return True
        if isinstance(term, ast.BinOp):
            if isinstance(term.op, ast.MatMult):
                return True
            sides = (term.left, term.right)
            if isinstance(term.op, ast.Mult) and any(
                isinstance(n, ast.Name) and VECTOR.fullmatch(n.id) for n in sides
            ):
                return True
    return False


def graph_of(equations: Equations, bands: Mapping[str, int] | None = None) -> Graph:
    """The drawing of equations, not yet laid out. bands: of each name that is defined; by default by the numbers in
    the names. Raises CanNotDraw for what the notation has no sign for."""
    builder = Builder()
    names = [ast.unparse(line.targets[0]) for line in equations.tree]
    bands = bands_of(names) if bands is None else bands
    for source in ("x", *equations.state):
        builder.band = bands.get(f"{source}_new", 0)
        builder.values[source] = builder.node("input", source, name=source)
    for line, name in zip(equations.tree, names, strict=True):
        builder.band = bands[name]
        value = builder.value(line.value)
        builder.values[name] = value
        if isinstance(value, str) and not builder.nodes[value].letter:
            builder.nodes[value] = replace(builder.nodes[value], letter=primed(name))
    values = {name: value for name, value in builder.values.items() if isinstance(value, str)}
    for state in equations.state:
        builder.band = bands[f"{state}_new"]
        carried = builder.node("output", f"{state}'", name=f"{state}'")
        builder.nodes[carried] = replace(builder.nodes[carried], letter=f"{state}'")
        builder.wires.append(Wire(source=values[f"{state}_new"], target=carried))
    builder.band = max(bands.values())
    top = builder.node("output", "out", name="out")
    builder.nodes[top] = replace(builder.nodes[top], letter=equations.output)
    builder.wires.append(Wire(source=values[equations.output.replace("'", "_new")], target=top))
    kept = used(builder)
    wires = tuple(w for w in builder.wires if w.source in kept and w.target in kept)
    nodes = {name: node for name, node in builder.nodes.items() if name in kept}
    graph = joined(projected(Graph(title=equations.title, nodes=nodes, wires=wires)))
    return replace(graph, belts=tuple(belts(graph, values, equations.state)))


def projected(graph: Graph) -> Graph:
    """The same with a band of its own, below all others, for a projection of x that other layers take for x."""
    kinds = {name: node.kind for name, node in graph.nodes.items()}
    below = {
        name
        for name, node in graph.nodes.items()
        if node.kind == "layer"
        and node.sign == "lin"
        and [w.source for w in graph.into(name)] == ["x"]
        and any(kinds[w.target] == "layer" for w in graph.out_of(name))
    }
    if not below or {node.band for node in graph.nodes.values()} != {0}:
        return graph
    nodes = {
        name: replace(node, band=0 if name in below or name == "x" else 1)
        for name, node in graph.nodes.items()
    }
    return replace(graph, nodes=nodes)


def used(builder: Builder) -> set[str]:
    """What leads to an output."""
    found, todo = set[str](), [name for name, node in builder.nodes.items() if node.kind == "output"]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += [w.source for w in builder.wires if w.target == name]
    return found | {name for name, node in builder.nodes.items() if node.kind == "input"} & {
        w.source for w in builder.wires if w.target in found
    }


def bands_of(names: list[str]) -> dict[str, int]:
    """Which band each defined name belongs to: by the number at its end, and of what carries the same number what
    leads along depth above what leads along time."""

    def key(name: str) -> tuple[int, int]:
        plain = name.removesuffix("_new")
        digits = re.search(r"\d+$", plain)
        return int(digits[0]) if digits else 0, int(bool(re.match(r"(md|hd|[veqk])\d", plain)))

    keys = sorted({key(name) for name in names})
    return {name: keys.index(key(name)) for name in names}


def joined(graph: Graph) -> Graph:
    """The same with the values that a box has matrices on brought together in front of it."""
    heard: dict[str, dict[str, str]] = {}
    for wire in graph.wires:
        for value, letter in wire.weights:
            if MATRIX.fullmatch(letter):
                heard.setdefault(wire.target, {})[value] = letter
    sets = Counter(frozenset(parts) for parts in heard.values() if len(parts) > 1)
    order = {name: place for place, name in enumerate(graph.nodes)}
    names, joins, wires = dict[frozenset[str], str](), dict[str, Node](), list[Wire]()
    for parts in sorted(sets, key=lambda p: (len(p), sorted(p))):
        band = min(graph.nodes[box].band for box, all_parts in heard.items() if frozenset(all_parts) == parts)
        inner = max((p for p in names if p < parts), key=len, default=frozenset[str]())
        first, *rest = [
            *([names[inner]] if inner else []),
            *sorted(parts - inner, key=order.__getitem__),
        ]
        for source in rest:  # two at a time: what has joined first is joined by the next
            name = f"join{len(joins) + 1}"
            joins[name] = Node(name=name, kind="join", band=band)
            wires += [Wire(source=first, target=name), Wire(source=source, target=name, slot=1)]
            first = name
        names[parts] = first
    for wire in graph.wires:
        parts = frozenset(heard.get(wire.target, {}))
        matrices = [letter for _, letter in wire.weights if MATRIX.fullmatch(letter)]
        if parts not in names or not matrices:
            wires.append(wire)
    for box, by_value in heard.items():
        if joined_by := names.get(frozenset(by_value)):
            wires.append(Wire(source=joined_by, target=box, weights=tuple(sorted(by_value.items()))))
    return replace(graph, nodes={**graph.nodes, **joins}, wires=merged(wires))


def merged(wires: list[Wire]) -> tuple[Wire, ...]:
    """One wire for several weights on the same value in the same box."""
    found: dict[tuple[str, ...], Wire] = {}
    for k, wire in enumerate(wires):
        key = (wire.source, wire.target, *([] if wire.weights else [str(k)]))
        if key in found:
            wire = replace(wire, weights=(*found[key].weights, *wire.weights))
        found[key] = wire
    return tuple(found.values())


def belts(graph: Graph, values: dict[str, str], state: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The operations between a carried value and its new one, and between the memories of one depth and the next."""
    pairs = [(s, f"{s}_new") for s in state]
    for name in values:
        if found := re.fullmatch(r"(m|md)(\d+)", name):
            pairs.append((name, f"{found[1]}{int(found[2]) + 1}"))
    paths = [path(graph, values[a], values[b]) for a, b in pairs if a in values and b in values]
    return [found for found in paths if found]


def path(graph: Graph, start: str, end: str) -> tuple[str, ...]:
    """The longest way from one node to another through circles alone, without the start; empty where there is none."""
    if start == end:
        return ()
    best: tuple[str, ...] = ()
    for wire in graph.out_of(start):
        node = graph.nodes[wire.target]
        if node.kind != "op":
            continue
        rest = path(graph, wire.target, end)
        if (wire.target == end or rest) and 1 + len(rest) > len(best):
            best = (wire.target, *rest)
    return best
