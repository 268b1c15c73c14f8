"""The text of what a class computes: of its module, and of those that it imports, the statements that it needs.

    class Mine: ...              all that Mine names here, and what that names in turn
    from helper import scale     of helper.py `scale`, and what that names
    import helper                all of helper.py
    from flax import nnx         this line; what is installed is not read

So a second cell in the same file, a label or a margin in a study's file change nothing. Statements are compared as
syntax trees without docstrings: neither comments nor layout count, nor the version of Python. What cannot be seen in
the source is not: modules imported by a name that is computed, files that are read.
"""

import ast
import functools
import hashlib
import importlib.machinery
import importlib.util
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

OURS = ("lstm_variants", "experiments", "sweeps", "analysis")  # a row's commit tells of these
EVERYTHING = "*"
SILENT = {
    "ctx",
    "kind",
    "type_comment",
    "type_ignores",
}  # fields of syntax trees without a meaning of their own
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
IMPORTS = (ast.Import, ast.ImportFrom)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def source_of(module: str, name: str) -> str | None:
    """The canonical text behind one name of a module; None where the module has no source of the user's own."""
    if body(module) is None:
        return None
    kept: dict[str, set[int]] = {}
    agenda, seen = [(module, name, True)], set[tuple[str, str]]()
    while agenda:
        where, wanted, asked = agenda.pop()
        if (where, wanted) in seen:
            continue
        seen.add((where, wanted))
        statements, inner = body(where), f"{where}.{wanted}"
        if statements is None:
            if asked and body(inner) is not None:  # a folder without __init__.py
                agenda.append((inner, EVERYTHING, True))
            continue
        mine = kept.setdefault(where, set())
        for i, statement in enumerate(statements):
            if i not in mine and concerns(statement, wanted):
                mine.add(i)
                agenda += mentions(statement, where)
        if asked and wanted != EVERYTHING and not any(wanted in bound(s) for s in statements):
            agenda.append((where if body(inner) is None else inner, EVERYTHING, True))
    texts = []
    for where in sorted(kept):
        statements = body(where) or ()
        texts += [where, *(canonical(statements[i]) for i in sorted(kept[where]))]
    return "\n".join(texts)


# ---------------------------------------------------------------------- one module


def body(module: str) -> "tuple[ast.stmt, ...] | None":
    """Top-level statements of a module of the user's own, one name an import; None for any other module."""
    path = file_of(module)
    return None if path is None else parsed(path, path.stat().st_mtime_ns)


@functools.cache
def parsed(path: Path, _: int) -> tuple[ast.stmt, ...]:
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ()
    return statements_of(tree)


def statements_of(tree: ast.Module) -> tuple[ast.stmt, ...]:
    """Those that count, each import on its own."""
    found: list[ast.stmt] = []
    for statement in Bare().visit(tree).body:
        if isinstance(statement, ast.Import):
            found += [ast.Import([alias]) for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom):
            found += [ast.ImportFrom(statement.module, [a], statement.level) for a in statement.names]
        elif not is_script(statement):
            found.append(statement)
    return tuple(found)


def file_of(module: str) -> Path | None:
    """The Python file of a module, unless it is Python's, ours or installed."""
    if module.partition(".")[0] in OURS:
        return None
    loaded = sys.modules.get(module)
    origin = getattr(loaded, "__file__", None) if loaded is not None else origin_of(module)
    if not origin or not origin.endswith(".py") or not Path(origin).is_file():
        return None
    path = Path(origin).absolute()
    return None if is_installed(path) else path


def is_installed(path: Path) -> bool:
    if {"site-packages", "dist-packages"} & set(path.parts):
        return True
    paths = sysconfig.get_paths()
    return any(path.is_relative_to(paths[name]) for name in ("stdlib", "platstdlib"))


def origin_of(module: str) -> str | None:
    """Where a module that is not loaded would come from. Runs nothing."""
    try:
        top, *rest = module.split(".")
        spec = importlib.util.find_spec(top)
        for i in range(len(rest)):
            if spec is None or spec.submodule_search_locations is None:
                return None
            inner = ".".join([top, *rest[: i + 1]])
            spec = importlib.machinery.PathFinder.find_spec(inner, spec.submodule_search_locations)
    except (ImportError, ValueError, AttributeError):
        return None
    return None if spec is None else spec.origin


