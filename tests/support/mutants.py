"""Cells with one mistake, made from the source of the catalogue: who notices?

    python tests/support/mutants.py oracles [NAME...]    the oracles of tests/lstm_variants/test_equations.py
    python tests/support/mutants.py kit [NAME...]        lstm_variants.conformance, under the cell's own name

A mutant is a module of the catalogue in which one statement is changed, of the `__call__` of the cell, of its
layers, or of a function that those call:

    a function     tanh for σ, relu for tanh, or none at all; σ(a + 1); tile for repeat
    a term         left out, or subtracted; a whole product or the bias of `affine` left out
    a factor       left out; 1 - i where the cell has i, or the reverse
    a gate         f where the cell has i; i and f exchanged in a line or in an unpacking; p_f for p_i
    a state        y where the cell has c; c before its update where the cell has it after (the reverse would
                   be circular: every line of the catalogue that reads an old value helps to make the new one)
    a gradient     (for the oracles) cut where a state is read
    a product      r ⊙ (R h) where the cell has R (r ⊙ h), and back
    a selection    one side of a `where`, the neighbours in a concatenation, == for !=

Sums and products of the same operands in another order are no mutants.
"""

import ast
import copy
import importlib
import inspect
import itertools
import re
import sys
import types
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lstm_variants import CELLS
from lstm_variants.conformance import Verdict, adapt, conform

SQUASHING = ("jnp.tanh", "jax.nn.sigmoid", "jax.nn.relu")
SQUASHED = (*SQUASHING, "jax.nn.log_sigmoid", "g", "H", "jnp.exp", "ACTIVATIONS[self.activation]")
UNMADE = itertools.count()


@dataclass(frozen=True)
class Mutant:
    """cell: name in the catalogue. line: number in its module. letters: of the values that the change is about,
    as the code names them (several for a change of an unpacking). source: of the whole module, changed.
    cut: only a gradient is wrong."""

    cell: str
    line: int
    before: str
    after: str
    letters: tuple[str, ...]
    source: str = field(repr=False)
    cut: bool = False

    def __str__(self) -> str:
        return f"{self.cell}:{self.line}  {self.before}  ->  {self.after}"

    def spec(self) -> type:
        """The spec class of the mutated module, executed under a name of its own."""
        module = types.ModuleType(f"mutant_{next(UNMADE)}_of_{self.cell}")
        module.__dict__.update(jax=jax, jnp=jnp)  # not every module that may get a tanh imports it
        sys.modules[module.__name__] = module
        exec(compile(self.source, f"<{self}>", "exec"), module.__dict__)
        return getattr(module, CELLS[self.cell].__name__)


# Making mutants.


def mutants(name: str, cuts: bool = False) -> list[Mutant]:
    """All of the cell called `name` in the catalogue, in the order of its lines. cuts: also those of which only
    the gradient is wrong."""
    source = inspect.getsource(sys.modules[CELLS[name].__module__])
    lines, found = source.splitlines(), []
    for function in equations(ast.parse(source)):
        scope, body = Scope.of(function), list(statements(function.body))
        for statement, nested in body:
            seen = {canonical(statement)}
            for change in changes(statement, scope, [other for other, _ in body if other is not statement]):
                key, text = canonical(change.statement), ast.unparse(change.statement)
                if key in seen or (change.cut and not cuts):
                    continue
                seen.add(key)
                edited = lines.copy()
                edited[statement.lineno - 1 : statement.end_lineno] = [" " * statement.col_offset + text]
                if change.old:
                    first = scope.updates[change.old]
                    edited.insert(
                        first.lineno - 1, f"{' ' * first.col_offset}{change.old}_old = {change.old}"
                    )
                where, before = statement.lineno, ast.unparse(statement)
                found.append(
                    Mutant(name, where, before, text, change.letters, "\n".join(edited) + "\n", change.cut)
                )
            scope.after(statement, nested)
    return found


