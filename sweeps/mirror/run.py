"""A W&B run as a value, and a trial's row in it: what the mirror writes and the import reads. No wandb here.

    row of the store                     W&B run
    spec                        ->       config, nested, for people to look at
    labels, searched fields     ->       config: study, stage, cell_label, task_label, status, setting
    spec                       <->       summary, as text: in a config wandb makes 1 of 1.0
    every other column         <->       summary, under the column's name
    curve                      <->       history, one line per evaluation
    curve and outcome           ->       history curve/TASK, summary score/TASK and solved/TASK

Columns that follow from the spec (`cell.hidden`) are not written again; any that do not, though they are not
in the schema, are. So a row comes back whole whatever columns a later version adds. What has only an arrow to the right
is for W&B's panels, and the import passes over it.
"""

import datetime
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from sweeps.errors import InputError
from sweeps.store import schema

Row = dict[str, object]

CURVE = ("step", "train_loss", "gradient_norm", "valid_loss", "valid_error", "valid_score", "seconds")

# A run whose summary has these was made by the mirror.
LABELS = ("trial_id", "study", "stage", "cell", "task", "seed", "status")

ARM, STUDY = "arm", "study"  # job types of the runs that are no trials

DECLARED = "study.json"  # file of the study's run: what the study declared
DECLARATION = "declaration"  # job type, and key in the config, of the run by which older mirrors told that

PANELS = (
    "study",
    "stage",
    "cell_label",
    "task_label",
    "status",
    "setting",
    "code",
)  # of a config, not the spec's
MEASURES = ("curve", "low", "high", "score", "solved")  # before a stroke and a task: keys for panels

INFINITE = {sign + word for sign in ("", "-") for word in ("inf", "Infinity")}


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run as W&B has it.

    state: W&B's word: finished, failed (ended with an error), crashed (never ended), running, ... history: reads
    its lines, in order. torn: its file ends, or is damaged, before the run does. started: of offline
    runs, seconds since 1970. folders: how many of them it was in. read: a file of the run as text, None where it has
    none of that name.
    """

    id: str
    name: str = ""
    project: str = ""
    group: str = ""
    job_type: str = ""
    state: str = "finished"
    config: Row
    summary: Row
    history: Callable[[], list[Row]]
    torn: bool = False
    entity: str = ""
    started: float = 0.0
    folders: int = 1
    read: Callable[[str], str | None] = lambda name: None

    @property
    def is_trial(self) -> bool:
        return all(self.summary.get(name) is not None for name in LABELS)

    @property
    def declares(self) -> bool:
        """Whether it may hold what a study declared."""
        return self.job_type in (STUDY, DECLARATION) and isinstance(self.config.get("study"), str)

    @property
    def is_ours(self) -> bool:
        """Whether the mirror made it."""
        arm = self.job_type == ARM and self.config.get("stage") == ARM
        return self.is_trial or self.declares or arm

    def declaration(self) -> str | None:
        """What the study declared, as JSON; None where the run does not hold it after all."""
        told = self.config.get(DECLARATION)
        return told if isinstance(told, str) else self.read(DECLARED)


# ---------------------------------------------------------------------- to W&B


def config_of(spec: object) -> Row:
    """A spec's text as a dictionary. Infinity and NaN become words: wandb would send them bare, and that is no JSON."""
    return json.loads(str(spec), parse_constant=str)


def summary_of(row: Row, spec: Row | None = None) -> Row:
    """The spec's text, and what it does not say of the row, which has no nulls. spec: it as a dictionary, where the
    caller has it.

    A measure that is in the curve but not in the row is null in so many words, or W&B would put the curve's last
    value there.
    """
    spec = spec if spec is not None else config_of(row["spec"])
    said = spec_columns(spec) | {"schema_version": schema.VERSION}
    nulls = {name: None for name in CURVE if name in schema.TRIAL_COLUMNS and name not in row}
    rest = {name: value for name, value in row.items() if value != said.get(name)}
    return nulls | {
        name: value.isoformat() if isinstance(value, datetime.datetime) else value
        for name, value in rest.items()
    }


# ---------------------------------------------------------------------- from W&B


