"""The columns of the results store: name, type, unit, meaning. One version number for all of it.

Tables, all made of Parquet parts in `results/STUDY/`:

- `trials/`: one row per finished trial. Beside the columns here, every field of the trial's spec is a
  column under its dotted path (`cell.hidden`, `task.length`, `optimizer.learning_rate`, `steps`...), and
  trials that are tested on longer sequences too have `test_score_x2` and so on, by `longer_column`.
- `curves/`: one row per trial and evaluation.
- `flow/`, of studies that measure it: one row per network and moment of its training, of some confirmed trials.

`study.json` beside them holds what the study declared: see `sweeps.store.declaration.Declaration`.
"""

import functools
import re
from collections.abc import Iterable

import pyarrow as pa

VERSION = 1

STOPPED = "stopped"
FINAL = ("finished", "diverged", "failed")  # how a trial ends that nothing stops
STATUSES = (*FINAL, STOPPED)
STAGES = ("search", "choose", "confirm", "single")

# name: (type, unit, meaning)
TRIAL_COLUMNS: dict[str, tuple[pa.DataType, str, str]] = {
    "schema_version": (pa.int32(), "", "version of this table"),
    "trial_id": (pa.string(), "", "hash of the trial's canonical JSON"),
    "study": (pa.string(), "", "study that ran it"),
    "stage": (pa.string(), "", "search, choose, confirm or single; verdicts use confirm alone"),
    "cell": (pa.string(), "", "the cell's label when the trial ran; what it is called now, study.json says"),
    "task": (pa.string(), "", "the task's label when the trial ran"),
    "code": (pa.string(), "", "digest of cells and tasks from outside this package, see `sweeps.code_of`"),
    "seed": (pa.int64(), "", "seed of every draw of the trial"),
    "cell.type": (
        pa.string(),
        "",
        "class of the cell's spec; null in rows of versions that left it to `spec`",
    ),
    "task.type": (pa.string(), "", "class of the task's spec; null as `cell.type`"),
    "tolerance": (
        pa.float64(),
        "fraction",
        "a task counts as solved with fewer items wrong; null in rows of versions that had 0.01 throughout",
    ),
    "status": (
        pa.string(),
        "",
        "finished, diverged (loss or gradient not finite), stopped (by its search, see rung) or failed (see error)",
    ),
    "rung": (
        pa.int32(),
        "",
        "rungs of its search that a trial had reached when it stopped or failed; one that goes on gets another row",
    ),
    "error": (pa.string(), "", "exception of a failed trial, else null"),
    "steps_done": (pa.int64(), "steps", "optimiser updates made"),
    "sequences": (pa.int64(), "sequences", "training sequences seen"),
    "train_loss": (pa.float64(), "task loss", "mean training loss since the last evaluation"),
    "valid_loss": (pa.float64(), "task loss", "loss on the validation stream at the end"),
    "valid_error": (pa.float64(), "fraction", "fraction of validation items wrong (task's criterion)"),
    "valid_score": (pa.float64(), "score", "0 naive baseline, 1 perfect; selection uses this one"),
    "test_loss": (pa.float64(), "task loss", "loss on the test stream; null unless finished"),
    "test_error": (pa.float64(), "fraction", "fraction of test items wrong; null unless finished"),
    "test_score": (pa.float64(), "score", "0 naive baseline, 1 perfect; reports use this one"),
    "baseline_loss": (pa.float64(), "task loss", "loss of the task's naive baseline"),
    "solved": (pa.bool_(), "", "the task's success criterion held at some evaluation"),
    "solved_step": (pa.int64(), "steps", "first evaluation at which it held, else null"),
    "diverged_step": (pa.int64(), "steps", "update at which it diverged, else null"),
    "parameters": (pa.int64(), "numbers", "trainable numbers of the cell, read-out excluded"),
    "state_size": (pa.int64(), "numbers", "numbers carried from step to step by one sequence"),
    "step_flops": (
        pa.int64(),
        "operations",
        "of the matrix products of one update, forward and backward; null in rows of versions that did not count",
    ),
    "test_sequences": (
        pa.int64(),
        "sequences",
        "size of the test sample behind test_*; null where there is but one sequence",
    ),
    "margin": (pa.float64(), "score", "equivalence margin declared when the trial ran; null for single runs"),
    "compile_seconds": (pa.float64(), "s", "compilation the cohort waited for, divided by its trials"),
    "run_seconds": (pa.float64(), "s", "training and evaluation of the cohort, divided by its trials"),
    "memory_bytes": (pa.int64(), "bytes", "peak resident memory of the worker so far"),
    "finished_at": (pa.timestamp("us", tz="UTC"), "UTC", "when the row was written"),
    "commit": (pa.string(), "", "commit of the code, null outside a checkout"),
    "dirty": (pa.bool_(), "", "the checkout had uncommitted changes"),
    "device": (pa.string(), "", "platform and model of the device"),
    "version.project": (pa.string(), "", "version of lstm-variants"),
    "version.python": (pa.string(), "", "version of Python"),
    "version.jax": (pa.string(), "", "version of jax"),
    "version.flax": (pa.string(), "", "version of flax"),
    "version.optax": (pa.string(), "", "version of optax"),
    "version.ray": (pa.string(), "", "version of ray"),
    "spec": (pa.string(), "JSON", "the whole trial, canonical"),
}