# ---------------------------------------------------------------------- one statement


def concerns(statement: ast.stmt, name: str) -> bool:
    """Whether a statement makes a name what it is: binds it, or may change what it stands for (`Cell.f = g`)."""
    if name == EVERYTHING:
        return True
    names = bound(statement)
    if name in names or EVERYTHING in names:
        return True
    return not is_definition(statement) and name in named(statement)


def is_definition(statement: ast.stmt) -> bool:
    """Only binds names."""
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        parts = [node for target in targets for node in ast.walk(target)]
        return not any(isinstance(node, ast.Attribute | ast.Subscript) for node in parts)
    return isinstance(statement, DEFINITIONS + IMPORTS)


def is_script(statement: ast.stmt) -> bool:
    """`if __name__ == ...:`"""
    return isinstance(statement, ast.If) and "__name__" in {
        node.id for node in ast.walk(statement.test) if isinstance(node, ast.Name)
    }


@functools.cache
def bound(statement: ast.stmt) -> set[str]:
    """Names that a statement binds in its module; with EVERYTHING after `from x import *`."""
    if isinstance(statement, DEFINITIONS):
        shared = [n for node in ast.walk(statement) if isinstance(node, ast.Global) for n in node.names]
        return {statement.name, *shared}
    found = set[str]()
    for node in ast.walk(statement):
        if isinstance(node, DEFINITIONS):
            found.add(node.name)
        elif isinstance(node, IMPORTS):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
    return found


@functools.cache
def named(statement: ast.stmt) -> set[str]:
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}


def mentions(statement: ast.stmt, module: str) -> list[tuple[str, str, bool]]:
    """What a statement needs: (module, name, whether the module must have it). Names of local variables are among
    them and do no harm."""
    found = [(module, name, False) for name in named(statement)]
    for node in ast.walk(statement):
        if isinstance(node, ast.Import):
            for alias in node.names:
                parts = alias.name.split(".")
                found += [(".".join(parts[: i + 1]), EVERYTHING, True) for i in range(len(parts))]
        elif isinstance(node, ast.ImportFrom):
            base = absolute(node, module)
            found += [(base, alias.name, True) for alias in node.names]
    return found


def absolute(node: ast.ImportFrom, module: str) -> str:
    """The module that an import is from, dots resolved."""
    if not node.level:
        return node.module or ""
    loaded = sys.modules.get(module)
    origin = str(getattr(loaded, "__file__", None) or file_of(module) or "")
    package = module if origin.endswith("__init__.py") else module.rpartition(".")[0]
    for _ in range(node.level - 1):
        package = package.rpartition(".")[0]
    return ".".join(filter(None, [package, node.module]))


# ---------------------------------------------------------------------- a text for a tree


class Bare(ast.NodeTransformer):
    """Without docstrings and other constants that stand alone."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if isinstance(node.value, ast.Constant) else node


def canonical(node: object) -> str:
    """One text for one tree in all versions of Python: fields that are empty, which is how new ones begin, are not
    written; pieces of f-strings are joined; text is ASCII, since what counts as printable depends on the version."""
    if isinstance(node, ast.AST):
        fields = ",".join(f"{name}={canonical(value)}" for name, value in fields_of(node))
        return f"{type(node).__name__}({fields})"
    if isinstance(node, list):
        return f"[{','.join(map(canonical, node))}]"
    return ascii(node)


def fields_of(node: ast.AST) -> Iterator[tuple[str, object]]:
    for name, value in ast.iter_fields(node):
        if isinstance(node, ast.JoinedStr) and name == "values":
            value = joined(value)
        if name not in SILENT and value is not None and value != []:
            yield name, value


def joined(values: list[ast.expr]) -> list[ast.expr]:
    """Neighbouring pieces of text as one, empty ones left out."""
    found: list[ast.expr] = []
    for value in values:
        last = found[-1] if found else None
        if isinstance(value, ast.Constant) and isinstance(last, ast.Constant):
            found[-1] = ast.Constant(str(last.value) + str(value.value))
        elif not isinstance(value, ast.Constant) or value.value:
            found.append(value)
    return found
