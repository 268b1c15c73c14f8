"""Run what is missing of a study. The driver decides; workers compute and write; the store is the truth.

An arm (a cell on a task) goes on to its confirm stage as soon as its own search is complete: there is no
barrier. Running the sweep again is the resume: what has a row is not planned again, a failed trial is.
"""

import functools
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from experiments.layout import AUTO, Layout
from experiments.trial import Trial
from sweeps.errors import WriteError
from sweeps.made import KEEP, called_otherwise, made, settle
from sweeps.plan import (
    Entry,
    Work,
    choices,
    confirm_entries,
    cut,
    declaration,
    search_entries,
    unique,
    weight,
)
from sweeps.store.store import Store
from sweeps.study_file import Loaded
from sweeps.workers import crew, serial
from sweeps.workers.crew import Crew, Pool

if TYPE_CHECKING:
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


class Queue:
    """Works in order. To take one costs the number of structures, not of works."""

    def __init__(self) -> None:
        self.lines: dict[Trial, deque[tuple[int, Work]]] = {}
        self.trials: Counter[Trial] = Counter()  # by structure
        self.joined = 0

    def __len__(self) -> int:
        return sum(len(line) for line in self.lines.values())

    def __bool__(self) -> bool:
        return bool(self.lines)

    def extend(self, works: Iterable[Work]) -> None:
        for work in works:
            self.lines.setdefault(work.structure, deque()).append((self.joined, work))
            self.trials[work.structure] += len(work.entries)
            self.joined += 1

    def take(self, seen: AbstractSet[Any], elsewhere: AbstractSet[Any]) -> Work:
        """One whose structure is in `seen`, else not in `elsewhere`, else any; of these the one with most left to do,
        so that no worker begins on a long arm when the others have come to their end."""

        def order(bare: Trial) -> tuple[int, float, int]:
            compiled = 0 if bare in seen else 1 if bare not in elsewhere else 2
            return compiled, -self.trials[bare] * weight(bare), self.lines[bare][0][0]

        bare = min(self.lines, key=order)
        _, work = self.lines[bare].popleft()
        self.trials[bare] -= len(work.entries)
        if not self.lines[bare]:
            del self.lines[bare], self.trials[bare]
        return work


