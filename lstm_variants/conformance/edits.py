"""Equations with one mistake: what a cell may compute instead of what it is named after.

another function     tanh for σ, relu for tanh, a hard sigmoid, or none at all
a term left out      a bias, a peephole, the recurrent product; a factor left out
another sign         + for -
old for new          c where the paper has c', or the reverse
another gate         i where the paper has f, 1 - i where it has i
a constant           σ(... + 1), as libraries do that add the forget bias at every step
a product moved      r ⊙ (R h) where the paper has R (r ⊙ h)
"""

import ast
import copy
from collections.abc import Iterator

from lstm_variants.conformance.language import FUNCTIONS, Equations, left, show

SQUASHING = ("tanh", "sigma", "relu", "hardsigma", "hardsigma5")
ONE = ast.Constant(1)


def edits(equations: Equations) -> Iterator[tuple[int, Equations]]:
    """Every (number of the line that differs, equations with that one line changed), in order of the lines."""
    defined: list[str] = []
    for number, line in enumerate(equations.tree):
        seen = {equations.lines[number]}
        for changed in line_edits(line.value, names(equations, defined)):
            text = show(ast.Assign(targets=line.targets, value=changed, lineno=0))
            if text not in seen:
                seen.add(text)
                lines = (*equations.lines[:number], text, *equations.lines[number + 1 :])
                yield (
                    number,
                    Equations(equations.name, equations.title, lines, equations.state, equations.output),
                )
        defined.append(ast.unparse(line.targets[0]))


def names(equations: Equations, defined: list[str]) -> dict[str, list[str]]:
    """What may stand in place of a name: for a carried value the new one and back, for a gate another gate."""
    gates = [d for d in defined if not d.endswith("_new")]
    swaps: dict[str, list[str]] = {gate: [other for other in gates if other != gate] for gate in gates}
    for letter in equations.state:
        swaps[f"{letter}_new"] = [letter]
        swaps[letter] = [f"{letter}_new"] if f"{letter}_new" in defined else []
        swaps[letter] += [other for other in equations.state if other != letter]
    return swaps


def line_edits(node: ast.expr, swaps: dict[str, list[str]]) -> Iterator[ast.expr]:
    """The expression with one node replaced, for every node and every replacement."""
    for place, old in enumerate(ast.walk(node)):
        for new in replacements(old, swaps):
            yield swap(node, place, new)
    for a in swaps:  # two names exchanged throughout
        for b in swaps[a]:
            if a < b and {a, b} <= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}:
                exchanged = copy.deepcopy(node)
                for n in ast.walk(exchanged):
                    if isinstance(n, ast.Name) and n.id in (a, b):
                        n.id = b if n.id == a else a
                yield exchanged


def replacements(node: ast.AST, swaps: dict[str, list[str]]) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
        yield node.args[0]
        for other in SQUASHING:
            if other != node.func.id:
                yield ast.Call(func=ast.Name(other), args=node.args, keywords=[])
        if node.func.id == "sigma":
            yield ast.Call(func=node.func, args=[ast.BinOp(node.args[0], ast.Add(), ONE)], keywords=[])
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        yield node.left
        if isinstance(node.op, ast.Add):
            yield node.right
            yield ast.BinOp(node.left, ast.Sub(), node.right)
        else:
            yield node.right
            yield ast.BinOp(node.left, ast.Add(), node.right)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        yield node.left
        yield node.right
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        if isinstance(node.right, ast.BinOp) and isinstance(node.right.op, ast.Mult):
            a, b = node.right.left, node.right.right
            yield ast.BinOp(a, ast.Mult(), ast.BinOp(node.left, ast.MatMult(), b))
            yield ast.BinOp(b, ast.Mult(), ast.BinOp(node.left, ast.MatMult(), a))
    elif isinstance(node, ast.Name) and node.id in swaps:
        for other in swaps[node.id]:
            yield ast.Name(other)
        if not node.id.endswith("_new"):
            yield ast.BinOp(ONE, ast.Sub(), node)


def swap(tree: ast.expr, place: int, new: ast.expr) -> ast.expr:
    """A copy of `tree` with node number `place` (in the order of `ast.walk`) replaced."""
    if place == 0:
        return copy.deepcopy(new)
    made = copy.deepcopy(tree)
    nodes = list(ast.walk(made))
    for parent in nodes:
        for name, value in ast.iter_fields(parent):
            if value is nodes[place]:
                setattr(parent, name, copy.deepcopy(new))
            elif isinstance(value, list):
                value[:] = [copy.deepcopy(new) if item is nodes[place] else item for item in value]
    return made


def first_difference(wanted: Equations, found: Equations) -> tuple[str, str]:
    """The first equation of `wanted` that `found` has otherwise, and how (or that it has none)."""
    others = {left(line): line for line in found.lines}
    for line in wanted.lines:
        if others.get(left(line)) != line:
            return line, others.get(left(line), f"no {left(line)}")
    return wanted.lines[-1], "further equations"
