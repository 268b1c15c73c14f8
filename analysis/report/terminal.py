"""The verdicts for a terminal: each cell against the reference, and how all pairs came out."""

import io

import pandas as pd
from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from analysis.figures.palette import VERDICTS
from analysis.study.method import adjusted
from analysis.study.trust import Trust
from analysis.study.verdicts import compared_with, references
from analysis.words import digits, signed
from sweeps.store.declaration import Declaration

WIDE = 5  # tasks beside each other; more of them stand below each other
STYLES = {"equivalent": "green", "better": "blue", "worse": "yellow", "undecided": "dim"}


def verdict_table(table: pd.DataFrame, declaration: Declaration) -> Group:
    """A rich renderable: one line per cell, one column per task (many tasks: the other way round), for each cell that
    others are compared with; the key, then a line per task for all pairs."""
    grids = [standings(table, declaration, reference) for reference in references(declaration)]
    key = ", ".join(f"{symbol} {kind}" for kind, (_, symbol, _) in VERDICTS.items())
    lines = [
        f"{key}; difference in {declaration.measure},",
        f"margin ±{declaration.margin:g}, level {declaration.alpha:g} after {adjusted(declaration)}:",
    ]
    for task in dict.fromkeys(table["task"]):
        counts = table.loc[table["task"] == task, "verdict"].value_counts()
        parts = ", ".join(f"{counts.get(v, 0)} {v}" for v in ("equivalent", "different", "undecided"))
        lines.append(f"  {task}: {parts}")
    return Group(Text(declaration.study, style="bold"), *grids, Text("\n".join(lines)))


def standings(table: pd.DataFrame, declaration: Declaration, reference: str) -> Table:
    """Each cell against one of them."""
    rows = compared_with(table, declaration, reference).set_index(["cell", "task"])
    cells = [c for c in declaration.cells if c in rows.index.get_level_values("cell")]
    tasks = [t for t in declaration.tasks if t in rows.index.get_level_values("task")]
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    grid.add_column(Text(f"against {reference}"), no_wrap=True)
    across, down = (cells, tasks) if len(tasks) > WIDE else (tasks, cells)
    for label in across:
        grid.add_column(Text(label))
    for label in down:
        keys = [(other, label) if down is tasks else (label, other) for other in across]
        grid.add_row(Text(label), *(standing(rows.loc[[k]].iloc[0]) if k in rows.index else "" for k in keys))
    return grid


def fact_table(told: pd.DataFrame) -> Table:
    """Published facts of a study, as `analysis.claims.facts` gives them: status, fact, what was measured."""
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_lines=False)
    for label in ("", "published", "measured"):
        grid.add_column(Text(label), overflow="fold", no_wrap=label == "")
    for fact in told.itertuples():
        style = {"holds": "green", "fails": "yellow"}.get(str(fact.status), "dim")
        grid.add_row(Text(str(fact.status), style=style), Text(str(fact.statement)), Text(str(fact.measured)))
    return grid


def flow_table(told: pd.DataFrame) -> Table:
    """How far back cells look after training, as `Analysed.flow` has it: the memory horizon by cell and task."""
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    grid.add_column(Text("memory horizon, steps"), no_wrap=True)
    tasks = list(dict.fromkeys(told["task"]))
    for task in tasks:
        grid.add_column(Text(task))
    end = told[told["moment"] == "end"].set_index(["cell", "task"])
    for cell in dict.fromkeys(told["cell"]):
        rows = [end.loc[[(cell, task)]].iloc[0] if (cell, task) in end.index else None for task in tasks]
        texts = [
            "" if r is None else f"{r.horizon:g} ({r.horizon_low:g} to {r.horizon_high:g})" for r in rows
        ]
        grid.add_row(Text(cell), *map(Text, texts))
    return grid


def standing(row: pd.Series) -> Text:
    kind = str(row["standing"])
    return Text(f"{VERDICTS[kind][1]} {signed(row['value'], digits(row['margin']))}", style=STYLES[kind])


def trust_line(trust: Trust) -> Text:
    """One line: the stamp."""
    if trust.trustworthy:
        return Text("Controls passed; all trials ran.", style="green")
    more = f" (and {len(trust.reasons) - 1} more, see the report)" if len(trust.reasons) > 1 else ""
    return Text(f"NOT TRUSTWORTHY: {trust.reasons[0]}{more}", style="bold red")


def verdict_text(table: pd.DataFrame, declaration: Declaration, *, width: int = 100) -> str:
    """The same as plain text."""
    buffer = io.StringIO()
    Console(file=buffer, width=width, color_system=None, force_jupyter=False).print(
        verdict_table(table, declaration)
    )
    return buffer.getvalue()