def trial_row(run: Run) -> Row:
    """The row of a run that the mirror made. Raises InputError for a value that its column cannot hold."""
    spec = run.summary.get("spec") or canonical(run.config)
    try:
        said = spec_columns(config_of(spec)) | {"spec": spec}
    except (ValueError, AttributeError):
        raise changed(run, "spec", "JSON", spec) from None
    carried = {k: v for k, v in run.summary.items() if k[:1] != "_" and k not in only_in_curves()}
    carried = {k: v for k, v in carried.items() if not for_panels(k)}
    carried |= {k: plain(v) for k, v in carried.items() if k not in schema.TRIAL_COLUMNS}
    for name in filter(schema.LONGER.fullmatch, carried):
        carried[name] = typed(carried[name], name, pa.float64(), run)
    row = dict.fromkeys(schema.TRIAL_COLUMNS) | said | carried | {"schema_version": schema.VERSION}
    row |= {name: typed(row[name], name, kind, run) for name, (kind, *_) in schema.TRIAL_COLUMNS.items()}
    for name, allowed in (("stage", schema.STAGES), ("status", schema.STATUSES)):
        if row[name] not in allowed:
            raise changed(run, name, " or ".join(allowed), row[name])
    return row


def curve_rows(run: Run, row: Row) -> list[Row]:
    """The curve of the run whose row this is."""
    labels = {name: row[name] for name in schema.CURVE_COLUMNS if name not in CURVE}
    return [
        labels | {name: typed(point.get(name), name, schema.CURVE_COLUMNS[name][0], run) for name in CURVE}
        for point in run.history()
        if point.get("step") is not None
    ]


def for_panels(name: str) -> bool:
    """Whether a key of a summary is a measure on a task: `score/adding`."""
    measure, stroke, _ = name.partition("/")
    return bool(stroke) and measure in MEASURES


def only_in_curves() -> set[str]:
    """Names that W&B copies into every summary from the last line of the history."""
    return set(CURVE) - set(schema.TRIAL_COLUMNS)


def spec_columns(spec: Mapping[str, object], prefix: str = "") -> Row:
    """The spec as the columns of a row: dotted paths, tuples as JSON text, no types.

        {"cell": {"type": "LSTM", "hidden": 32}, "seed": 1}   ->   {"cell.hidden": 32}

    Columns that the schema declares (`seed`) are not the spec's.
    """
    columns: Row = {}
    for name, value in spec.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict):
            columns |= spec_columns(value, f"{path}.")
        elif name != "type" and path not in schema.TRIAL_COLUMNS:
            columns[path] = plain(value)
    return columns


def plain(value: object) -> object:
    if isinstance(value, str):
        return float(value) if value in INFINITE else value
    return json.dumps(value) if isinstance(value, list) else value


def canonical(config: Row) -> str:
    """As `experiments.specs.canonical`: for runs of mirrors that did not write the text."""
    spec = {name: value for name, value in config.items() if name not in PANELS}
    return json.dumps(spec, sort_keys=True, separators=(",", ":"))


def typed(value: object, name: str, kind: pa.DataType, run: Run) -> object:
    """A JSON value as the column's type; W&B's words NaN and Infinity as numbers.

    Raises InputError where it is of another type.
    """
    if value is None:
        return None
    try:
        if pa.types.is_timestamp(kind):
            return datetime.datetime.fromisoformat(str(value))
        if pa.types.is_floating(kind):
            return float(value)  # type: ignore[arg-type]
        if pa.types.is_integer(kind):
            return whole(value)
        if pa.types.is_boolean(kind):
            return {True: True, False: False}[value]  # type: ignore[index]
        return str(value)
    except (TypeError, ValueError, KeyError):
        raise changed(run, name, str(kind), value) from None


def changed(run: Run, name: str, expected: str, value: object) -> InputError:
    return InputError(
        f"Run {run.id}: '{name}' must be {expected}; got {value!r}. Was it changed in W&B? Remove the run there, and "
        f"mirror the study again."
    )


def whole(value: object) -> int:
    """The number as an int. Raises ValueError where it is not whole."""
    number = int(value)  # type: ignore[call-overload]
    if number != value:
        raise ValueError
    return number
