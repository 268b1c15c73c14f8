"""Run what is missing of a study. The driver decides; workers compute and write; the store is the truth.

An arm (a cell on a task) goes on to its confirm stage as soon as its own search is complete: there is no
barrier. Running the sweep again is the resume: what has a row is not planned again, a failed trial is.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from experiments.trial import Trial
from sweeps import serial
from sweeps.plan import (
    Entry,
    Work,
    choices,
    confirm_entries,
    cut,
    declaration,
    rows_by_id,
    search_entries,
    unique,
)
from sweeps.store import Store
from sweeps.study import Loaded

if TYPE_CHECKING:
    from sweeps.cluster import Pool
    from sweeps.worker import Event, Worker


class Listener(Protocol):
    """Whoever wants to know how the sweep goes."""

    def planned(self, scheduler: "Scheduler") -> None: ...
    def heard(self, work: Work, event: "Event") -> None: ...
    def say(self, line: str) -> None: ...


class Silent:
    def planned(self, scheduler: "Scheduler") -> None: ...
    def heard(self, work: Work, event: "Event") -> None: ...
    def say(self, line: str) -> None: ...


@dataclass
class Scheduler:
    """Which work is next. Knows the plan, what has a row, and which arms have been promoted."""

    loaded: Loaded
    store: Store
    size: int
    listener: Listener = field(default_factory=Silent)

    def __post_init__(self) -> None:
        self.search = unique(search_entries(self.loaded.study))
        self.confirm: list[Entry] = []
        self.rows = rows_by_id(self.store)
        self.done = set(self.rows)
        self.arms_left = [(c, t) for c, _, t, _ in self.loaded.study.arms()]
        self.queue = cut((e for e in self.search if e.id not in self.done), self.size)
        self.promote()

    @property
    def total(self) -> int:
        """Trials of the whole study, planned or not yet."""
        return len(self.search) + len(self.loaded.study.arms()) * self.loaded.study.confirm

    @property
    def planned(self) -> list[Entry]:
        return self.search + self.confirm

    def promote(self) -> None:
        """Plan the confirm stage of every arm whose search has become complete; write the plan down."""
        best = choices(self.loaded.study, self.search, self.rows)
        ready = {arm: best[arm] for arm in self.arms_left if arm in best}
        self.arms_left = [arm for arm in self.arms_left if arm not in ready]
        fresh = confirm_entries(self.loaded.study, ready)
        order = {(c, t): i for i, (c, _, t, _) in enumerate(self.loaded.study.arms())}
        self.confirm = sorted(self.confirm + fresh, key=lambda entry: order[entry.arm])  # whoever came first
        unique(self.planned)
        self.queue += cut((e for e in fresh if e.id not in self.done), self.size)
        self.store.declare(declaration(self.loaded, self.search, self.confirm))
        self.listener.planned(self)

    def take(
        self, seen: set[Any], elsewhere: set[Any]
    ) -> tuple[Work, Trial, Callable[[Any], Iterator[Any]]] | None:
        """The next work: one whose structure the worker has compiled, else one that nobody has, else any."""
        if not self.queue:
            return None

        def order(work: Work) -> int:
            return 0 if work.structure in seen else 1 if work.structure not in elsewhere else 2

        work = min(self.queue, key=order)
        self.queue.remove(work)
        task = functools.partial(
            train,
            work=work,
            results=self.store.results,
            study=self.store.study,
            margin=self.loaded.study.margin,
        )
        return work, work.structure, task

    def put(self, work: Work, event: "Event") -> None:
        if event.kind == "done":
            self.take_note(event.rows)
        self.listener.heard(work, event)

    def failed(self, work: Work, error: BaseException) -> None:
        from sweeps.worker import Event, failed_rows

        rows = failed_rows(work, self.store.study, self.loaded.study.margin, error)
        self.store.append(rows, [])
        self.listener.say(f"{work.name}: {rows[0]['error']}")
        self.take_note(rows)
        self.listener.heard(work, Event("done", 1.0, 0.0, {}, rows))

    def take_note(self, rows: list[dict[str, object]]) -> None:
        for row in rows:
            self.rows[str(row["trial_id"])] = row
            if row["status"] != "failed":
                self.done.add(str(row["trial_id"]))
        if self.arms_left:
            self.promote()


def train(
    worker: "Worker", *, work: Work, results: Path, study: str, margin: float | None
) -> "Iterator[Event]":
    """What is sent to a worker."""
    return worker.run(work, Store(results, study), study, margin)


def run(scheduler: Scheduler, pool: "Pool | None") -> None:
    """Run the queue, on a pool of Ray workers or in this process when `pool` is None."""
    if not scheduler.queue:
        return
    if pool is None:
        serial.run(scheduler.take, scheduler.put, scheduler.failed)
        return
    from sweeps import cluster

    with cluster.connected(pool):
        cluster.run(
            pool,
            scheduler.take,
            lambda: bool(scheduler.queue),
            scheduler.put,
            scheduler.failed,
            scheduler.listener.say,
        )


def sweep(loaded: Loaded, store: Store, *, pool: "Pool | None", size: int, listener: Listener) -> Scheduler:
    """Plan a study and run what is missing of it, in cohorts of `size`.

    Raises InputError before any work starts where the plan or the store is bad. A KeyboardInterrupt passes
    through: every row written stays, and the next call runs the rest.
    """
    with store.prepare().lock():
        scheduler = Scheduler(loaded, store, size, listener)
        run(scheduler, pool)
    return scheduler
