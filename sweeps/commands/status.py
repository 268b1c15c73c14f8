"""`lstm-variants status STUDY`: how far a study is, from its results alone."""

import argparse
from collections import Counter

from rich.table import Table

from sweeps.commands.common import store_of
from sweeps.store.store import mixed
from sweeps.terminal.screen import console

COLUMNS = ["trial_id", "stage", "cell", "task", "status", "solved", "valid_score"]


def run(options: argparse.Namespace) -> int:
    """Print how many trials are stored, by cell, task and stage; returns 0. Raises InputError."""
    screen = console()
    store = store_of(options, options.study)
    declaration = store.declaration()
    planned = store.planned(COLUMNS)
    rows = planned.rows.to_pylist()
    statuses = Counter(row["status"] for row in rows)
    done, total = len(rows) - statuses["failed"], declaration.trials
    screen.print(
        f"{done} of {total} trials done ({sum(bool(r['solved']) for r in rows)} solved, "
        f"{statuses['diverged']} diverged), {statuses['failed']} failed, {total - done} to run"
    )
    if declaration.overridden:
        screen.print(declaration.overridden, soft_wrap=True)
    for line in told(declaration.codes, planned.other):
        screen.print(line, style="yellow", soft_wrap=True)
    table = Table(box=None, header_style="bold")
    table.add_column("cell", overflow="fold")
    for task in declaration.tasks:
        table.add_column(f"{task}: search", justify="right")
        table.add_column("confirm", justify="right")
        table.add_column("best", justify="right")
    for cell in declaration.cells:
        columns = []
        for task in declaration.tasks:
            mine = [r for r in rows if r["cell"] == cell and r["task"] == task]
            stages = Counter(r["stage"] for r in mine if r["status"] != "failed")
            scores = [r["valid_score"] for r in mine if r["valid_score"] is not None]
            columns += [
                str(stages["search"]),
                str(stages["confirm"]),
                f"{max(scores):.3f}" if scores else "·",
            ]
        table.add_row(cell, *columns)
    screen.print(table)
    return 0


def told(codes: dict[str, list[str]], other: int) -> list[str]:
    """What there is to say of the code that made the rows."""
    lines = [f"{other} trials have rows from other code only, which do not count."] if other else []
    return lines + [
        f"Rows of {name} come from several versions of its code, as requested: {text}."
        for name, text in mixed(codes).items()
    ]
