"""The verdicts for a terminal: each cell against the reference, and how all pairs came out."""

import io

import pandas as pd
from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from analysis.palette import VERDICTS
from analysis.trust import Trust
from analysis.verdicts import against, reference_cell
from analysis.words import signed
from sweeps.store import Declaration

STYLES = {"equivalent": "green", "better": "blue", "worse": "yellow", "undecided": "dim"}


def verdict_table(table: pd.DataFrame, declaration: Declaration) -> Group:
    """A rich renderable: one line a cell, one column a task, the key, then a line a task for all pairs."""
    reference = reference_cell(declaration)
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    grid.add_column(Text(f"against {reference}"), no_wrap=True)
    for task in declaration.tasks:
        grid.add_column(Text(task))
    rows = against(table, reference).set_index(["cell", "task"])
    for cell in (c for c in declaration.cells if c != reference):
        grid.add_row(Text(cell), *(standing(rows.loc[[(cell, task)]].iloc[0]) for task in declaration.tasks))
    key = ", ".join(f"{symbol} {kind}" for kind, (_, symbol, _) in VERDICTS.items())
    lines = [
        f"{key}; difference in {declaration.measure},",
        f"margin ±{declaration.margin:g}, level {declaration.alpha:g} after Holm over all pairs of a task:",
    ]
    for task in declaration.tasks:
        counts = table.loc[table["task"] == task, "verdict"].value_counts()
        parts = ", ".join(f"{counts.get(v, 0)} {v}" for v in ("equivalent", "different", "undecided"))
        lines.append(f"  {task}: {parts}")
    return Group(Text(declaration.study, style="bold"), grid, Text("\n".join(lines)))


def standing(row: pd.Series) -> Text:
    kind = str(row["standing"])
    return Text(f"{VERDICTS[kind][1]} {signed(row['value'])}", style=STYLES[kind])


def trust_line(trust: Trust) -> Text:
    """One line: the stamp."""
    if trust.trustworthy:
        return Text("Controls passed; all trials ran.", style="green")
    more = f" (and {len(trust.reasons) - 1} more, see the report)" if len(trust.reasons) > 1 else ""
    return Text(f"NOT TRUSTWORTHY: {trust.reasons[0]}{more}", style="bold red")


def verdict_text(table: pd.DataFrame, declaration: Declaration, *, width: int = 100) -> str:
    """The same as plain text."""
    buffer = io.StringIO()
    Console(file=buffer, width=width, color_system=None).print(verdict_table(table, declaration))
    return buffer.getvalue()
