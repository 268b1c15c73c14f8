"""The page of a task: what it asks, a worked example, its baseline, what was published and measured, its code.

docs/tasks/NAME.md
"""

import inspect
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.tasks import TASKS
from sweeps.commands.show import declared
from sweeps.site.cell_page import code
from sweeps.site.measured import Row, facts
from sweeps.site.tables import fact_table, field_table, linked, standing
from sweeps.site.text import first_sentence, markdown
from sweeps.terminal.pipes import pipe_table


def task_page(name: str, rows: Sequence[Row], docs: Path) -> str:
    """The page of one task of the catalogue, as Markdown. rows: of all shipped studies."""
    kind = TASKS[name]
    title, rest = first_sentence(inspect.getdoc(sys.modules[kind.__module__]) or name)
    mine = [row for row in rows if row.task_name == name]
    labels = sorted({row.task for row in mine} | {name})
    found = [fact for label in labels for fact in facts(docs, label)]
    parts = [
        f"# `{name}`: {markdown(title)}",
        f"**Reference:** {markdown(kind.reference)}",
        markdown(rest),
        f"`lstm-variants show {name}` prints more of its sequences, with any setting.",
        "## What it declares",
        pipe_table(("", ""), [(what, markdown(text)) for what, text in declared(kind()) if what != "fields"]),
        "## Settings",
        f"`{kind.__name__}`: {markdown(inspect.getdoc(kind) or '')}",
        field_table(kind),
        "## Measured",
        measured(mine),
        f"### Published findings\n\n{fact_table(unique(found))}" if found else "",
        "## Code",
        code(kind),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def measured(rows: Sequence[Row]) -> str:
    """How cells scored on it in the shipped studies."""
    if not rows:
        return "No shipped study compares cells on it."
    header = ("study", "label", "cell", "mean score", "solved", "verdict", "difference")
    table = [
        (
            linked(row.study),
            row.task,
            f"[{row.cell}](../cells/{row.cell_name}.md)" if row.cell_name else row.cell,
            f"{row.score:.3f}",
            f"{row.solved} of {row.seeds}",
            *standing(row),
        )
        for row in rows
    ]
    return pipe_table(header, table)


def unique(found: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    return list({fact["statement"]: fact for fact in found}.values())
