"""Equations as text that can be evaluated, so that what is printed is what is checked.

One line per equation, in the letters of the papers:

    z = tanh(W_z x + R_z y + b_z)
    c' = z ⊙ i + c ⊙ f
    o = σ(W_o x + R_o y + p_o ⊙ c' + b_o)

x is the input; a name with a prime is the new value of a carried one; W, R, P, U (and W_z, R_z ...) are matrices
and stand before what they multiply; names in p, w, b or g (and c_h, an inner bias) are vectors. A matrix on x is
(h, n), any other (h, h), a vector (h,). Functions: σ, tanh, relu, exp, hardtanh, the three hard sigmoids in use, and
LN(a, b, ...): a less the mean and over the standard deviation of the units of a, b, ... together. `written.py` reads
such equations from a file.
"""

import ast
import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Values = dict[str, np.ndarray]


def normalised(a: np.ndarray, *others: np.ndarray) -> np.ndarray:
    """Layer norm without gain and bias, of `a` alone or as one part of a longer vector; points are columns."""
    together = np.concatenate([a, *others])
    mean, variance = together.mean(0), together.var(0)
    return (a - mean) / np.sqrt(variance + 1e-5)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sigma": lambda a: 1 / (1 + np.exp(-a)),
    "tanh": np.tanh,
    "relu": lambda a: np.maximum(a, 0),
    "exp": np.exp,
    "hardsigma": lambda a: np.clip(a / 6 + 0.5, 0, 1),  # relu6(a + 3) / 6, as in JAX and PyTorch
    "hardsigma5": lambda a: np.clip(a / 5 + 0.5, 0, 1),  # as in Theano and Keras
    "hardsigma2": lambda a: np.clip(a / 2 + 0.5, 0, 1),  # Courbariaux et al. 2015
    "hardtanh": lambda a: np.clip(a, -1, 1),
    "LN": normalised,
}
MATRIX = re.compile(r"[WRPU](_\w+)?")
VECTOR = re.compile(r"([pwb]|c_h)(_\w+)?|g_\w+")


@dataclass(frozen=True)
class Role:
    """A parameter of the equations: its letter and whether it is "input" (h, n), "square" or "vector"."""

    name: str
    kind: str


@dataclass(frozen=True)
class Equations:
    """A cell as its paper prints it.

    name: as on the command line. title: in words. lines: the equations in order. state: the carried values.
    output: the name of what the cell puts out.
    """

    name: str
    title: str
    lines: tuple[str, ...]
    state: tuple[str, ...]
    output: str

    def but(self, name: str, title: str, *changes: str, state: tuple[str, ...] | None = None) -> "Equations":
        """The same with these lines in place of the ones that define the same letter."""
        defined = {left(change): change for change in changes}
        assert all(any(left(line) == key for line in self.lines) for key in defined), defined
        return Equations(
            name,
            title,
            tuple(defined.get(left(line), line) for line in self.lines),
            state or self.state,
            self.output,
        )

    @functools.cached_property
    def tree(self) -> tuple[ast.Assign, ...]:
        return tuple(parse(line) for line in self.lines)

    @functools.cached_property
    def roles(self) -> dict[str, Role]:
        """Parameters by letter, in order of appearance."""
        return roles_of(self.tree)

    @functools.cached_property
    def step(self) -> Callable[[Mapping[str, np.ndarray]], Values]:
        """`values -> values`: parameters, x and the carried values in; everything defined by the lines out.

        Matrices are (h, n) or (h, h), vectors (h, 1), x (n, points), states (h, points).
        """
        return compiled(self.tree)


def left(line: str) -> str:
    return line.split("=", 1)[0].strip()


def parse(line: str) -> ast.Assign:
    """A line as a Python assignment: ⊙ is *, juxtaposition after a matrix is @, a prime is _new."""
    text = re.sub(r"(\w)'", r"\1_new", line)
    text = text.replace("σ", "sigma").replace("⊙", "*").replace("h̃", "h_cand")
    text = re.sub(r"\b([WRPU](?:_\w+)?)\s+(?=[\w(])", r"\1 @ ", text)
    (node,) = ast.parse(text).body
    assert isinstance(node, ast.Assign)
    return node


def show(node: ast.Assign) -> str:
    """The line again, as the papers write it."""
    text = ast.unparse(node).replace(" @ ", " ").replace(" * ", " ⊙ ").replace("h_cand", "h̃")
    return re.sub(r"_new\b", "'", text.replace("sigma", "σ"))


def roles_of(tree: tuple[ast.Assign, ...]) -> dict[str, Role]:
    """Every name that the equations use and neither define nor carry, with its kind."""
    found: dict[str, Role] = {}
    for line in tree:
        for node in ast.walk(line):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
                assert isinstance(node.left, ast.Name), ast.unparse(node)
                on_input = isinstance(node.right, ast.Name) and node.right.id == "x"
                found[node.left.id] = Role(node.left.id, "input" if on_input else "square")
            elif isinstance(node, ast.Name) and VECTOR.fullmatch(node.id):
                found.setdefault(node.id, Role(node.id, "vector"))
    return found


def compiled(tree: tuple[ast.Assign, ...]) -> Callable[[Mapping[str, np.ndarray]], Values]:
    module = ast.fix_missing_locations(ast.Module(body=list(tree), type_ignores=[]))
    code = compile(module, "<equations>", "exec")

    def step(values: Mapping[str, np.ndarray]) -> Values:
        scope: dict[str, Any] = {**FUNCTIONS, **values}
        exec(code, {"__builtins__": {}}, scope)
        return scope

    return step
