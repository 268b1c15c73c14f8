"""What a worker does with a cohort: compile once a structure, train, write the rows itself.

A generator of `Event`s, so that whoever drives it (in process, or through Ray) can show progress. The
rows are on disk before the last event is sent: a driver that dies loses nothing that finished.
"""

import datetime
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from experiments.cohort import NEVER, Cohort, Report
from experiments.program import Program
from experiments.specs import canonical, flatten
from experiments.trial import Trial
from lstm_variants import parameter_count, state_size
from sweeps import schema
from sweeps.plan import Entry, Work
from sweeps.provenance import device_name, provenance
from sweeps.store import Store

Row = dict[str, Any]


@dataclass(frozen=True)
class Event:
    """Progress of one work.

    kind: compiled, evaluated or done. seconds: since the last event of this work. scores: validation score
    by trial id so far. rows: of the finished trials, with kind done.
    """

    kind: str
    fraction: float
    seconds: float
    scores: dict[str, float] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)


class Worker:
    """Holds compiled programs. One a process; not for two threads."""

    def __init__(self) -> None:
        self.programs: dict[tuple[Trial, int], tuple[Program, dict[str, object]]] = {}

    def program(self, bare: Trial, size: int) -> tuple[Program, dict[str, object], float]:
        """The program for a structure, its measured sizes, and the seconds it took to compile just now."""
        start, key = time.perf_counter(), (bare, size)
        if key in self.programs:
            return *self.programs[key], 0.0
        self.programs[key] = Program(bare, size), sizes(bare)
        return *self.programs[key], time.perf_counter() - start

    def run(self, work: Work, store: Store | None, study: str, margin: float | None) -> Iterator[Event]:
        """Train a work's trials and append their rows to the store (unless it is None)."""
        entries = work.entries
        cohort = Cohort(tuple(entry.trial for entry in entries), work.size)
        program, measured, compile_seconds = self.program(cohort.structure, work.size)
        yield Event("compiled", 0.0, compile_seconds)
        start = last = time.perf_counter()
        state, reports = program.start(cohort), []
        while True:
            state, report = program.advance(state)
            running = np.asarray(state.running)
            now = time.perf_counter()
            reports.append(
                (np.asarray(state.step), jax.tree.map(np.asarray, report), (now - start) / len(entries))
            )
            if not running.any():
                break
            scores = {e.id: float(s) for e, s in zip(entries, reports[-1][1].validation.score, strict=False)}
            yield Event("evaluated", float(reports[-1][0].max()) / cohort.structure.steps, now - last, scores)
            last = now
        share = 1 / len(entries)
        common = {
            **provenance(),
            **measured,
            "margin": margin,
            "compile_seconds": compile_seconds * share,
            "run_seconds": (time.perf_counter() - start) * share,
            "memory_bytes": peak_memory(),
            "finished_at": datetime.datetime.now(datetime.UTC),
            "device": device_name(jax.devices()[0]),
        }
        solved, diverged = np.asarray(state.solved_step), np.asarray(state.diverged_step)
        trials, curves = list[Row](), list[Row]()
        for i, entry in enumerate(entries):
            steps, last_report = last_of(reports, i)
            ended = outcome(entry, steps, last_report, i, int(solved[i]), int(diverged[i]))
            trials.append({**names(entry, study), **ended, **common, **flatten_spec(entry.trial)})
            curves.extend(curve_rows(entry, study, reports, i))
        if store is not None:
            store.append(trials, curves)
        yield Event(
            "done", 1.0, time.perf_counter() - last, {str(r["trial_id"]): score_of(r) for r in trials}, trials
        )


def names(entry: Entry, study: str) -> Row:
    return {
        "schema_version": schema.VERSION,
        "trial_id": entry.id,
        "study": study,
        "stage": entry.stage,
        "cell": entry.cell,
        "task": entry.task,
        "seed": entry.trial.seed,
    }


def flatten_spec(trial: Trial) -> Row:
    """The spec's own columns; `seed` is a declared one."""
    return {path: value for path, value in flatten(trial).items() if path != "seed"} | {
        "spec": canonical(trial)
    }


def last_of(reports: list[tuple[np.ndarray, Report, float]], i: int) -> tuple[int, Report]:
    """Steps and report of member i's last evaluation."""
    step, report, _ = next(r for r in reversed(reports) if r[1].fresh[i])
    return int(step[i]), report


def outcome(entry: Entry, steps: int, report: Report, i: int, solved_step: int, diverged_step: int) -> Row:
    """How the trial ended. A diverged one has no test measures: what they would mean is for statistics to say."""
    diverged = diverged_step != NEVER
    test = {
        f"test_{name}": None if diverged else float(value[i]) for name, value in report.test._asdict().items()
    }
    for factor, measures in zip(entry.trial.longer, report.longer, strict=True):
        for name, value in measures._asdict().items():
            test[schema.longer_column(name, factor)] = None if diverged else number(value[i])
    valid = {f"valid_{name}": number(value[i]) for name, value in report.validation._asdict().items()}
    return {
        "status": "diverged" if diverged else "finished",
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


def curve_rows(
    entry: Entry, study: str, reports: list[tuple[np.ndarray, Report, float]], i: int
) -> Iterator[Row]:
    for step, report, seconds in reports:
        if report.fresh[i]:
            yield {
                **names(entry, study),
                "step": int(step[i]),
                "train_loss": number(report.train_loss[i]),
                "gradient_norm": number(report.gradient_norm[i]),
                **{f"valid_{name}": number(value[i]) for name, value in report.validation._asdict().items()},
                "seconds": seconds,
            }


def failed_rows(work: Work, study: str, margin: float | None, error: BaseException) -> list[Row]:
    """Rows of trials whose cohort raised: every declared column, null where nothing was measured."""
    rows = []
    for entry in work.entries:
        text = str(error).strip().splitlines()
        row: Row = dict.fromkeys(schema.TRIAL_COLUMNS)
        row |= names(entry, study) | provenance() | flatten_spec(entry.trial)
        row |= {"status": "failed", "error": f"{type(error).__name__}: {text[-1] if text else ''}"[:500]}
        row |= {"margin": margin, "solved": False, "finished_at": datetime.datetime.now(datetime.UTC)}
        rows.append(row)
    return rows


def score_of(row: Row) -> float:
    score = row["valid_score"]
    return float(score) if isinstance(score, float) else float("nan")


def sizes(bare: Trial) -> dict[str, object]:
    """Measured parameter and state counts of the cell."""
    from flax import nnx

    cell = nnx.eval_shape(lambda: bare.cell.build(bare.task.inputs, nnx.Rngs(0)))
    return {"parameters": parameter_count(cell), "state_size": state_size(cell, bare.task.inputs)}


def peak_memory() -> int:
    """Peak resident memory of this process in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
