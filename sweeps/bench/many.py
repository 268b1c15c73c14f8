"""A sweep of very many trials that are not trained: what planning, storing and reading cost.

    python -m sweeps.bench.many STUDY.py RESULTS WORKERS [ADDRESS]

prints one line of JSON: trials, seconds of the whole and of the driver's processor. ADDRESS: of a Ray cluster, else
workers are processes. Everything is as in a real sweep (scheduler, workers, store, compaction), but a worker makes the
rows and the curves of a cohort up.
"""

import datetime
import functools
import json
import random
import sys
import time
from collections.abc import Iterator
from typing import Any

from experiments.trial import Trial
from sweeps.job import Job
from sweeps.plan import Entry, Work
from sweeps.provenance import provenance
from sweeps.rows import flatten_spec, names, sizes
from sweeps.store import schema
from sweeps.store.store import Store
from sweeps.study_file import load_study
from sweeps.sweep import Scheduler, run
from sweeps.worker import Event
from sweeps.workers import crew

COHORT = 4


def made_up(entry: Entry, job: Job) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The row and the curve of a trial, with a score that follows from its id."""
    rng, trial = random.Random(entry.id), entry.trial
    score = min(1.0, max(0.0, rng.gauss(0.9, 0.05)))
    measures = {"valid_loss": 0.1 * (1 - score), "valid_error": 1 - score, "valid_score": score}
    who = names(entry, job)
    row: dict[str, Any] = dict.fromkeys(schema.TRIAL_COLUMNS)
    row |= who | provenance() | flatten_spec(trial) | sizes(entry.structure)
    row |= measures | {name.replace("valid", "test"): value for name, value in measures.items()}
    row |= {
        "status": "finished",
        "steps_done": trial.steps,
        "sequences": trial.steps * trial.batch,
        "baseline_loss": trial.task.baseline,
        "solved": score > 0.95,
        "margin": job.margin,
        "run_seconds": 1.0,
        "compile_seconds": 0.0,
        "finished_at": datetime.datetime.now(datetime.UTC),
    }
    steps = range(trial.evaluate_every, trial.steps + 1, trial.evaluate_every)
    curve = {"train_loss": 0.1, "gradient_norm": 1.0, **measures}
    return row, [who | curve | {"step": step, "seconds": step / trial.steps} for step in steps]


def pretend(worker: object, work: Work, job: Job) -> Iterator[Event]:
    """What `Worker.run` does, without training."""
    rows, curves = list[dict[str, Any]](), list[dict[str, Any]]()
    for entry in work.entries:
        row, curve = made_up(entry, job)
        rows.append(row)
        curves += curve
    assert job.store is not None
    job.store.append(rows, curves)
    yield Event("compiled", 0.0, 0.0)
    yield Event("done", 1.0, 0.0, {row["trial_id"]: row["valid_score"] for row in rows}, rows)


class Pretending(Scheduler):
    """A scheduler of works that are not trained."""

    def take(
        self, seen: set[Any], elsewhere: set[Any], wants: str | None = None
    ) -> tuple[Work, Trial, Any] | None:
        work = self.queue.take(seen, elsewhere, wants) if self.queue else None
        return (
            None
            if work is None
            else (work, work.structure, functools.partial(pretend, work=work, job=self.job))
        )


def main(study: str, results: str, workers: int, address: str | None = None) -> None:
    loaded = load_study(study)
    store = Store(results, loaded.name).prepare()
    with crew.started(crew.Pool(workers=workers, address=address)) as hands, store.lock():
        start, spent = time.perf_counter(), time.process_time()
        scheduler = Pretending(loaded, store, COHORT)
        run(scheduler, hands)
        seconds, driver = time.perf_counter() - start, time.process_time() - spent
    print(json.dumps({"trials": scheduler.stored, "seconds": seconds, "driver_seconds": driver}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:])
