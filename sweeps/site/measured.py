"""What the shipped studies measured of a cell or on a task, from the tables in docs/.

docs/STUDY/verdicts.csv      a row per pair of cells and task; the study's file says what its labels are
docs/classics/facts.csv      published facts with what was measured here
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.tasks import TASKS
from lstm_variants import CELLS, Layers
from sweeps.study_file import load_study


@dataclass(frozen=True, kw_only=True)
class Row:
    """One cell on one task of a study, by the names of the catalogue (None: it is none of them, such as two layers).

    score: mean over `seeds` seeds. reference: the cell that the others are compared with. standing: None for itself.
    difference, low, high: to the reference, with its interval.
    """

    study: str
    task: str
    task_name: str | None
    cell: str
    cell_name: str | None
    score: float
    seeds: int
    solved: int
    reference: str
    standing: str | None = None
    difference: float = 0.0
    low: float = 0.0
    high: float = 0.0


def studies(docs: Path) -> list[str]:
    """The studies that are shipped with their verdicts, in alphabetical order."""
    return sorted(path.parent.name for path in docs.glob("*/verdicts.csv"))


def rows(docs: Path) -> list[Row]:
    """Of every shipped study every cell on every task."""
    return [row for study in studies(docs) for row in of_study(docs, study)]


def of_study(docs: Path, study: str) -> Iterator[Row]:
    """Of one study, each task's reference before the cells that are compared with it: the study's own, where it runs
    on the task, else the first; labels that the study's file no longer has belong to nothing in the catalogue."""
    declared = load_study(study).study
    tasks = {label: named(TASKS, task) for label, task in declared.tasks.items()}
    cells = {label: named(CELLS, cell) for label, cell in declared.cells.items()}
    with open(docs / study / "verdicts.csv", encoding="utf-8", newline="") as file:
        pairs = list(csv.DictReader(file))
    own = {pair["task"] for pair in pairs if declared.same in (pair["a"], pair["b"])}
    references, told = dict[str, str](), set[str]()
    for pair in pairs:
        default = declared.same if pair["task"] in own else pair["a"]
        reference = references.setdefault(pair["task"], default)
        if reference not in (pair["a"], pair["b"]):
            continue
        mine, other = ("a", "b") if pair["a"] == reference else ("b", "a")  # a race puts the reference last
        common: dict[str, Any] = {"study": study, "task": pair["task"], "task_name": tasks.get(pair["task"])}
        common |= {"reference": reference}
        if pair["task"] not in told:
            told.add(pair["task"])
            yield Row(**common, cell=reference, cell_name=cells.get(reference), **scores(pair, mine))
        cell = pair[other]
        yield Row(
            **common, cell=cell, cell_name=cells.get(cell), **scores(pair, other), **against(pair, other)
        )


def named(catalogue: dict[str, type[Any]], spec: object) -> str | None:
    """The name of a spec's class in a catalogue; of one layer of a cell, with whatever noise, the cell's."""
    if isinstance(spec, Layers):
        changed = spec.layers > 1 or spec.bidirectional or spec.attend
        return None if changed else named(catalogue, spec.cell)
    return next((name for name, kind in catalogue.items() if type(spec) is kind), None)


def scores(pair: dict[str, str], side: str) -> dict[str, Any]:
    return {
        "score": float(pair[f"mean_{side}"] or "nan"),
        "seeds": int(pair[f"n_{side}"]),
        "solved": int(float(pair[f"solved_{side}"] or 0)),
    }


def against(pair: dict[str, str], side: str) -> dict[str, Any]:
    """How the cell on a side stands against the other one; the table has a - b."""
    standing = pair["verdict"]
    if standing == "different":
        standing = "better" if pair["better"] == pair[side] else "worse"
    value, low, high = (float(pair[name] or "nan") for name in ("value", "low", "high"))
    if side == "b":
        value, low, high = -value, -high, -low
    return {"standing": standing, "difference": value, "low": low, "high": high}


def facts(docs: Path, label: str) -> list[dict[str, str]]:
    """Published facts of which the measured part names a cell or a task by this label."""
    path = docs / "classics" / "facts.csv"
    if not path.is_file():
        return []
    with open(path, encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    return [fact for fact in found if re.search(rf"(?<![\w]){re.escape(label)}(?![\w])", fact["measured"])]