CURVE_COLUMNS: dict[str, tuple[pa.DataType, str, str]] = {
    "schema_version": (pa.int32(), "", "version of this table"),
    "trial_id": (pa.string(), "", "the trial"),
    "study": (pa.string(), "", "study that ran it"),
    "stage": (pa.string(), "", "search, choose, confirm or single"),
    "cell": (pa.string(), "", "the cell's label when the trial ran"),
    "task": (pa.string(), "", "the task's label when the trial ran"),
    "code": (pa.string(), "", "as in the trial's row"),
    "seed": (pa.int64(), "", "the trial's seed"),
    "step": (pa.int64(), "steps", "optimiser updates made so far"),
    "train_loss": (pa.float64(), "task loss", "mean training loss since the last evaluation"),
    "gradient_norm": (
        pa.float64(),
        "",
        "mean global gradient norm before clipping, since the last evaluation",
    ),
    "valid_loss": (pa.float64(), "task loss", "loss on the validation stream"),
    "valid_error": (pa.float64(), "fraction", "fraction of validation items wrong"),
    "valid_score": (pa.float64(), "score", "0 naive baseline, 1 perfect"),
    "seconds": (pa.float64(), "s", "this trial's share of its cohort's run time so far"),
}

FLOW_COLUMNS: dict[str, tuple[pa.DataType, str, str]] = {
    "schema_version": (pa.int32(), "", "version of this table"),
    "trial_id": (pa.string(), "", "the confirmed trial that was trained again"),
    "study": (pa.string(), "", "study that ran it"),
    "cell": (pa.string(), "", "the cell's label when it was measured"),
    "task": (pa.string(), "", "the task's label when it was measured"),
    "code": (pa.string(), "", "as in the trial's row"),
    "seed": (pa.int64(), "", "the trial's seed"),
    "moment": (pa.string(), "", "start, halfway or end of the training"),
    "step": (pa.int64(), "steps", "optimiser updates made by then, where nothing stopped it"),
    "diverged": (pa.bool_(), "", "the training had diverged by then; measured at its last sound update"),
    "same": (pa.bool_(), "", "trained again it gave every number of the trial's row, bit for bit"),
    "sequences": (pa.int64(), "sequences", "of the test stream, on which was measured"),
    "norms": (pa.list_(pa.float32()), "", "mean norm of dL/ds by lag, lag 1 first"),
    "horizon": (pa.int64(), "steps", "largest lag with more than 1 % of the norm at lag 1"),
    "kept": (
        pa.list_(pa.float32()),
        "fraction",
        "mean product of the factors on c over as many last steps; null without a c",
    ),
    "exponent": (
        pa.float64(),
        "nats a step",
        "largest Lyapunov exponent of the carry; null beyond all numbers",
    ),
    "shut": (pa.float64(), "fraction", "of the gate values below 0.1; null without gates"),
    "open": (pa.float64(), "fraction", "of the gate values above 0.9; null without gates"),
    "score": (pa.float64(), "score", "on these sequences; null beyond all numbers"),
    "seconds": (pa.float64(), "s", "training and measuring of the cohort, divided by its trials"),
    "finished_at": (pa.timestamp("us", tz="UTC"), "UTC", "when the row was written"),
    "device": (pa.string(), "", "platform and model of the device"),
    **{name: what for name, what in TRIAL_COLUMNS.items() if name in ("commit", "dirty")},
    **{name: what for name, what in TRIAL_COLUMNS.items() if name.startswith("version.")},
}

