"""What a worker does with confirmed trials whose flow is wanted: train them again, measure, write the rows itself."""

import datetime
import time
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import numpy as np

from experiments.cohort import Cohort
from experiments.flow import MOMENTS, Moment, horizon
from experiments.flow.run import Training
from experiments.state import NEVER
from sweeps.job import Job
from sweeps.plan import Entry, Row, Work
from sweeps.provenance import device_name, provenance
from sweeps.rows import last_of, number, outcome
from sweeps.same import differing, given
from sweeps.store import schema
from sweeps.worker import Event, Worker, room


def again(worker: Worker, *, work: Work, job: Job, rows: Mapping[str, Row]) -> Iterator[Event]:
    """Train a work's trials again, measure their flow and append it to the job's store. rows: theirs, by trial id.

    A cohort that is too large for the device is run in parts.
    """
    size = room(work.structure, work.size, job.layout)
    parts = [work.entries[i : i + size] for i in range(0, len(work.entries), size)]
    for k, entries in enumerate(parts):
        for fraction, seconds in one_cohort(worker, entries, size, job, rows):
            yield Event(
                "evaluated" if fraction else "compiled", (k + min(fraction, 0.99)) / len(parts), seconds
            )
    yield Event("done", 1.0, 0.0)


def one_cohort(
    worker: Worker, entries: tuple[Entry, ...], size: int, job: Job, rows: Mapping[str, Row]
) -> Iterator[tuple[float, float]]:
    """Fraction done and seconds, before the training and at each moment; the rows are written at the last."""
    start = last = time.perf_counter()
    training = worker.flows(job).train(Cohort(tuple(entry.trial for entry in entries), size))
    moments = list[Moment]()
    yield 0.0, time.perf_counter() - start
    for moment in training.moments():
        moments.append(moment)
        seconds, last = time.perf_counter() - last, time.perf_counter()
        if moment.name == MOMENTS[-1] and job.store is not None:
            each = (last - start) / len(entries)
            job.store.append_flow(list(flow_rows(entries, moments, training, job, rows, each)))
        yield (1 + MOMENTS.index(moment.name)) / len(MOMENTS), seconds


def flow_rows(
    entries: tuple[Entry, ...],
    moments: list[Moment],
    training: Training,
    job: Job,
    rows: Mapping[str, Row],
    seconds: float,
) -> Iterator[Row]:
    """One row a trial and moment, as `schema.FLOW_COLUMNS` has it."""
    diverged = training.run.state.diverged_step
    common = {
        **provenance(),
        "schema_version": schema.VERSION,
        "study": job.study,
        "sequences": training.sequences,
        "seconds": seconds,
        "finished_at": datetime.datetime.now(datetime.UTC),
        "device": device_name(jax.devices()[0]),
    }
    for i, entry in enumerate(entries):
        same = same_again(entry, training, i, rows[entry.id])
        own = {"trial_id": entry.id, "cell": entry.cell, "task": entry.task, "code": entry.code}
        for moment in moments:
            m: Any = jax.tree.map(lambda leaf, i=i: leaf[i], moment.measured)
            yield {
                **common,
                **own,
                "seed": entry.trial.seed,
                "moment": moment.name,
                "step": moment.step,
                "diverged": NEVER != diverged[i] <= moment.step,
                "same": same,
                "norms": m.norms.tolist(),
                "horizon": horizon(m.norms.astype(np.float64)),
                "kept": None if np.isnan(m.kept).any() else m.kept.tolist(),
                "exponent": None if np.isnan(m.exponent) else float(m.exponent),
                "shut": number(m.shut),
                "open": number(m.open),
                "score": number(m.score),
            }


def same_again(entry: Entry, training: Training, i: int, row: Row) -> bool:
    """Whether a trial that was trained again gave what its row says, bit for bit."""
    state = training.run.state
    steps, report = last_of([(step, report, 0.0) for step, report in training.reports], i)
    ended = (int(state.solved_step[i]), int(state.diverged_step[i]))
    now = outcome(entry, steps, report, i, *ended, stopped=False)
    return not differing(row, now, given(now))
