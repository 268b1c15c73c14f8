"""Run what is missing of a study. The driver decides; workers compute and write; the store is the truth.

An arm (a cell on a task) goes on to its confirm stage as soon as its own search is complete: nobody waits, but for
strategies and confirm rules that look at results (`sweeps.stages`). Running the sweep again is the resume: what has a
row is not planned again, a failed trial is.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from operator import methodcaller
from typing import TYPE_CHECKING, Any, Protocol

from experiments.layout import AUTO, Layout
from experiments.trial import Trial
from sweeps.errors import WriteError
from sweeps.job import Job
from sweeps.made import KEEP, called_otherwise, made, settle
from sweeps.plan import Entry, Key, Row, Work, cut, declaration, unique, weight
from sweeps.stages import Stages
from sweeps.store.compact import Compactor
from sweeps.store.store import Store
from sweeps.study_file import Loaded
from sweeps.workers import serial
from sweeps.workers.crew import Crew

if TYPE_CHECKING:
    from sweeps.worker import Event


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
    """Which work is next. Knows the plan and what has a row.

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
        self.job = Job(
            study=self.store.study, store=self.store, margin=self.loaded.study.margin, layout=self.layout
        )
        self.compactor, self.written = Compactor(self.store.path), 0
        self.made = made(self.store, keep=self.other_code == KEEP)
        self.stages = Stages(self.loaded.study)
        self.by_id: dict[str, Entry] = {}
        self.rows: dict[Key, Row] = {}
        self.done: set[Key] = set()
        self.codes: dict[str, str] = {}  # by trial id, whose rows count
        self.declared: tuple[int, dict[str, int]] | None = None
        self.queue = Queue()
        fresh = self.plan()
        news = [settle(self.loaded, fresh, self.made, self.other_code)]
        self.enqueue(fresh)
        for line in filter(None, [*news, *called_otherwise(self.planned, self.loaded, self.made)]):
            self.listener.say(line)

    def plan(self) -> list[Entry]:
        """The trials that the rows that are in lead to, and that were not planned before."""
        fresh = self.stages.go_on(self.row_of)
        for entry in fresh:
            self.look_up(entry)
        return unique(fresh, self.by_id)

    def enqueue(self, fresh: list[Entry]) -> None:
        """Queue what is to be run of them; write the plan down where it has changed."""
        self.queue.extend(cut((e for e in fresh if e.key not in self.done), self.size))
        now = len(self.planned), self.stages.total
        if now != self.declared:
            self.declared = now
            self.store.declare(declaration(self.loaded, self.stages.planned, self.stages.total, self.codes))
            self.listener.planned(self)

    def row_of(self, entry: Entry) -> Row | None:
        """The trial's row, None while it is not in."""
        if entry.key not in self.rows and self.by_id.get(entry.id) is not entry:
            self.look_up(entry)
        return self.rows.get(entry.key)

    def look_up(self, entry: Entry) -> None:
        """Note the row that the store had of it when the sweep began. One of a failed trial does not count: it is
        tried again."""
        row, code = self.made.counted(entry)
        if code is not None:
            self.codes[entry.id] = code
        if row is not None:
            self.rows[entry.key] = row
            self.done.add(entry.key)

    @property
    def planned(self) -> list[Entry]:
        return self.stages.entries

    @property
    def total(self) -> int:
        """Trials of the whole study, planned or not yet; where that is open, the largest number that it can be."""
        return sum(self.stages.total.values())

    @property
    def total_text(self) -> str:
        """The total; where it is the largest that it can be, also what is expected."""
        expected = self.stages.expected
        about = f" (about {expected} expected)" if expected < self.total else ""
        return f"{'at most ' * self.stages.open}{self.total}{about}"

    @property
    def stored(self) -> int:
        """Trials of the plan that have a row."""
        return sum(entry.key in self.done for entry in self.by_id.values())

    def take(
        self, seen: set[Any], elsewhere: set[Any]
    ) -> tuple[Work, Trial, Callable[[Any], Iterator[Any]]] | None:
        """The next work: one whose structure the worker has compiled, else one that nobody has, else any."""
        if not self.queue:
            return None
        work = self.queue.take(seen, elsewhere)
        return work, work.structure, methodcaller("run", work, self.job)  # of `sweeps.worker.Worker`

    def put(self, work: Work, event: "Event") -> None:
        if event.kind == "done":
            self.written += 1
            if self.written % self.compactor.many == 0:
                self.compactor.run()
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
        failed = failed_rows(work, self.job, error)
        rows = [row for row in failed if row["trial_id"] not in there]
        if rows:
            self.store.append(rows, [])
        self.listener.say(f"{work.name}: {failed[0]['error']}")
        self.take_note(rows + [there[e.id] for e in work.entries if e.id in there])
        self.listener.heard(work, Event("done", 1.0, 0.0, {}, rows))

    def take_note(self, rows: list[Row]) -> None:
        for row in rows:
            entry = self.by_id[str(row["trial_id"])]
            self.rows[entry.key] = row
            if row["status"] != "failed":
                self.done.add(entry.key)
        self.enqueue(self.plan())


def run(scheduler: Scheduler, workers: Crew | None) -> None:
    """Run the queue, on workers or in this process when there are none."""
    if not scheduler.queue:
        pass
    elif workers is None:
        serial.run(scheduler.take, scheduler.put, scheduler.failed)
    else:
        pending = lambda: bool(scheduler.queue)  # noqa: E731
        workers.run(scheduler.take, pending, scheduler.put, scheduler.failed, scheduler.listener.say)
    if scheduler.stored == len(scheduler.by_id):  # else the next sweep may go on with one
        scheduler.store.forget_checkpoints(scheduler.by_id)


def sweep(
    loaded: Loaded,
    store: Store,
    *,
    workers: Crew | None = None,
    size: int | None = None,
    listener: Listener | None = None,
    layout: Layout = AUTO,
    other_code: str | None = None,
    beside: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Scheduler:
    """Plan a study and run what is missing of it, in cohorts of `size` (see `cut`).

    workers: None runs it in this process. beside: what goes on beside the training, entered once the plan is made.
    Raises InputError before any work starts where the plan or the store is bad, another sweep holds the store, or rows
    are of other code and `other_code` does not say what they are. A KeyboardInterrupt passes through: every row
    written stays, and the next call runs the rest.
    """
    with store.prepare().lock():
        scheduler = Scheduler(loaded, store, size, listener or Silent(), layout, other_code)
        with beside():
            run(scheduler, workers)
    return scheduler
