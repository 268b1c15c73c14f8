"""`lstm-variants list`: what there is to combine."""

import argparse

from rich.table import Table

from experiments.tasks import TASKS
from lstm_variants import CELLS
from sweeps.study_file import load_study, shipped
from sweeps.terminal.screen import console


def run(options: argparse.Namespace) -> int:
    """Print cells, tasks and studies; returns 0."""
    screen = console()
    cells = table("Cells", "name", "parameters (n inputs, h units)", "reference")
    for name, cell in CELLS.items():
        cells.add_row(name, cell.parameters, cell.reference)
    tasks = table("Tasks", "name", "naive baseline (loss)", "harder with", "reference")
    for name, task in TASKS.items():
        tasks.add_row(name, f"{task().baseline:.4f}", ", ".join(task.axes), task.reference)
    studies = table("Studies", "name", "trials", "question")
    for name in shipped():
        loaded = load_study(name)
        trials = len(loaded.study.arms()) * sum(loaded.study.trials.values())
        studies.add_row(name, str(trials), loaded.doc.splitlines()[0])
    for part in (cells, tasks, studies):
        screen.print(part)
        screen.print()
    return 0


def table(title: str, *columns: str) -> Table:
    """One table of names and descriptions."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made
