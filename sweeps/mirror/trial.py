"""A trial of the store as a W&B run."""

import datetime
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sweeps.mirror import names
from sweeps.mirror.run import Row, config_of, summary_of
from sweeps.mirror.sent import Sent


@dataclass(frozen=True)
class Trial:
    """A row of the store with its curve, both without nulls, and with the labels that the study declares now. called:
    cell, task and stage in the row as it was written, which name its first run. shown: see `missing.Now`. run: id of
    the run that it has already, which is made anew. searched: paths of the spec that the study searches.
    score: the column that a single trial is told by."""

    row: Row
    curve: list[Row]
    called: Row = field(default_factory=dict)
    shown: str = ""
    run: str = ""
    searched: tuple[str, ...] = ()
    score: str = "test_score"

    @property
    def id(self) -> str:
        return str(self.row["trial_id"])

    @property
    def base(self) -> str:
        """Readable (`wandb leet` shows some twenty characters: what differs comes first), the same at every
        attempt, and unique among all studies: twelve digits of the trial's hash end it."""
        row = self.row | self.called
        return f"{names.readable(labels(row), str(row['study']))}-{self.digits}"

    @property
    def run_id(self) -> str:
        return self.run or self.base

    @property
    def name(self) -> str:
        return f"{names.cut(labels(self.row), names.READABLE)}-{self.digits}"

    @property
    def digits(self) -> str:
        return names.plain(self.id)[:12]

    @cached_property
    def spec(self) -> Row:
        return config_of(self.row["spec"])

    @property
    def config(self) -> Row:
        """The spec, nested; beside it what panels filter, group and explain by."""
        row = self.row
        flat = {name: row[column] for name, column in FLAT.items() if column in row}
        flat |= {"code": row["code"]} if "code" in row else {}
        setting = nested({path: row[path] for path in self.searched if path in row})
        return self.spec | flat | ({"setting": setting} if setting else {})

    @property
    def summary(self) -> Row:
        """All that the importer needs, and the outcome under keys of the task."""
        row, task = self.row, str(self.row["task"])
        told = {"score": row.get(self.score), "solved": row.get("solved")}
        return summary_of(row, self.spec) | {
            names.key(name, task): float(value)  # type: ignore[arg-type]
            for name, value in told.items()
            if value is not None
        }

    @property
    def history(self) -> list[Row]:
        key = names.key("curve", str(self.row["task"]))
        return [p | ({key: p["valid_score"]} if "valid_score" in p else {}) for p in self.curve]

    @property
    def sent(self) -> Sent:
        row, ended = self.row, self.row.get("finished_at")
        seconds = number(row.get("run_seconds"))
        end = ended.timestamp() if isinstance(ended, datetime.datetime) else 0.0
        return Sent(
            id=self.id,
            mark=self.shown,
            run_id=self.run_id,
            name=self.name,
            group=names.group(row["study"], row["task"], row["cell"]),
            job_type=str(row["stage"]),
            tags=names.tags(*(row[name] for name in ("study", "stage", "cell", "task", "status"))),
            config=self.config,
            history=self.history,
            summary=self.summary,
            status=str(row["status"]),
            steps=int(number(row.get("steps_done"))),
            started=end - seconds,
            seconds=seconds,
        )


FLAT = {"study": "study", "stage": "stage", "cell_label": "cell", "task_label": "task", "status": "status"}


def labels(row: Row) -> str:
    return f"{row['cell']}-{row['task']}-s{row['seed']}-{row['stage']}-{row['study']}"


def nested(values: Row) -> Row:
    """Dotted paths as dictionaries in dictionaries, which is how W&B shows a spec.

    >>> nested({"optimizer.learning_rate": 0.01, "seed": 1})
    {'optimizer': {'learning_rate': 0.01}, 'seed': 1}
    """
    tree: dict[str, Any] = {}
    for path, value in values.items():
        *parents, name = path.split(".")
        place = tree
        for parent in parents:
            place = place.setdefault(parent, {})
        place[name] = worded(value)
    return tree


def worded(value: object) -> object:
    """A config is JSON, which has no infinity: as words, like the spec's."""
    return json.loads(json.dumps(value), parse_constant=str)


def number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def without_nulls(row: Row) -> Row:
    return {name: value for name, value in row.items() if value is not None}
