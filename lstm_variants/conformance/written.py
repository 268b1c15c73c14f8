"""Equations that somebody wrote down, read from text, line by line, with a reason for every line that cannot be read.

    # Minimal gated unit
    f = σ(W_f x + R_f h + b_f)
    k = tanh(W_k x + R_k (f ⊙ h) + b_k)
    h' = (1 - f) ⊙ h + f ⊙ k

The language is that of `language.py`. What has a prime on the left is carried, what the last line defines is the
output (or a line `output: y'` says what is). `sigma`, `*` and a typographical prime will do for σ, ⊙ and '.
"""

import ast
import re
from pathlib import Path

import numpy as np

from lstm_variants.conformance.language import (
    FUNCTIONS,
    MATRIX,
    VECTOR,
    Equations,
    compiled,
    parse,
    roles_of,
    show,
)

N, H, POINTS = 3, 5, 4
OUTPUT = re.compile(r"output\s*:\s*(.*)")
OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.MatMult)


class Unreadable(ValueError):
    """What is wrong with which line."""

    def __init__(self, number: int, reason: str):
        super().__init__(f"line {number}: {reason}")


def read_equations(path: Path) -> Equations:
    """The equations of a file, named after it. Raises Unreadable, OSError or UnicodeDecodeError."""
    return written(path.read_text(encoding="utf-8-sig"), path.stem)


def written(text: str, name: str = "equations") -> Equations:
    """The equations of a text. Raises Unreadable."""
    lines: list[tuple[int, str]] = []
    output: tuple[int, str] | None = None
    for number, raw in enumerate(text.splitlines(), 1):
        line = re.sub("[′’ʹ]", "'", raw.partition("#")[0]).replace("·", "⊙").strip()
        if said := OUTPUT.fullmatch(line):
            output = number, said[1].strip()
        elif line:
            lines.append((number, line))
    if not lines:
        raise Unreadable(1, "there are no equations, such as h' = tanh(W x + R h + b).")
    trees = [assignment(number, line) for number, line in lines]
    targets = [tree.targets[0].id for tree in trees]  # type: ignore[attr-defined]
    for k, (number, _) in enumerate(lines):
        if targets[k] in targets[:k]:
            raise Unreadable(number, f"{shown(targets[k])} is defined a second time.")
        if MATRIX.fullmatch(targets[k]) or VECTOR.fullmatch(targets[k]) or targets[k] in ("x", *FUNCTIONS):
            raise Unreadable(
                number, f"{shown(targets[k])} cannot be defined: it is a parameter, a function or the input."
            )
    state = tuple(target.removesuffix("_new") for target in targets if target.endswith("_new"))
    defined = {"x", *state}
    for (number, _), tree, target in zip(lines, trees, targets, strict=True):
        check(number, tree.value, defined, set(targets))
        defined.add(target)
    number, last = output or (lines[-1][0], shown(targets[-1]))
    if last.replace("'", "_new") not in targets:
        raise Unreadable(number, f"the output {last} is not defined by any line.")
    try:
        roles = roles_of(tuple(trees))
    except AssertionError as error:
        raise Unreadable(lines[0][0], f"a matrix stands before what it multiplies; got {error}.") from None
    try_out(lines, trees, {role.name: role.kind for role in roles.values()}, state)
    return Equations(name, f"the equations of {name}", tuple(show(tree) for tree in trees), state, last)


def assignment(number: int, line: str) -> ast.Assign:
    """One line of a file, parsed. Raises Unreadable where it is no assignment."""
    try:
        tree = parse(line)
    except (SyntaxError, ValueError, AssertionError) as error:
        detail = f" ({error.msg})" if isinstance(error, SyntaxError) else ""
        raise Unreadable(
            number,
            f"'{line}' is not of the form NAME = EXPRESSION{detail}; matrices are W, R, P or U, "
            "and everything but what they multiply takes a ⊙, +, - or /.",
        ) from None
    if len(tree.targets) != 1 or not isinstance(tree.targets[0], ast.Name):
        raise Unreadable(number, f"'{line}' defines no single name.")
    return tree


def check(number: int, node: ast.expr, defined: set[str], targets: set[str]) -> None:
    """Raise Unreadable for what the language does not have."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, OPERATORS):
        if isinstance(node.op, ast.MatMult) and not (
            isinstance(node.left, ast.Name) and MATRIX.fullmatch(node.left.id)
        ):
            raise Unreadable(
                number, f"only a matrix (W, R, P, U, W_z ...) multiplies; got {ast.unparse(node.left)}."
            )
        if not isinstance(node.op, ast.MatMult):
            check(number, node.left, defined, targets)
        check(number, node.right, defined, targets)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        check(number, node.operand, defined, targets)
    elif isinstance(node, ast.Call):
        if (
            not isinstance(node.func, ast.Name)
            or node.func.id not in FUNCTIONS
            or node.keywords
            or not node.args
        ):
            called = shown(ast.unparse(node.func))
            raise Unreadable(
                number, f"there is no function {called}; known: {', '.join(map(shown, FUNCTIONS))}."
            )
        if node.func.id != "LN" and len(node.args) > 1:
            raise Unreadable(number, f"{shown(node.func.id)} takes one argument; got {len(node.args)}.")
        for argument in node.args:
            check(number, argument, defined, targets)
    elif isinstance(node, ast.Name):
        name = node.id
        if name in defined or VECTOR.fullmatch(name):
            return
        if MATRIX.fullmatch(name):
            raise Unreadable(
                number, f"the matrix {name} multiplies nothing; write {name} x, or {name} (r ⊙ h)."
            )
        if name in targets:
            raise Unreadable(number, f"{shown(name)} is used before the line that defines it.")
        raise Unreadable(
            number,
            f"{shown(name)} is not known: no line defines it, no line has {shown(name)}' on its left, and it is no "
            "matrix (W R P U), no vector (b p w g_...), nor the input x.",
        )
    elif not (isinstance(node, ast.Constant) and type(node.value) in (int, float)):
        raise Unreadable(number, f"'{shown(ast.unparse(node))}' is not part of the language.")


def try_out(
    lines: list[tuple[int, str]], trees: list[ast.Assign], kinds: dict[str, str], state: tuple[str, ...]
) -> None:
    """Raise Unreadable for shapes that do not go together: h units, or n inputs that only a matrix can read."""
    generator = np.random.default_rng(0)
    shapes = {"input": (H, N), "square": (H, H), "vector": (H, 1)}
    values = {name: generator.normal(size=shapes[kind]) for name, kind in kinds.items()}
    values |= {"x": generator.normal(size=(N, POINTS))} | {
        s: generator.normal(size=(H, POINTS)) for s in state
    }
    for (number, line), tree in zip(lines, trees, strict=True):
        try:
            with np.errstate(all="ignore"):
                values = dict(compiled((tree,))(values))
        except (ValueError, TypeError, np.exceptions.AxisError):
            raise Unreadable(
                number,
                f"the shapes in '{line}' do not go together: x is (n), a matrix is (h, n) on x and else (h, h).",
            ) from None
        made = values[tree.targets[0].id]  # type: ignore[attr-defined]
        if np.shape(made) not in ((), (H, 1), (H, POINTS)):
            raise Unreadable(number, f"'{line}' does not give a vector of the units.")


def shown(name: str) -> str:
    return re.sub(r"_new\b", "'", name.replace("sigma", "σ")).replace("h_cand", "h̃")