COLUMNS = {"trials": TRIAL_COLUMNS, "curves": CURVE_COLUMNS, "flow": FLOW_COLUMNS}  # by table

# Measures that cells are compared by, and their units; `analysis.study.measures` says what they are.
MEASURES: dict[str, str] = {
    "test_score": "score",
    "area": "score",
    "solved": "fraction",
    "log_steps": "log2 of updates",
    "diverged": "fraction",
    "score_at_seconds": "score",
    "score_at_flops": "score",
    "score_at_parameters": "score",
}

# What may differ between two runs of the same trial; everything else is the same bit for bit on a CPU.
INCIDENTAL = frozenset(
    {
        *("study", "stage", "cell", "task", "margin"),
        *("compile_seconds", "run_seconds", "memory_bytes", "finished_at", "seconds"),
        *("commit", "dirty", "device"),
        *(name for name in TRIAL_COLUMNS if name.startswith("version.")),
    }
)


LONGER = re.compile(r"test_\w+_x\d+")  # what `longer_column` gives


def longer_column(measure: str, factor: int) -> str:
    """Column of a measure (loss, error, score) on test sequences so many times longer than trained on."""
    return f"test_{measure}_x{factor}"


def longer_factors(columns: Iterable[str], measure: str = "score") -> list[int]:
    """The factors of `longer_column` among these columns, rising."""
    pattern = re.compile(rf"test_{measure}_x(\d+)")
    return sorted(int(found[1]) for name in columns if (found := pattern.fullmatch(name)))


@functools.cache
def field(name: str, kind: pa.DataType, unit: str, meaning: str) -> pa.Field:
    return pa.field(name, kind, metadata={"unit": unit, "meaning": meaning})


def kind(type_: pa.DataType) -> str:
    """Columns of one kind can be put together: numbers, else the type's own name."""
    return "number" if pa.types.is_integer(type_) or pa.types.is_floating(type_) else str(type_)


def texts(values: Iterable[object]) -> pa.Array:
    """Values as text, missing ones kept."""
    return pa.array([None if v is None else str(v) for v in values], pa.string())


def as_text(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """A column as text, missing values kept."""
    return texts(column.to_pylist())


def spec_column(values: list[object]) -> pa.Array:
    """A column of fields of specs; text where the specs differ in the kind of value."""
    there = [v for v in values if v is not None]
    alike = any(
        all(type(v) is one for v in there) for one in (str, int, float, bool)
    )  # as nearly always: sooner
    kinds = set() if alike else {kind(pa.scalar(v).type) for v in there}
    return texts(values) if len(kinds) > 1 else pa.array(values)


def table(rows: list[dict[str, object]], columns: dict[str, tuple[pa.DataType, str, str]]) -> pa.Table:
    """Rows to a table: declared columns first and typed, the spec's own columns after them, inferred.

    Raises KeyError when a row lacks a declared column: a row must explain itself.
    """
    fields = [field(name, *described) for name, described in columns.items()]
    arrays = [
        pa.array([row[name] for row in rows], type=f.type) for name, f in zip(columns, fields, strict=True)
    ]
    for name in dict.fromkeys(key for row in rows for key in row if key not in columns):
        array = spec_column([row.get(name) for row in rows])
        meaning = "on longer sequences" if name.startswith("test_") else "field of the trial's spec"
        fields.append(field(name, array.type, "", meaning))
        arrays.append(array)
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata={"schema_version": str(VERSION)}))
