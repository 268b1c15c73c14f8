"""The rows of a trial and of its curve, as the store keeps them: from the reports of a cohort, or from its error."""

import datetime
import functools
import resource
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from experiments.flops import step_flops
from experiments.specs import canonical, flatten, type_name
from experiments.state import NEVER, Report
from experiments.tasks.contract import TOLERANCE
from experiments.trial import Trial
from lstm_variants import parameter_count, state_size
from sweeps.checkpoints import Evaluation
from sweeps.job import Job
from sweeps.plan import Entry
from sweeps.provenance import provenance
from sweeps.store import schema

Row = dict[str, Any]


def names(entry: Entry, job: Job) -> Row:
    return {
        "schema_version": schema.VERSION,
        "trial_id": entry.id,
        "study": job.study,
        "stage": entry.stage,
        "cell": entry.cell,
        "task": entry.task,
        "code": entry.code,
        "seed": entry.trial.seed,
    }


def flatten_spec(trial: Trial) -> Row:
    """The spec's own columns (`seed` is a declared one), and what is declared of it: its text, the classes of its cell
    and task, and when its task counts as solved."""
    return {path: value for path, value in flatten(trial).items() if path != "seed"} | {
        "spec": canonical(trial),
        "cell.type": type_name(type(trial.cell)),
        "task.type": type_name(type(trial.task)),
        "tolerance": TOLERANCE,
    }


def last_of(reports: list[Evaluation], i: int) -> tuple[int, Report]:
    """Steps and report of member i's last evaluation."""
    step, report, _ = next(r for r in reversed(reports) if r[1].fresh[i])
    return int(step[i]), report


def outcome(
    entry: Entry, steps: int, report: Report, i: int, solved_step: int, diverged_step: int, *, stopped: bool
) -> Row:
    """How the trial ended, or where its search stopped it. A diverged or stopped one has no test measures: what they
    would mean is for statistics to say."""
    diverged = diverged_step != NEVER
    untested = diverged or stopped
    test = {
        f"test_{name}": None if untested else float(value[i]) for name, value in report.test._asdict().items()
    }
    for factor, measures in zip(entry.trial.longer, report.longer, strict=True):
        for name, value in measures._asdict().items():
            test[schema.longer_column(name, factor)] = None if untested else number(value[i])
    valid = {f"valid_{name}": number(value[i]) for name, value in report.validation._asdict().items()}
    return {
        "status": "diverged" if diverged else schema.STOPPED if stopped else "finished",
        "rung": entry.rung if stopped else None,
        "error": None,
        "steps_done": steps,
        "sequences": steps * entry.trial.batch,
        "train_loss": number(report.train_loss[i]),
        **valid,
        **test,
        "baseline_loss": float(entry.trial.task.baseline),
        "solved": solved_step != NEVER,
        "solved_step": solved_step if solved_step != NEVER else None,
        "diverged_step": diverged_step if diverged else None,
        # A task of a single sequence is tested on all there is: no sample, no resolution.
        "test_sequences": None
        if getattr(entry.trial.task, "single", False)
        else entry.trial.test_batches * entry.trial.batch,
    }


def number(value: Any) -> float | None:
    """A Python float, None for what is not finite."""
    return float(value) if np.isfinite(value) else None


def curve_rows(entry: Entry, job: Job, reports: list[Evaluation], i: int) -> Iterator[Row]:
    for step, report, seconds in reports:
        if report.fresh[i]:
            yield {
                **names(entry, job),
                "step": int(step[i]),
                "train_loss": number(report.train_loss[i]),
                "gradient_norm": number(report.gradient_norm[i]),
                **{f"valid_{name}": number(value[i]) for name, value in report.validation._asdict().items()},
                "seconds": seconds,
            }


LONGEST = 20_000  # characters of an exception's message; all of it is in the file of its traceback


def failed_rows(entries: Iterable[Entry], job: Job, error: BaseException) -> list[Row]:
    """Rows of trials whose cohort raised: every declared column, null where nothing was measured."""
    rows = []
    for entry in entries:
        row: Row = dict.fromkeys(schema.TRIAL_COLUMNS)
        row |= names(entry, job) | provenance() | flatten_spec(entry.trial)
        row |= {"rung": entry.rung - 1 if entry.rung > 1 else None}
        row |= {"status": "failed", "error": f"{type(error).__name__}: {str(error).strip()}"[:LONGEST]}
        row |= {"margin": job.margin, "solved": False, "finished_at": datetime.datetime.now(datetime.UTC)}
        rows.append(row)
    return rows


def score_of(row: Row) -> float:
    score = row["valid_score"]
    return float(score) if isinstance(score, float) else float("nan")


@functools.cache
def sizes(bare: Trial) -> dict[str, object]:
    """Measured parameter and state counts of the cell, and operations of an update."""
    from flax import nnx

    cell = nnx.eval_shape(lambda: bare.cell.build(bare.task.inputs, nnx.Rngs(0)))
    return {
        "parameters": parameter_count(cell),
        "state_size": state_size(cell, bare.task.inputs, bare.task.steps),
        "step_flops": step_flops(bare),
    }


def peak_memory() -> int:
    """Peak resident memory of this process in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
