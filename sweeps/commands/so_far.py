"""How far a study is, from its store alone: what `status` prints and `watch` keeps printing."""

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from rich.table import Table

from sweeps.confirm import VALUES
from sweeps.evidence.race import Standing
from sweeps.store.declaration import Declaration
from sweeps.store.racing import standings
from sweeps.store.schema import STAGES, STOPPED
from sweeps.store.store import Store

COLUMNS = [
    *("trial_id", "stage", "cell", "task", "status", "error", "solved", "valid_score", "seed", "test_score"),
    *("finished_at", "device"),
]


@dataclass
class Arm:
    """Of a cell on a task. done: trials by stage, those that failed left out. best: score on validation."""

    done: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    best: float | None = None


class SoFar:
    """Read when it is made. incomplete: a sentence on damaged parts, empty where there are none. Raises InputError
    where the study never ran or a part may not be read."""

    def __init__(self, store: Store):
        self.declaration: Declaration = store.declaration()
        planned = store.planned(COLUMNS)
        self.rows: list[dict[str, Any]] = planned.rows.to_pylist()
        self.other, self.incomplete = planned.other, store.incomplete
        self.statuses = Counter(row["status"] for row in self.rows)
        self.done, self.total = len(self.rows) - self.statuses["failed"], self.declaration.trials

    @cached_property
    def standings(self) -> dict[str, Standing]:
        """By task, how its race stands on the confirmed seeds; nothing where the study does not race."""
        if not self.declaration.race:
            return {}
        scores: dict[tuple[str, str], list[float]] = {}
        for row in sorted(self.rows, key=lambda row: row["seed"]):
            if row["stage"] == "confirm":
                scores.setdefault((row["cell"], row["task"]), []).append(
                    VALUES[self.declaration.measure](row)
                )
        return standings(self.declaration, scores)

    @property
    def open(self) -> bool:
        """Whether a race may end before all trials that it may ask for."""
        return any(standing.wanted for standing in self.standings.values())

    @property
    def complete(self) -> bool:
        """Whether all that is planned, and all that a race may still ask for, has a row that did not fail."""
        return self.done >= self.total

    @property
    def line(self) -> str:
        most = "at most " if self.open else ""
        counts = self.statuses
        stopped = f", {counts[STOPPED]} stopped by the search" if counts[STOPPED] else ""
        return (
            f"{self.done} of {most}{self.total} trials done ({sum(bool(r['solved']) for r in self.rows)} solved, "
            f"{counts['diverged']} diverged{stopped}), {counts['failed']} failed, {most}{self.total - self.done} to run"
        )

    @property
    def devices(self) -> str:
        """A sentence where rows come from several kinds, empty else."""
        found = Counter(row["device"] for row in self.rows if row["device"])
        if len(found) < 2:
            return ""
        each = ", ".join(f"{name} ({n})" for name, n in found.most_common())
        return (
            f"Trials ran on {len(found)} kinds of device, which agree to rounding, not bit for bit: {each}."
        )

    @cached_property
    def arms(self) -> dict[tuple[str, str], Arm]:
        arms: dict[tuple[str, str], Arm] = {}
        for row in self.rows:
            key = row["cell"], row["task"]
            arm = arms.get(key) or arms.setdefault(key, Arm())
            if row["status"] == "failed":
                arm.failed += 1
            else:
                arm.done[row["stage"]] += 1
            if row["valid_score"] is not None:
                arm.best = max(row["valid_score"], row["valid_score"] if arm.best is None else arm.best)
        return arms

    def table(self) -> Table:
        """Cell by task: trials by stage, those that failed where there are some, the best score."""
        declaration = self.declaration
        table = Table(box=None, header_style="bold")
        table.add_column("cell", overflow="fold")
        names = [stage for stage in STAGES if stage in ("search", "confirm") or declaration.planned(stage)]
        failing = [
            task
            for task in declaration.tasks
            if any(a.failed for (_, t), a in self.arms.items() if t == task)
        ]
        for task in declaration.tasks:
            for i, stage in enumerate(names):
                table.add_column(f"{task}: {stage}" if i == 0 else stage, justify="right")
            if task in failing:
                table.add_column("failed", justify="right", style="red")
            table.add_column("best", justify="right")
        for cell in declaration.cells:
            columns = []
            for task in declaration.tasks:
                arm = self.arms.get((cell, task), Arm())
                columns += [str(arm.done[stage]) for stage in names]
                columns += [str(arm.failed)] if task in failing else []
                columns.append("·" if arm.best is None else f"{arm.best:.3f}")
            table.add_row(cell, *columns)
        return table