def equations(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """Every `__call__`, and the methods and functions of the module that it reaches."""
    functions = {f.name: f for f in tree.body if isinstance(f, ast.FunctionDef)}
    for kind in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        methods = {f.name: f for f in kind.body if isinstance(f, ast.FunctionDef)}
        todo, done = [methods[name] for name in ("__call__",) if name in methods], []
        while todo:
            done.append(function := todo.pop(0))
            for call in (n for n in ast.walk(function) if isinstance(n, ast.Call)):
                reached = functions.get(ast.unparse(call.func)) or methods.get(
                    ast.unparse(call.func).removeprefix("self.")
                )
                if reached and reached not in (*done, *todo):
                    todo.append(reached)
        yield from done


def statements(body: list[ast.stmt], nested: bool = False) -> Iterator[tuple[ast.stmt, bool]]:
    """Assignments, returns and calls in order, and whether an `if` stands above them."""
    for statement in body:
        if isinstance(statement, ast.For | ast.If):
            yield statement, nested
            yield from statements(statement.body, nested or isinstance(statement, ast.If))
        elif not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            yield statement, nested


@dataclass
class Scope:
    """What the names mean at a statement. updates: for a name with an earlier value, where that was replaced."""

    parameters: list[str]
    ignored: set[str]
    states: list[str] = field(default_factory=list)
    gates: list[str] = field(default_factory=list)
    updates: dict[str, ast.stmt] = field(default_factory=dict)

    @classmethod
    def of(cls, function: ast.FunctionDef) -> "Scope":
        """At the first statement of a function."""
        arguments = [a.arg for a in function.args.args if a.arg not in ("self", "carry")]
        ignored = set()  # indices, clocks, lists and functions
        for node in ast.walk(function):
            if isinstance(node, ast.Subscript):
                ignored |= names(node.slice)
            elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
                ignored |= names(node)
            elif isinstance(node, ast.Call):
                ignored |= names(node.func)
        found = [ast.unparse(n) for n in ast.walk(function) if isinstance(n, ast.Attribute)]
        scope = cls([text for text in dict.fromkeys(found) if text.startswith("self.")], ignored)
        if function.name != "__call__" or "carry" not in {a.arg for a in function.args.args}:
            scope.states = [a for a in arguments if a not in ignored]
        return scope

    def after(self, statement: ast.stmt, nested: bool) -> None:
        """Takes note of what the statement assigns."""
        if isinstance(statement, ast.Assign):
            from_carry = names(statement.value) == {"carry"}
            targets = names(statement.targets[0])
        elif isinstance(statement, ast.For):
            from_carry, targets = True, names(statement.target)
        else:
            return
        for name in sorted(t for t in targets - self.ignored if t[0].islower()):
            if name in (*self.states, *self.gates):
                if not nested:
                    self.updates[name] = statement
            else:
                (self.states if from_carry else self.gates).append(name)


class Change(NamedTuple):
    """letters and cut: as of a mutant. old: name of which the statement now reads the value before its update."""

    statement: ast.stmt
    letters: tuple[str, ...]
    old: str = ""
    cut: bool = False


def changes(statement: ast.stmt, scope: Scope, others: list[ast.stmt]) -> Iterator[Change]:
    """One at a time; `others` are the other statements of the function."""
    if isinstance(statement, ast.For | ast.If):
        return
    everything = list(expressions(statement.value))
    for place, node in enumerate(everything):
        letters = about(statement, node, scope)
        for new in replacements(node, scope):
            yield Change(replaced(statement, place, new), letters)
        if isinstance(node, ast.Name) and node.id in scope.updates:
            yield Change(replaced(statement, place, ast.Name(f"{node.id}_old")), letters, old=node.id)
        if isinstance(node, ast.Name) and node.id in scope.states:
            yield Change(replaced(statement, place, call("jax.lax.stop_gradient", node)), letters, cut=True)
    read = [n.id for n in everything if isinstance(n, ast.Name) and n.id in (*scope.states, *scope.gates)]
    for a, b in itertools.combinations(dict.fromkeys(read), 2):
        value = exchanged(statement.value, a, b)
        yield Change(replaced(statement, 0, value), (a, b))
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple):
        targets, value = statement.targets[0].elts, statement.value
        if isinstance(value, ast.Tuple) and len({ast.unparse(e) for e in value.elts}) == 1:
            return  # cells, outputs = [], []
        for a, b in itertools.combinations(map(ast.unparse, targets), 2):
            if any(canonical(exchanged(o, a, b)) != canonical(o) for o in others):
                other = copy.deepcopy(statement)
                other.targets[0] = exchanged(other.targets[0], a, b)
                yield Change(other, (a, b))