@dataclass
class Scheduler:
    """Which work is next. Knows the plan, what has a row, and which arms have been promoted.

    other_code: what rows of other code are, `rerun` or `keep`; see `sweeps.made`. Raises InputError where there are
    some and it is None.
    """

    loaded: Loaded
    store: Store
    size: int | None
    listener: Listener = field(default_factory=Silent)
    layout: Layout = AUTO
    other_code: str | None = None

    def __post_init__(self) -> None:
        self.search = search_entries(self.loaded.study)
        self.confirm: list[Entry] = []
        self.by_id: dict[str, Entry] = {}
        unique(self.search, self.by_id)
        self.made = made(self.store, keep=self.other_code == KEEP)
        news = [settle(self.loaded, self.search, self.made, self.other_code)]
        self.rows: dict[str, dict[str, object]] = {}
        self.done: set[str] = set()
        self.codes: dict[str, str] = {}  # by trial id, whose rows count
        self.look_up(self.search)
        self.order = {(c, t): i for i, (c, _, t, _) in enumerate(self.loaded.study.arms())}
        self.searching: dict[tuple[str, str], list[Entry]] = {arm: [] for arm in self.order}
        for entry in self.search:
            self.searching[entry.arm].append(entry)
        self.missing = {arm: {e.id for e in es} - self.done for arm, es in self.searching.items()}
        self.queue = Queue()
        self.queue.extend(cut((e for e in self.search if e.id not in self.done), self.size))
        self.promote([arm for arm, ids in self.missing.items() if not ids])
        for line in filter(None, [*news, *called_otherwise(self.planned, self.loaded, self.made)]):
            self.listener.say(line)

    def look_up(self, entries: list[Entry]) -> None:
        """Note which of them have a row that counts: a failed trial is tried again, so that it has none."""
        for entry in entries:
            row, code = self.made.counted(entry)
            if code is not None:
                self.codes[entry.id] = code
            if row is not None:
                self.rows[entry.id] = row
                self.done.add(entry.id)

    @property
    def total(self) -> int:
        """Trials of the whole study, planned or not yet."""
        return len(self.search) + len(self.order) * self.loaded.study.confirm

    @property
    def planned(self) -> list[Entry]:
        return self.search + self.confirm

    @property
    def stored(self) -> int:
        """Trials of the plan that have a row."""
        return len(self.by_id.keys() & self.done)

    def promote(self, arms: list[tuple[str, str]]) -> None:
        """Plan the confirm stage of arms whose search has become complete; write the plan down."""
        study, searched = self.loaded.study, [e for arm in arms for e in self.searching[arm]]
        best = choices(study, searched, self.rows)
        fresh = unique(confirm_entries(study, {arm: best[arm] for arm in arms}), self.by_id)
        self.look_up(fresh)
        self.confirm = sorted(
            self.confirm + fresh, key=lambda entry: self.order[entry.arm]
        )  # whoever came first
        self.queue.extend(cut((e for e in fresh if e.id not in self.done), self.size))
        self.store.declare(declaration(self.loaded, self.search, self.confirm, self.codes))
        self.listener.planned(self)

    def take(
        self, seen: set[Any], elsewhere: set[Any]
    ) -> tuple[Work, Trial, Callable[[Any], Iterator[Any]]] | None:
        """The next work: one whose structure the worker has compiled, else one that nobody has, else any."""
        if not self.queue:
            return None
        work = self.queue.take(seen, elsewhere)
        task = functools.partial(
            train,
            work=work,
            results=self.store.results,
            study=self.store.study,
            margin=self.loaded.study.margin,
            layout=self.layout,
        )
        return work, work.structure, task

    def put(self, work: Work, event: "Event") -> None:
        if event.kind == "done":
            self.take_note(event.rows)
        self.listener.heard(work, event)

    def failed(self, work: Work, error: BaseException) -> None:
        """Record the trials of a cohort that raised as failed. Raises the error itself where the disk is to blame:
        then nothing that follows could be stored."""
        from sweeps.rows import failed_rows
        from sweeps.worker import Event

        if isinstance(error, WriteError):  # no trial is to blame, and no row could be written of it
            raise error
        there = made(self.store).by_id(work.entries)  # a part of the cohort may be done
        failed = failed_rows(work, self.store.study, self.loaded.study.margin, error)
        rows = [row for row in failed if row["trial_id"] not in there]
        if rows:
            self.store.append(rows, [])
        self.listener.say(f"{work.name}: {failed[0]['error']}")
        self.take_note(rows + [there[e.id] for e in work.entries if e.id in there])
        self.listener.heard(work, Event("done", 1.0, 0.0, {}, rows))

    def take_note(self, rows: list[dict[str, object]]) -> None:
        complete = []
        for row in rows:
            name = str(row["trial_id"])
            self.rows[name] = row
            if row["status"] != "failed":
                self.done.add(name)
            arm = self.by_id[name].arm
            if name in self.missing[arm]:
                self.missing[arm].remove(name)
                if not self.missing[arm]:
                    complete.append(arm)
        if complete:
            self.promote(sorted(complete, key=self.order.__getitem__))


def train(
    worker: "Worker",
    *,
    work: Work,
    results: Path,
    study: str,
    margin: float | None,
    layout: Layout = AUTO,
) -> "Iterator[Event]":
    """What is sent to a worker."""
    return worker.run(work, Store(results, study), study, margin, layout)


def run(scheduler: Scheduler, workers: Crew | None) -> None:
    """Run the queue, on workers or in this process when there are none."""
    if not scheduler.queue:
        pass
    elif workers is None:
        serial.run(scheduler.take, scheduler.put, scheduler.failed)
    else:
        pending = lambda: bool(scheduler.queue)  # noqa: E731
        workers.run(scheduler.take, pending, scheduler.put, scheduler.failed, scheduler.listener.say)
    if len(scheduler.done) >= len(scheduler.by_id):  # else the next sweep may go on with one
        scheduler.store.forget_checkpoints(scheduler.by_id)


def sweep(
    loaded: Loaded,
    store: Store,
    *,
    pool: Pool | None,
    size: int | None,
    listener: Listener,
    other_code: str | None = None,
) -> Scheduler:
    """Plan a study and run what is missing of it, in cohorts of `size` (see `cut`).

    Raises InputError before any work starts where the plan or the store is bad, or rows are of other code and
    `other_code` does not say what they are. A KeyboardInterrupt passes through: every row written stays, and the next
    call runs the rest.
    """
    with store.prepare().lock(), crew.started(pool) if pool else nullcontext() as workers:
        scheduler = Scheduler(loaded, store, size, listener, other_code=other_code)
        run(scheduler, workers)
    return scheduler
