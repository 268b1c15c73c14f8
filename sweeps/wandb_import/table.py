"""Anybody's W&B runs as a tidy table: one row per run, with the columns that `lstm-variants verdicts` takes.

cell=config.model  task=config.dataset  seed=config.seed  measures=[summary.test_acc]

run      cell  task   seed  status    test_acc  state
f3k2...  lstm  mnist     0  finished     0.981  finished
9d0a...  gru   mnist     0  failed        null  crashed
"""

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from sweeps.errors import InputError
from sweeps.mirror.run import Run
from sweeps.terminal.outputs import output
from sweeps.terminal.outputs import write as write_file
from sweeps.wandb_import.keys import ABSENT, check, column, look_up, names, names_of, text

COLUMNS = ("run", "cell", "task", "seed", "status", "state")
ENDED = {"finished": "finished", "failed": "failed", "crashed": "failed", "killed": "failed"}  # else running
WRITERS = {".parquet": pyarrow.parquet.write_table, ".csv": pyarrow.csv.write_csv}
WORDS_FOR_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
SHOWN = 3  # runs named in an error


@dataclass(frozen=True, kw_only=True)
class Keys:
    """Where a run has its labels and measures. Raises InputError for a key that cannot be one."""

    cell: str
    task: str
    seed: str
    measures: tuple[str, ...]

    def __post_init__(self) -> None:
        for key in (self.cell, self.task, self.seed, *self.measures):
            check(key)
        names = [column(key) for key in self.measures]
        for name in names:
            if name in COLUMNS or names.count(name) > 1:
                raise InputError(f"Two columns of the table would be named '{name}'; choose other measures.")


def table(runs: Sequence[Run], keys: Keys) -> pa.Table:
    """One row per run, in the order of `runs`. A run that ended badly is a row that says so, with what it measured.

    status is W&B's `state` in the words of our results: finished, diverged (finished, and a measure is not a
    number), failed (it failed, crashed or was killed) or running. Raises InputError where labels, or measures of
    finished runs, are missing or no such thing.
    """
    labels = {
        name: values(runs, getattr(keys, name), nothing=(ABSENT, None)) for name in ("cell", "task", "seed")
    }
    finished = [run for run in runs if ENDED.get(run.state) == "finished"]
    measured: dict[str, list[float | None]] = {}
    for key in keys.measures:
        values(finished, key)  # raises where one is missing; W&B has null for a NaN
        measured[column(key)] = [number(run, key) for run in runs]
    status = []
    for i, run in enumerate(runs):
        words = ENDED.get(run.state, "running")
        odd = words == "finished" and any(numbers[i] is None for numbers in measured.values())
        status.append("diverged" if odd else words)
    seeds = labels["seed"]
    return pa.table(
        {
            "run": [run.id for run in runs],
            "cell": [text(value) for value in labels["cell"]],
            "task": [text(value) for value in labels["task"]],
            "seed": seeds if all(type(seed) is int for seed in seeds) else [text(seed) for seed in seeds],
            "status": status,
            **{name: pa.array(numbers, pa.float64()) for name, numbers in measured.items()},
            "state": [run.state for run in runs],
        }
    )


def values(runs: Sequence[Run], key: str, nothing: tuple[object, ...] = (ABSENT,)) -> list[object]:
    """What every run has under a key. Raises InputError where one has `nothing`, or a group of values."""
    found = [look_up(run, key) for run in runs]
    lacking = [run for run, value in zip(runs, found, strict=True) if value in nothing]
    if lacking:
        known = sorted({name for run in runs for name in names_of(run)})
        near = difflib.get_close_matches(key, known, n=3, cutoff=0.5) or known[:12]
        raise InputError(
            f"{len(lacking)} of {len(runs)} runs have no {key}: {named(lacking)}. Nearest keys: "
            f"{', '.join(near) or 'none'}. Leave runs out with --where KEY=VALUE or KEY!=VALUE."
        )
    groups = [
        run for run, value in zip(runs, found, strict=True) if isinstance(value, Mapping) and names(value)
    ]
    if groups:
        inner = ", ".join(f"{key}.{name}" for name in names(look_up(groups[0], key))[:12])
        raise InputError(f"{key} is a group of values in {named(groups)}. Name one of: {inner}.")
    return found


def number(run: Run, key: str) -> float | None:
    """A measure; None where there is none, or it is not finite. Raises InputError for what is no number."""
    value = look_up(run, key)
    if value is ABSENT or value is None:
        return None
    value = WORDS_FOR_NUMBERS.get(value, value) if isinstance(value, str) else value
    if not isinstance(value, int | float):
        raise InputError(f"{key} must be a number; run {run.id} has {value!r}.")
    return float(value) if math.isfinite(value) else None


def named(runs: Sequence[Run]) -> str:
    more = len(runs) - SHOWN
    shown = ", ".join(run.id for run in runs[:SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown


def check_path(path: Path, source: str) -> Path:
    """Raises InputError for a name that says neither Parquet nor CSV, one of the files of `source` (offline runs), or
    a place where nothing can be written."""
    if path.suffix not in WRITERS:
        raise InputError(f"--table must end in .parquet or .csv; got '{path}'.")
    return output(path, "--table", inputs=[source])


def write(rows: pa.Table, path: Path) -> None:
    """Write the table as its name says; a reader sees the old file or the new one. Raises InputError."""
    buffer = pa.BufferOutputStream()
    WRITERS[path.suffix](rows, buffer)
    write_file(path, buffer.getvalue().to_pybytes())