def exchanged(node: ast.AST, a: str, b: str) -> ast.AST:
    """A copy with two names exchanged."""
    made = copy.deepcopy(node)
    for name in ast.walk(made):
        if isinstance(name, ast.Name) and name.id in (a, b):
            name.id = b if name.id == a else a
    return made


def expressions(node: ast.expr) -> Iterator[ast.expr]:
    """The parts of an expression that hold numbers, itself first: no indices, functions or keywords."""
    yield node
    if isinstance(node, ast.Call):
        inner = node.args if ast.unparse(node.func) != "isinstance" else []
        if isinstance(node.func, ast.Attribute) and not isinstance(node.func.value, ast.Name | ast.Attribute):
            inner = [node.func.value, *inner]
    elif isinstance(node, ast.Subscript):
        inner = [node.value]
    elif isinstance(node, ast.Attribute):
        inner = []
    else:
        inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    for child in inner:
        yield from expressions(child)


def replacements(node: ast.expr, scope: Scope) -> Iterator[ast.expr]:
    one = ast.Constant(1)
    match node:
        case ast.Call(func=func, args=[a]) if ast.unparse(func) in SQUASHED:
            yield a
            yield from (call(other, a) for other in SQUASHING if other != ast.unparse(func))
            if ast.unparse(func) == "jax.nn.sigmoid":
                yield ast.BinOp(one, ast.Sub(), node)
                yield call("jax.nn.sigmoid", ast.BinOp(a, ast.Add(), one))
        case ast.Call(func=ast.Name("affine"), args=[x, W, h, R, b]):
            for k in (0, 2, 4):
                yield call(
                    "affine",
                    *(
                        ast.BinOp(ast.Constant(0), ast.Mult(), a) if l == k else a
                        for l, a in enumerate(node.args)
                    ),
                )
            if isinstance(h, ast.BinOp) and isinstance(h.op, ast.Mult):
                moved = ast.BinOp(h.left, ast.Mult(), ast.BinOp(h.right, ast.MatMult(), R))
                plain = ast.BinOp(ast.BinOp(x, ast.MatMult(), W), ast.Add(), b)
                yield ast.BinOp(plain, ast.Add(), moved)
        case ast.Call(func=ast.Name("product"), args=[ast.BinOp(left=r, op=ast.Mult(), right=h) as a, R]):
            yield a
            yield ast.BinOp(r, ast.Mult(), call("product", h, R))
        case ast.Call(func=ast.Name("product"), args=[a, R]):
            yield a
        case ast.Call(func=func, args=[a, b, *more]) if ast.unparse(func) == "jnp.where":
            yield b
            yield more[0]
        case ast.Call(func=func, args=[a, times]) if ast.unparse(func) == "jnp.repeat":
            yield call("jnp.tile", a, times)
        case ast.Call(func=func, args=[ast.List(elts), *more]) if ast.unparse(func) == "jnp.concatenate":
            for k in range(len(elts) - 1):
                made = copy.deepcopy(node)
                made.args[0].elts[k : k + 2] = [elts[k + 1], elts[k]]
                yield made
        case ast.BinOp(left=a, op=ast.Add() | ast.Sub(), right=b):
            yield a
            yield b
            yield ast.BinOp(a, ast.Sub() if isinstance(node.op, ast.Add) else ast.Add(), b)
        case ast.BinOp(left=a, op=ast.Mult(), right=b):
            yield a
            yield b
            if isinstance(a, ast.Name) and a.id in scope.gates:
                yield ast.BinOp(ast.BinOp(one, ast.Sub(), a), ast.Mult(), b)
            if isinstance(b, ast.Name) and b.id in scope.gates:
                yield ast.BinOp(a, ast.Mult(), ast.BinOp(one, ast.Sub(), b))
            match b:  # r ⊙ (h R + b)
                case ast.BinOp(left=ast.Call(func=ast.Name("product"), args=[h, R]), op=ast.Add(), right=c):
                    reset = call("product", ast.BinOp(a, ast.Mult(), h), R)
                    yield ast.BinOp(reset, ast.Add(), c)
        case ast.BinOp(left=a, op=ast.MatMult() | ast.Div() | ast.Pow() | ast.Mod()):
            yield a
        case ast.Compare(left=a, ops=[op], comparators=[b]):
            other = {ast.Eq: ast.NotEq, ast.Gt: ast.GtE}.get(type(op))
            if other:
                yield ast.Compare(a, [other()], [b])
        case ast.Name(name):
            for group in (scope.gates, scope.states):
                yield from (ast.Name(other) for other in group if name in group and other != name)
        case ast.Attribute():
            text = ast.unparse(node)
            family = text.split("_")[0]
            if "_" in text and text in scope.parameters:
                others = [p for p in scope.parameters if p.split("_")[0] == family and p != text]
                yield from (ast.parse(other, mode="eval").body for other in others)


