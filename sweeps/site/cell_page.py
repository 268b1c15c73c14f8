"""The page of a cell: what it is, what it is for, its equations, its cost, how it behaved in shipped studies, its code.

docs/cells/NAME.md, beside docs/cells/NAME.svg, its diagram, and NAME.flow.svg, if there are such
"""

import inspect
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flax import nnx

import lstm_variants
from lstm_variants import CELLS
from lstm_variants.conformance import KNOWN, known_names
from sweeps.site import flow
from sweeps.site.measured import Row, facts
from sweeps.site.tables import fact_table, field_table, linked, standing
from sweeps.site.text import first_sentence, markdown
from sweeps.terminal.pipes import pipe_table

INPUTS, HIDDEN = 2, 32
QUOTES = '"""'


def cell_page(name: str, rows: Sequence[Row], docs: Path) -> str:
    """The page of one cell of the catalogue, as Markdown. rows: of all shipped studies."""
    spec = CELLS[name]
    title, rest = first_sentence(inspect.getdoc(sys.modules[spec.__module__]) or name)
    looks = flow.section(name, docs)
    parts = [
        f"# `{name}`: {markdown(title)}",
        f"**What it is for:** {markdown(spec.purpose)}",
        f"**Reference:** {markdown(spec.reference)}",
        diagram(name, docs),
        markdown(rest),
        "## Size and cost",
        size(spec),
        "## Settings",
        f"`{spec.__name__}`: {markdown(inspect.getdoc(spec) or '')}",
        field_table(spec),
        "## Use it",
        use(name, spec),
        "## Measured",
        measured([row for row in rows if row.cell_name == name]),
        published(name, docs),
        "## How far back it looks" if looks else "",
        looks,
        "## Conformance",
        conformance(name),
        "## Code",
        code(spec),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def diagram(name: str, docs: Path) -> str:
    there = (docs / "cells" / f"{name}.svg").is_file()
    return f"![Data flow of one step of {name}]({name}.svg){{.diagram}}" if there else ""


def size(spec: type[Any]) -> str:
    """Formulas, and the numbers at one size (whose operations are counted, not computed by the formula)."""
    cell = nnx.eval_shape(lambda: spec().build(INPUTS, nnx.Rngs(0)))
    hidden = getattr(spec(), "hidden", HIDDEN)
    table = [
        ("parameters", spec.parameters, f"{lstm_variants.parameter_count(cell):,}"),
        ("state", spec.state, f"{lstm_variants.state_size(cell, INPUTS):,}"),
        ("operations a step", spec.flops, f"{lstm_variants.flops(cell, INPUTS):,}"),
    ]
    header = ("", "formula (n inputs, h units)", f"{INPUTS} inputs, {hidden} units")
    rows = [(what, f"`{formula}`", number) for what, formula, number in table]
    return pipe_table(header, rows, ("---", "---", "---:"))


def use(name: str, spec: type[Any]) -> str:
    """The cell in a study, on the command line and as a module."""
    return "\n".join(
        [
            "```python",
            f"from lstm_variants import {spec.__name__}",
            "",
            f'cells = {{"{name}": {spec.__name__}(hidden={HIDDEN})}}  # of a study',
            "```",
            "",
            "```sh",
            f"lstm-variants train --cell {name} --task adding",
            f"lstm-variants conform {name}",
            "```",
        ]
    )


def measured(rows: Sequence[Row]) -> str:
    """Its scores in the shipped studies, under whatever label and settings, each against the study's first cell."""
    if not rows:
        return "No shipped study has it."
    header = ("study", "task", "label", "mean score", "solved", "verdict", "difference")
    table = [
        (
            linked(row.study),
            task(row),
            f"`{row.cell}`",
            f"{row.score:.3f}",
            f"{row.solved} of {row.seeds}",
            *standing(row),
        )
        for row in rows
    ]
    return (
        "Mean test scores of fresh seeds (0: the task's naive baseline, 1: perfect), and the verdict on the difference "
        "with its interval; [what a verdict is](../verdicts.md).\n\n" + pipe_table(header, table)
    )


def task(row: Row) -> str:
    return f"[{row.task}](../tasks/{row.task_name}.md)" if row.task_name else row.task


def published(name: str, docs: Path) -> str:
    found = facts(docs, name)
    return f"### Published findings\n\n{fact_table(found)}" if found else ""


def conformance(name: str) -> str:
    """What the conformance kit knows of the cell, and the command that holds it, or a cell of the reader's, to that."""
    titles = [f"*{equations.title}*" for equations in KNOWN if equations.name == name]
    if name not in known_names():
        return f"The conformance kit has no equations of this name; `lstm-variants conform {name}` says what it finds."
    known = f" as {' or '.join(titles)}" if titles else ""
    return (
        f"[The conformance kit](../conformance.md) knows this cell{known}. A test holds this implementation to it, by "
        f"random weights and carries; this holds yours:\n\n```sh\nlstm-variants conform my_cell.py:Cell --as {name}"
        "\n```"
    )


def code(spec: type[Any]) -> str:
    """What the spec's file has after its docstring."""
    text = inspect.getsource(sys.modules[spec.__module__])
    place = f"{spec.__module__.replace('.', '/')}.py"
    return f"`{place}`\n\n```python\n{text.split(QUOTES, 2)[2].strip()}\n```"
