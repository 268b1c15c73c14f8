"""`lstm-variants conform`: is this cell the cell it is named after, and if not, what is it?"""

import argparse
import ast
import importlib
import importlib.util
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from experiments.specs import unknown
from lstm_variants import CELLS
from lstm_variants.conformance import (
    CanNotCheck,
    Equations,
    Unreadable,
    Verdict,
    conform,
    known_names,
    read_equations,
)
from sweeps.errors import InputError, did_you_mean
from sweeps.study_file import SWEEPS
from sweeps.terminal import pipes

HEADER = ("cell", "computes", "gates", "biases", "parameters", "contract")


def run(options: argparse.Namespace) -> int:
    """Print a verdict for each cell; exit code 1 where one is not what it should be, 2 where one cannot be
    checked. Raises InputError before any work starts."""
    own = equations_of(options.against) if options.against is not None else None
    if options.claim is not None and options.claim.lower() not in known_names():
        raise InputError(unknown("equations", options.claim, known_names()))
    extra = dict(setting(text) for text in options.extra)
    targets = [name for target in options.cells for name in (CELLS if target == "all" else [target])]
    things = [(target, resolve(target, ["all"])) for target in targets]  # all of them, before any work starts
    if options.markdown:
        print(row(HEADER) + "\n" + row(["---"] * len(HEADER)))
    code = 0
    for target, thing in things:
        of_catalogue = options.claim is None and own is None and "all" in options.cells and target in CELLS
        nameless = of_catalogue and target not in known_names()
        claim = options.claim or (target if of_catalogue and not nameless else None)
        try:
            verdict = conform(thing, own or (claim and claim.lower()), name=target, options=extra)
        except CanNotCheck as reason:
            code = 2
            if options.markdown:
                print(row([f"`{target}`", f"cannot be checked: {reason}", "", "", "", ""]))
            elif options.json:
                print(json.dumps({"name": target, "error": str(reason)}, ensure_ascii=False))
            else:
                print(f"{target}: cannot be checked. {reason}", file=sys.stderr)
            continue
        sound = verdict.sound or (nameless and verdict.keeps_its_promises)
        code = max(code, 0 if sound else 1)
        if options.markdown:
            print(row(cells_of(verdict)))
        elif options.json:
            print(json.dumps(asdict(verdict) | {"sound": verdict.sound}, ensure_ascii=False))
        else:
            if nameless:
                print(f"{target}: no known equations have this name; the kit finds:")
            print(text_of(verdict), flush=True)
    return code


def equations_of(path: Path) -> Equations:
    """The equations of a file. Raises InputError, with the line."""
    try:
        return read_equations(path)
    except Unreadable as error:
        raise InputError(f"{path}, {error}") from None
    except OSError as error:
        raise InputError(f"The equations '{path}' cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"The equations '{path}' are not UTF-8 text: {error.reason} at byte {error.start}."
        ) from None


def resolve(target: str, also: Iterable[str] = ()) -> Any:
    """What a name, a `package.module:Cell` or a `file.py:Cell` stands for. also: words that the command takes in
    place of a name. Raises InputError."""
    if target in CELLS:
        return CELLS[target]
    module, colon, name = target.rpartition(":")
    file = module if colon else target
    if file.endswith(SWEEPS) or (colon and not module.endswith(".py") and not dotted(module)):
        raise InputError(f"A cell is a class in Python: package.module:Cell or file.py:Cell; got '{target}'.")
    if not colon:
        raise InputError(
            f"{unknown('cell', target, CELLS, also)} Name your own cell as package.module:Cell or file.py:Cell."
        )
    try:
        if module.endswith(".py"):
            path = Path(module).resolve()
            spec = importlib.util.spec_from_file_location(path.stem, path)
            if spec is None or spec.loader is None or not path.is_file():
                raise InputError(f"There is no file '{module}' (for the cell '{target}').")
            loaded = importlib.util.module_from_spec(spec)
            sys.modules[path.stem] = loaded
            spec.loader.exec_module(loaded)
        else:
            if "" not in sys.path:
                sys.path.insert(0, "")  # a module beside the reader, as `python -m` finds it
            loaded = importlib.import_module(module)
    except InputError:
        raise
    except Exception as error:  # whatever a foreign module does on import
        raise InputError(f"Importing '{module}' failed: {type(error).__name__}: {error}") from None
    if not hasattr(loaded, name):
        public = [known for known in vars(loaded) if known[0] != "_"]
        raise InputError(f"There is no '{name}' in '{module}'.{did_you_mean(name, public)}")
    return getattr(loaded, name)


def dotted(module: str) -> bool:
    """Whether a module may be called so."""
    return all(map(str.isidentifier, module.split(".")))


def setting(text: str) -> tuple[str, Any]:
    """NAME=VALUE with a Python literal or a plain word. Raises InputError."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise InputError(f"--with takes NAME=VALUE, such as layers=3; got '{text}'.")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def row(columns: Any) -> str:
    return pipes.line(str(column).replace("|", "\\|") for column in columns)


def contract_words(verdict: Verdict) -> str:
    broken = [f"{p.name}: no, {p.detail}" for p in verdict.promises if p.kept is False]
    asked = sum(p.kept is not None for p in verdict.promises)
    return "; ".join(broken) or f"all {asked} hold"


def computes(verdict: Verdict) -> str:
    if verdict.title is None:
        return "no known equations, nor any with one equation changed"
    if verdict.nearest and verdict.deviation and verdict.nearest.endswith("but for one equation"):
        return f"{verdict.nearest}: {verdict.deviation.found}"
    return verdict.title


def cells_of(verdict: Verdict) -> tuple[str, ...]:
    return (
        f"`{verdict.name}`",
        computes(verdict),
        verdict.gates,
        verdict.biases,
        str(verdict.parameters),
        contract_words(verdict),
    )


def text_of(verdict: Verdict) -> str:
    lines = [f"{verdict.name}, tested with {verdict.inputs} inputs and {verdict.hidden} units"]

    def add(head: str, text: str) -> None:
        lines.append(f"  {head:<12} {text}")

    if verdict.claim and verdict.conforms:
        add("verdict", f"conforms to {verdict.claim}")
    elif verdict.claim:
        add("verdict", f"deviates from {verdict.claim}")
    if verdict.deviation:
        add("expected", verdict.deviation.expected)
        add("found", verdict.deviation.found)
    if verdict.claim and not verdict.conforms:
        add("nearest", verdict.nearest or "no known equations, nor any with one equation changed")
    else:
        add("computes", computes(verdict))
    for k, line in enumerate(verdict.equations):
        add("equations" if k == 0 else "", line)
    if verdict.gates:
        add("gates", verdict.gates)
    for k, (leaf, parts) in enumerate(verdict.layout.items()):
        add("layout" if k == 0 else "", f"{leaf}: {' '.join(parts)}")
    if verdict.biases:
        add("biases", verdict.biases)
    add("parameters", str(verdict.parameters))
    for k, p in enumerate(verdict.promises):
        answer = {True: "yes", False: f"NO: {p.detail}", None: f"not tested ({p.detail})"}[p.kept]
        add("contract" if k == 0 else "", f"{p.name}: {answer}")
    return "\n".join(lines) + "\n"