def call(function: str, *arguments: ast.expr) -> ast.expr:
    made = ast.parse(f"{function}()", mode="eval").body
    made.args = list(arguments)
    return made


def names(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def about(statement: ast.stmt, node: ast.expr, scope: Scope) -> tuple[str, ...]:
    """The letters of a change at `node`: in `c = tanh(z) * i` a change of tanh is about z, or about c."""
    value = statement.value
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    match node:
        case ast.Call(func=func, args=[ast.Name(name)]) if (
            ast.unparse(func) in SQUASHED and name in scope.gates
        ):
            return (name, ast.unparse(target)) if target else (name,)
    if target is None:
        return ()
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and node is not value:
        for element, part in zip(target.elts, value.elts, strict=True):
            if node in list(expressions(part)):
                return (ast.unparse(element),)
    return tuple(n.id for n in ast.walk(target) if isinstance(n, ast.Name))


def replaced(statement: ast.stmt, place: int, new: ast.expr) -> ast.stmt:
    """A copy in which expression number `place` is another one."""
    made = copy.deepcopy(statement)
    old = list(expressions(made.value))[place]

    class Put(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return copy.deepcopy(new) if node is old else self.generic_visit(node)

    return Put().visit(made)


def canonical(statement: ast.stmt) -> str:
    """Its text, with the operands of sums and of products in alphabetical order."""

    class Sort(ast.NodeTransformer):
        def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
            self.generic_visit(node)
            if not isinstance(node.op, ast.Add | ast.Mult):
                return node
            kind, operands, todo = type(node.op), [], [node]
            while todo:
                part = todo.pop()
                if isinstance(part, ast.BinOp) and isinstance(part.op, kind):
                    todo += [part.left, part.right]
                else:
                    operands.append(part)
            first, *rest = sorted(operands, key=ast.unparse)
            for operand in rest:
                first = ast.BinOp(first, kind(), operand)
            return first

    return ast.unparse(Sort().visit(copy.deepcopy(statement)))


# The oracles.


@cache
def equation_tests() -> types.ModuleType:
    """tests/lstm_variants/test_equations.py."""
    sys.path.append(str(Path(__file__).parents[1] / "lstm_variants"))
    return importlib.import_module("test_equations")


def by_oracles(mutant: Mutant) -> str | None:
    """How the oracles notice: "values", "gradients" or "crash"; None if they do not."""
    tests, spec = equation_tests(), mutant.spec()
    cases = [structure for name, structure in tests.CASES.values() if name == mutant.cell]
    for gradients, compare in ((False, tests.compare_values), (True, tests.compare_gradients)):
        for structure in cases:
            try:
                with jax.disable_jit(), np.errstate(all="ignore"), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    compare(tests.measured(mutant.cell, spec(**structure), gradients))
            except AssertionError:
                return "gradients" if gradients else "values"
            except Exception:
                return "crash"
    return None


# The kit.


class Notice(NamedTuple):
    """What the kit makes of a mutant.

    how: "crash" (of the mutant), "raises ..." (the kit does), "deviates", "other gates" (it conforms with its
    gates in another order), "other form" (it conforms to another form that carries the same name), "same
    numbers" (at the kit's sizes it is no mutant), or "survives". equation, where it deviates: "right", "other"
    (perhaps with equal right: which of two gates lost its matrices is a matter of naming), "none" (no change of
    one equation explains it), or "unsaid" (the mutated line is none of the paper's).
    """

    how: str
    equation: str
    verdict: Verdict | None


@cache
def original(name: str) -> Verdict:
    """The kit's verdict on the cell itself."""
    return conform(CELLS[name], name, contract=False)


def by_kit(mutant: Mutant) -> Notice:
    """Without compiling, which takes longer than the step is worth."""
    wanted = original(mutant.cell)
    with jax.disable_jit(), np.errstate(all="ignore"):
        try:
            verdict = conform(mutant.spec(), mutant.cell, contract=False)
        except Exception as error:
            return Notice("crash" if crashes(mutant) else f"raises {type(error).__name__}", "", None)
        if not verdict.conforms:
            return Notice("deviates", equation(mutant, verdict), verdict)
        if verdict.layout != wanted.layout:
            return Notice("other gates", "", verdict)
        if verdict.title != wanted.title:
            return Notice("other form", "", verdict)
        return Notice("same numbers" if same_numbers(mutant) else "survives", "", verdict)


def equation(mutant: Mutant, verdict: Verdict) -> str:
    """Whether the line that the kit blames defines a letter that the mutant is about."""
    if re.match("no change of|has |carries ", verdict.deviation.found):
        return "none"

    def defined(line: str) -> str:
        return re.sub(r"[\d']|_.*", "", line.split("=")[0].strip())

    known = {defined(line) for line in original(mutant.cell).equations}
    letters = known & {"h̃" if letter == "candidate" else letter for letter in mutant.letters}
    if not letters:
        return "unsaid"
    return "right" if defined(verdict.deviation.expected) in letters else "other"


def same_numbers(mutant: Mutant) -> bool:
    """Whether the outputs and carries of a few sequences are the original's, at the kit's sizes."""
    both = outputs(CELLS[mutant.cell]), outputs(mutant.spec())
    return all(np.allclose(a, b, atol=1e-5) for a, b in zip(*map(jax.tree.leaves, both), strict=True))


def crashes(mutant: Mutant) -> bool:
    """Whether it cannot be run by itself."""
    try:
        outputs(mutant.spec(), steps=3)
    except Exception:
        return True
    return False


def outputs(spec: type, steps: int = 20) -> list[tuple]:
    """Carry and output after each step of some sequences, with random parameters."""
    cell, generator, found = adapt(spec), np.random.default_rng(0), []
    shapes = {name: np.shape(a) for name, a in cell.parameters.items()}
    p = {name: generator.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}
    carry = tuple(np.broadcast_to(a, (6, *np.shape(a))) for a in cell.carry)
    for x in generator.normal(size=(steps, 6, cell.inputs)).astype(np.float32):
        carry, y = cell.step(p, carry, x)
        found.append((*carry, y))
    return found


# Both, over the catalogue.


def oracles(name: str) -> None:
    made = [(mutant, by_oracles(mutant)) for mutant in mutants(name, cuts=True)]
    counts = Counter(how or "survive" for _, how in made)
    print(f"{name}: {len(made)} mutants, {listed(counts)}", flush=True)
    for mutant in (mutant for mutant, how in made if how is None):
        print(f"    survives: {mutant}", flush=True)


def kit(name: str) -> None:
    made = [(mutant, by_kit(mutant)) for mutant in mutants(name)]
    counts = Counter(notice.how for _, notice in made)
    blamed = Counter(notice.equation for _, notice in made if notice.equation)
    print(f"{name}: {len(made)} mutants, {listed(counts)}; equation blamed: {listed(blamed)}", flush=True)
    for mutant, (how, blame, verdict) in made:
        if how in ("survives", "same numbers", "other form") or how.startswith("raises"):
            print(f"    {how}: {mutant}", flush=True)
        elif blame in ("other", "unsaid"):
            print(
                f"    {mutant}\n        {verdict.deviation.expected}  ->  {verdict.deviation.found}",
                flush=True,
            )
        elif how == "deviates" and verdict.nearest and "but for one" not in verdict.nearest:
            print(f"    {mutant}\n        = {verdict.nearest}", flush=True)


def listed(counts: Counter) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in counts.most_common()) or "none"


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in ("oracles", "kit") or set(sys.argv[2:]) - set(CELLS):
        sys.exit(f"usage: mutants.py oracles|kit [NAME...], of {', '.join(CELLS)}")
    for name in sys.argv[2:] or CELLS:
        {"oracles": oracles, "kit": kit}[sys.argv[1]](name)
