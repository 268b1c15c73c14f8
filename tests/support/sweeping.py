"""Sweeps of made-up rows: what is planned, without training anything."""

import datetime
import hashlib
import random

from sweeps.plan import Entry
from sweeps.provenance import provenance
from sweeps.rows import flatten_spec, names
from sweeps.store import schema
from sweeps.store.store import Store
from sweeps.sweep import Scheduler, Silent
from sweeps.worker import Event


def made_up(entry: Entry) -> float:
    """A score in [0, 1) that follows from the trial."""
    return int(hashlib.sha256(entry.id.encode()).hexdigest()[:8], 16) / 2**32


def row_of(entry: Entry, job, score=made_up, status="finished") -> dict[str, object]:
    """The whole row of a trial with this score, stopped where it is to stop."""
    value = score(entry) if status == "finished" else None
    stopped = entry.until is not None and status == "finished"
    row = dict.fromkeys(schema.TRIAL_COLUMNS) | names(entry, job) | provenance() | flatten_spec(entry.trial)
    row |= {
        "status": "stopped" if stopped else status,
        "rung": entry.rung if stopped else entry.rung - 1 if status == "failed" and entry.rung > 1 else None,
        "steps_done": entry.until if stopped else entry.trial.steps,
        "valid_score": value,
        "test_score": None if stopped else value,
        "valid_loss": 0.5,
        "margin": job.margin,
    }
    return row | {
        "solved": bool(value and value > 0.5 and not stopped),
        "finished_at": datetime.datetime.now(datetime.UTC),
    }


def sweep_in(
    folder, loaded, *, size=2, order=0, stop=None, failing=(), fails_from=0, score=made_up, listener=None
) -> Scheduler:
    """Run what is missing, cohorts of `size` finishing in a random order; `stop` ends it dead after so many.

    failing: ids of trials that fail, from the part of their training with this rung on.
    """
    scheduler = Scheduler(loaded, Store(folder, loaded.name).prepare(), size, listener or Silent())
    rng, under_way, done = random.Random(order), [], 0
    while scheduler.queue or under_way:
        while scheduler.queue and (not under_way or rng.random() < 0.7):
            under_way.append(scheduler.take(set(), set())[0])
        work = under_way.pop(rng.randrange(len(under_way)))
        statuses = {
            e: "failed" if e.id in failing and e.rung >= fails_from else "finished" for e in work.entries
        }
        rows = [row_of(e, scheduler.job, score, status) for e, status in statuses.items()]
        scheduler.store.append(rows, [])
        scheduler.put(work, Event("done", 1.0, 0.0, {}, rows))
        done += 1
        if done == stop:
            break
    return scheduler
