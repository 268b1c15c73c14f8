"""Complete blocks: the cells and tasks of which every combination ran, and what was left out to get there.

What is pooled over tasks must come from the same tasks for every cell, or a cell would benefit from the
easier ones. So first a cell goes that ran on no more than half of the tasks (a control), then every task
that one of the remaining cells lacks. Everything left out is named.
"""

from typing import NamedTuple

import pandas as pd

from analysis.words import listing

NOTHING = "none"


class Blocks(NamedTuple):
    """values: the rows that stay. cells, tasks: their labels in order. left_out: who went and why, or `none`.
    unbalanced: a warning to add to a method where cells or tasks differ in their seeds, else empty."""

    values: pd.DataFrame
    cells: list[str]
    tasks: list[str]
    left_out: str
    unbalanced: str = ""


def complete(values: pd.DataFrame) -> Blocks:
    """The complete blocks of a values frame (columns task, cell, ...); fewer than 2 cells left is no block at all."""
    cells, tasks = list(dict.fromkeys(values["cell"])), list(dict.fromkeys(values["task"]))
    ran = {cell: set(rows["task"]) for cell, rows in values.groupby("cell", sort=False)}
    kept = [cell for cell in cells if 2 * len(ran[cell]) > len(tasks)]
    common = [task for task in tasks if all(task in ran[cell] for cell in kept)]
    told = [f"{cell} (on {len(ran[cell])} of {len(tasks)} tasks)" for cell in cells if cell not in kept]
    for task in tasks:
        if task not in common:
            told.append(f"{task} (without {listing(c for c in kept if task not in ran[c])})")
    if len(kept) < 2 or not common:
        return Blocks(values.iloc[:0], [], [], listing(told))
    rows = values[values["cell"].isin(kept) & values["task"].isin(common)].reset_index(drop=True)
    sizes = rows.groupby(["task", "cell"]).size()
    same = sizes.min() == sizes.max()
    warning = "" if same else f"; unbalanced: {sizes.min()} to {sizes.max()} seeds a cell and task"
    return Blocks(rows, kept, common, listing(told), warning)
