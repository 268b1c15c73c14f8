"""By which code a trial is computed, for cells and tasks from outside this package, as a row's column `code` says it.

mine:Mine 3fa9c0d1e2b4              a class of the user's own: a digest of its source (`sweeps.sources`)
cells:Mine 3fa9...; tasks:Mine ...  two of them
xlstm:Cell xlstm-1.2.0              a class of an installed package: that, and its version
null                                all of it is ours, and the row's commit tells; or nothing can be told (a class
                                    that was typed in where there is no source)
"""

import ast
import functools
import importlib.metadata
import inspect
import sys
import textwrap
from typing import Any

from experiments.specs import nested, remembering
from sweeps.sources import EVERYTHING, OURS, canonical, digest, file_of, named, source_of, statements_of


def code_of(spec: Any) -> str | None:
    """The code of a trial, or of any spec, by the classes of all specs in it."""
    parts = {code for kind in kinds(spec) if (code := code_of_class(kind))}
    return "; ".join(sorted(parts)) or None


def kinds(spec: Any) -> set[type]:
    """The classes of a spec and of all in it."""
    return {type(spec)}.union(*map(kinds_within, nested(spec)))


kinds_within = remembering(kinds)


@functools.cache
def code_of_class(kind: type) -> str | None:
    top = kind.__module__.partition(".")[0]
    if top in OURS:
        return None
    name = f"{kind.__module__}:{kind.__qualname__}"
    if file_of(kind.__module__) is None:
        typed = not getattr(sys.modules.get(kind.__module__), "__file__", None)
        text = typed_in(kind) if typed and kind.__module__ in sys.modules else None
        return f"{name} {digest(text)}" if text else installed(name, top)
    made = "<locals>" in kind.__qualname__  # by a function, of what it was given somewhere in the module
    text = source_of(kind.__module__, EVERYTHING if made else kind.__qualname__.partition(".")[0])
    return f"{name} {digest(text or '')}"


def installed(name: str, package: str) -> str | None:
    for distribution in importlib.metadata.packages_distributions().get(package, ()):
        return f"{name} {distribution}-{importlib.metadata.version(distribution)}"
    return None


def typed_in(kind: type) -> str | None:
    """Source of a class from a notebook or a prompt, with that of the classes and functions there that it names."""
    there = vars(sys.modules[kind.__module__])
    texts, agenda, seen = list[str](), [kind.__qualname__.partition(".")[0]], set[str]()
    while agenda:
        name = agenda.pop()
        value = there.get(name)
        if name in seen or getattr(value, "__module__", None) != kind.__module__:
            continue
        seen.add(name)
        for source in sources(value):
            for statement in statements_of(ast.parse(source)):
                texts.append(canonical(statement))
                agenda += sorted(named(statement))
    return "\n".join(sorted(texts)) or None


def sources(value: Any) -> list[str]:
    """A function's or a class's source; of a class that Python finds none of, as in notebooks, that of its methods."""
    try:
        return [textwrap.dedent(inspect.getsource(value))]
    except (OSError, TypeError):
        pieces = vars(value).values() if isinstance(value, type) else ()
    functions = [getattr(piece, "fget", None) or getattr(piece, "__func__", piece) for piece in pieces]
    return [text for f in functions if inspect.isfunction(f) for text in sources(f)]


def names(code: str) -> dict[str, str]:
    """Class to digest, out of the column's text.

    >>> names("cells:Mine 3fa9c0d1e2b4; xlstm:Cell xlstm-1.2.0")
    {'cells:Mine': '3fa9c0d1e2b4', 'xlstm:Cell': 'xlstm-1.2.0'}
    """
    return dict(part.rsplit(" ", 1) for part in code.split("; ") if part)  # type: ignore[misc]
