"""`lstm-variants status STUDY`: how far a study is, from its results alone."""

import argparse
from collections import Counter

from rich.table import Table

from sweeps.commands.common import store_of
from sweeps.screen import console

COLUMNS = ["trial_id", "stage", "cell", "task", "status", "solved", "valid_score"]


def run(options: argparse.Namespace) -> int:
    screen = console()
    store = store_of(options, options.study)
    declaration = store.declaration()
    wanted = {i for ids in declaration.plan.values() for i in ids}
    rows = [row for row in store.trials(COLUMNS).to_pylist() if row["trial_id"] in wanted]
    statuses = Counter(row["status"] for row in rows)
    done, total = len(rows) - statuses["failed"], sum(declaration.total.values())
    screen.print(
        f"{done} of {total} trials done ({sum(bool(r['solved']) for r in rows)} solved, "
        f"{statuses['diverged']} diverged), {statuses['failed']} failed, {total - done} to run"
    )
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
