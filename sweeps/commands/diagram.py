"""`lstm-variants diagram`: a cell as a picture, drawn from the equations that `conform` evaluates."""

import argparse
import re
from pathlib import Path
from typing import Any

from lstm_variants import CELLS
from lstm_variants.conformance import CanNotCheck, Unreadable, adapt, conform, written
from lstm_variants.diagrams import (
    ATTENTION,
    CanNotDraw,
    Graph,
    chain,
    compared,
    drawn,
    graph_of,
    of_catalogue,
    single,
    svg,
)
from lstm_variants.diagrams.dataflow import dataflow
from lstm_variants.diagrams.shapes import Sheet
from sweeps.commands.conform import resolve
from sweeps.errors import InputError
from sweeps.terminal import outputs

ENDINGS = (".svg", ".png")


def run(options: argparse.Namespace) -> int:
    """Draw, and say where the picture is. Raises InputError before anything is drawn."""
    if options.unroll is not None and not 1 <= options.unroll <= 12:
        raise InputError(f"--unroll takes 1 to 12 steps; got {options.unroll}.")
    if options.cell == "all":
        return draw_all(options)
    asked = {options.cell: ["all", ATTENTION], options.compare: [ATTENTION]}
    things = {
        name: name if name == ATTENTION else resolve(name, also) for name, also in asked.items() if name
    }
    out = options.out or Path(f"{plain(options.cell)}.svg")
    if out.suffix.lower() not in ENDINGS:
        raise InputError(f"--out takes a file that ends in {' or '.join(ENDINGS)}; got '{out}'.")
    out = outputs.output(out, "--out")
    sheets = {name: source(name, thing) for name, thing in things.items()}
    if options.compare is not None:
        first, second = (sheets[name] for name in (options.cell, options.compare))
        for name, found in sheets.items():
            if not isinstance(found, Graph):
                raise InputError(
                    f"{name}: its equations are not known, so nothing can be compared with them. Draw it alone, "
                    "or write its equations down and give them to `conform --against`."
                )
        assert isinstance(first, Graph)
        assert isinstance(second, Graph)
        sheet = compared(drawn(first), drawn(second))
    else:
        sheet = sheet_of(options.cell, sheets[options.cell], options.unroll)
    write(out, sheet, options.cell)
    print(out)
    return 0


def draw_all(options: argparse.Namespace) -> int:
    """Every cell of the catalogue into a folder."""
    if options.compare is not None:
        raise InputError("--compare takes one cell and another; got all.")
    folder = outputs.folder(options.out or Path("diagrams"), "--out")
    for name in CELLS:
        path = folder / f"{name}.svg"
        write(path, sheet_of(name, of_catalogue(name), options.unroll), name)
        print(path)
    return 0


def plain(name: str) -> str:
    """A name that a file can have."""
    return re.sub(r"\W+", "_", name.rpartition(":")[2])


def source(name: str, thing: Any) -> Graph | Sheet:
    """What a cell computes, as a graph; where no equations are known, its program's graph as a sheet. Says on standard
    output which of the two. Raises InputError for what is no cell."""
    if name in CELLS or name == ATTENTION:
        return of_catalogue(name)
    try:
        verdict = conform(thing, name=name, contract=False)
    except CanNotCheck:
        verdict = None
    if verdict is not None and verdict.equations and verdict.identified not in ("clockwork", "transformer"):
        try:
            graph = graph_of(written("\n".join(verdict.equations), verdict.title or name))
            print(f"{name} computes: {verdict.nearest or verdict.title}")
            return graph
        except (CanNotDraw, Unreadable):
            pass
    try:
        cell = adapt(thing, name)
        sheet = dataflow(cell, f"{plain(name)}: the program that JAX traces")
    except CanNotCheck as error:
        raise InputError(str(error)) from None
    print(f"{name}: no known equations describe it; drawn from the program that JAX traces.")
    return sheet


def sheet_of(name: str, found: Graph | Sheet, unroll: int | None) -> Sheet:
    """The picture of one cell. Raises InputError for a chain of what has no known equations."""
    if isinstance(found, Sheet):
        if unroll is not None:
            raise InputError(
                f"{name}: its equations are not known, and a chain needs them. Leave --unroll out."
            )
        return found
    drawing = drawn(found)
    return single(drawing) if unroll is None else chain(drawing, unroll)


def write(path: Path, sheet: Sheet, name: str) -> None:
    if path.suffix.lower() == ".png":
        from sweeps.commands.diagram_png import png

        outputs.write(path, png(sheet))
    else:
        outputs.write(path, svg(sheet, f"{name}: its diagram").encode())
