"""Run what is missing of a study. The driver decides; workers compute and write; the store is the truth.

An arm (a cell on a task) goes on to its confirm stage as soon as its own search is complete: nobody waits, but for
strategies and confirm rules that look at results (`sweeps.stages`). Running the sweep again is the resume: what has a
row is not planned again, a failed trial is.

A cohort that fails once it trains is halved until the trial that is to blame is alone. What fails while it compiles
fails for all of a cohort, whose trials differ in numbers alone.

Where the study asks for it, confirmed networks are then trained again and their flow is measured (`sweeps.flow`).
"""

import dataclasses
import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from experiments.layout import AUTO, Layout
from experiments.specs import SpecError
from experiments.tasks.contract import drawable
from experiments.trial import Trial
from sweeps import kept
from sweeps.changed import changed
from sweeps.errors import InputError, WriteError, traceback_of
from sweeps.flow.run import Measuring, measure
from sweeps.flow.wanted import wanted
from sweeps.handing import run as run_work
from sweeps.handing import task_of
from sweeps.job import Job, Keep
from sweeps.made import HELD, KEEP, called_otherwise, made, settle
from sweeps.plan import Entry, Key, Row, Work, cut, declaration, unique
from sweeps.queues import Queue, patience
from sweeps.stages import Stages
from sweeps.store.compact import Compactor
from sweeps.store.failures import brief, traceback_file, write_tracebacks
from sweeps.store.store import Store
from sweeps.study_file import Loaded
from sweeps.workers import serial
from sweeps.workers.crew import TRIES, Crew, Hung, Lost, Terms
from sweeps.workers.pool import GPU_COHORT

if TYPE_CHECKING:
    from sweeps.worker import Event


SUSPECT_TRIES = 2  # of a part of a cohort that failed, where its worker is lost


class Listener(Protocol):
    """Whoever wants to know how the sweep goes."""

    def planned(self, scheduler: "Scheduler") -> None: ...
    def heard(self, work: Work, event: "Event") -> None: ...
    def say(self, line: str) -> None: ...
    def measured(self, done: int, total: int) -> None: ...


class Silent:
    def planned(self, scheduler: "Scheduler") -> None: ...
    def heard(self, work: Work, event: "Event") -> None: ...
    def say(self, line: str) -> None: ...
    def measured(self, done: int, total: int) -> None: ...


@dataclass
class Scheduler:
    """Which work is next. Knows the plan and what has a row.

    other_code: what rows of other code are, `rerun` or `keep`; see `sweeps.made`. Raises InputError where there are
    some and it is None. timeout: seconds that a trial may take; None: `patience`. keep: which networks of confirmed
    trials are kept, `best` or `all`; None: none. Those that have rows but are not kept are trained again at the end.
    hand_over: whether workers share no folder with this process, and hand over what they write.
    """

    loaded: Loaded
    store: Store
    size: int | None
    listener: Listener = field(default_factory=Silent)
    layout: Layout = AUTO
    other_code: str | None = None
    timeout: float | None = None
    keep: str | None = None
    hand_over: bool = False

    def __post_init__(self) -> None:
        networks = Keep(folder=self.store.path / kept.FOLDER, best=self.keep == "best") if self.keep else None
        self.job = Job(
            study=self.store.study,
            store=self.store,
            margin=self.loaded.study.margin,
            layout=self.layout,
            keep=networks,
        )
        self.given = 0  # works that are neither done nor failed
        self.kept_again = False
        self.compactor, self.written = Compactor(self.store.path), 0
        self.made = made(self.store, keep=self.other_code == KEEP)
        self.stages = Stages(self.loaded.study)
        self.by_id: dict[str, Entry] = {}
        self.rows: dict[Key, Row] = {}
        self.done: set[Key] = set()
        self.left: set[str] = set()  # ids of trials of the plan that are not done
        self.codes: dict[str, str] = {}  # by trial id, whose rows count
        self.planned_so_far: tuple[int, dict[str, int]] | None = None
        self.flow: Measuring | None = None  # of a study that asks for it, once its trials are in
        self.queue = Queue(together=GPU_COHORT if self.size is None else 1)
        self.training: set[Work] = set()
        fresh = self.plan()
        news = [settle(self.loaded, fresh, self.made, self.other_code)]
        self.enqueue(fresh)
        news += changed(self.made.declared, self.declaration, set(self.made.rows))
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
        todo = [entry for entry in fresh if entry.key not in self.done]
        self.left.update(entry.id for entry in todo)
        self.queue.extend(cut(todo, self.size))
        now = len(self.by_id), self.stages.total
        if now != self.planned_so_far:
            self.planned_so_far = now
            self.declaration = declaration(self.loaded, self.stages.planned, self.stages.total, self.codes)
            self.store.declare(self.declaration)
            self.listener.planned(self)
        if self.job.keep is not None and not self.queue and not self.given and not self.kept_again:
            self.kept_again = True
            left = kept.missing(self.job.keep, self.confirmed)
            if left:
                self.listener.say(
                    f"{len(left)} of the networks to keep {'are' if len(left) != 1 else 'is'} not there: trained again "
                    "from their rows, which stay as they are."
                )
            self.queue.extend(cut(left, self.size, again=True))

    @property
    def confirmed(self) -> list[tuple[Entry, Row]]:
        """Confirmed trials with their rows, as far as they are in and of the code of now."""
        of_now = (e for e in self.planned if e.stage == "confirm" and self.codes.get(e.id, e.code) == e.code)
        return [(e, row) for e in of_now if (row := self.rows.get(e.key)) is not None]

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
        return len(self.by_id) - len(self.left)

    def take(
        self, seen: set[Any], elsewhere: set[Any], wants: str | None = None
    ) -> tuple[Work, Trial, Callable[[Any], Iterator[Any]]] | None:
        """The next work: one whose structure the worker has compiled, else one that nobody has, else any."""
        if not self.queue:
            return None
        work = self.queue.take(seen, elsewhere, wants)
        self.given += 1
        job = dataclasses.replace(self.job, store=None) if work.again else self.job
        task = functools.partial(run_work, work=work)
        return work, work.structure, task_of(task, job, hand_over=self.hand_over)

    def terms(self, work: Work) -> Terms:
        """How long a cohort may take, and how often it is started again where its worker is lost."""
        tries = SUSPECT_TRIES if work.suspect else TRIES
        return Terms(seconds=patience(work, self.timeout), tries=tries)

    def put(self, work: Work, event: "Event") -> None:
        self.store.take_in(event.files)
        if work.again:
            self.given -= event.kind == "done"
            return
        if event.kind == "done":
            self.given -= 1
            self.training.discard(work)
            self.written += 1
            if self.written % self.compactor.many == 0:
                self.compactor.run()
            self.store.share()
            self.take_note(event.rows)
        else:
            self.training.add(work)
        self.listener.heard(work, event)

    def failed(self, work: Work, error: BaseException) -> None:
        """Halve a cohort that failed once it trained; record the trials of any other as failed. Raises the error
        itself where the disk is to blame: then nothing that follows could be stored."""
        from sweeps.rows import failed_rows
        from sweeps.worker import Event

        if isinstance(error, WriteError):  # no trial is to blame, and no row could be written of it
            raise error
        self.given -= 1
        if work.again:
            text = brief(f"{type(error).__name__}: {str(error).strip()}")
            self.listener.say(f"{work.name}: {text}. Its networks are not kept.")
            return
        there = made(self.store).by_id(work.entries)  # a part of the cohort may be done
        left = [entry for entry in work.entries if entry.id not in there]
        text = brief(f"{type(error).__name__}: {str(error).strip()}")
        rows = list[Row]()
        if work in self.training and len(left) > 1 and not isinstance(error, Hung):
            self.listener.say(f"{work.name}: {text}. Its {len(left)} trials run again in two halves.")
            self.queue.extend(
                halves(left, work.size, smaller=isinstance(error, Lost) or out_of_memory(error))
            )
        elif left:
            rows = failed_rows(left, self.job, error)
            write_tracebacks(self.store.path, [entry.id for entry in left], traceback_of(error))
            self.store.append(rows, [])
            self.store.share()
            self.listener.say(f"{work.name}: {text}. See {traceback_file(self.store.path, left[0].id)}")
        self.training.discard(work)
        self.take_note(rows + list(there.values()))
        self.listener.heard(work, Event("done", 1.0, 0.0, {}, rows))

    def take_note(self, rows: list[Row]) -> None:
        for row in rows:
            entry = self.by_id[str(row["trial_id"])]
            self.rows[entry.key] = {name: row.get(name) for name in (*HELD, "error")}
            if row["status"] != "failed":
                self.done.add(entry.key)
                self.left.discard(entry.id)
        self.enqueue(self.plan())


def halves(entries: list[Entry], size: int, *, smaller: bool) -> list[Work]:
    """Two cohorts in place of one. smaller: of half the size, which takes less memory, where they would else run in the
    program that is compiled already."""
    middle = (len(entries) + 1) // 2
    size = middle if smaller else size
    return [Work(tuple(part), size, suspect=True) for part in (entries[:middle], entries[middle:])]


def out_of_memory(error: BaseException) -> bool:
    """Whether a device, or Python, had no memory left."""
    return isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)


def run(scheduler: Scheduler, workers: Crew | None) -> None:
    """Run the queue, on workers or in this process when there are none."""
    if not scheduler.queue:
        pass
    elif workers is None:
        serial.run(scheduler.take, scheduler.put, scheduler.failed)
    else:
        pending = lambda: bool(scheduler.queue)  # noqa: E731
        say = scheduler.listener.say
        workers.run(scheduler.take, pending, scheduler.put, scheduler.failed, say, scheduler.terms)
    if scheduler.stored == len(scheduler.by_id):  # else the next sweep may go on with one
        scheduler.store.forget_checkpoints(scheduler.by_id)


def run_flow(scheduler: Scheduler, workers: Crew | None) -> None:
    """Measure how far back the confirmed networks look, as far as the study asks for that and nothing measured it."""
    study, s = scheduler.loaded.study, scheduler
    if study.networks:
        missing = wanted(s.stages.planned["confirm"], study.networks, s.store, {study.alias})
        s.flow = measure(
            missing,
            s.store,
            workers,
            size=s.size,
            say=s.listener.say,
            told=s.listener.measured,
            layout=s.layout,
            timeout=s.timeout,
            hand_over=s.hand_over,
        )


def sweep(
    loaded: Loaded,
    store: Store,
    *,
    workers: Crew | None = None,
    size: int | None = None,
    listener: Listener | None = None,
    layout: Layout = AUTO,
    other_code: str | None = None,
    timeout: float | None = None,
    break_lock: bool = False,
    keep: str | None = None,
    hand_over: bool = False,
    beside: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Scheduler:
    """Plan a study and run what is missing of it, in cohorts of `size` (see `cut`).

    workers: None runs it in this process. timeout: seconds that a trial may take (None: `patience`). break_lock: take
    the store from another sweep, which must be dead. keep, hand_over: see `Scheduler`. beside: what goes on beside the
    training, entered once the plan is made. Raises InputError before any work starts where the plan or the
    store is bad, data of a task are not there, another sweep holds the store, or rows are of other code and
    `other_code` does not say what they are. A KeyboardInterrupt passes through: every row written stays, and the next
    call runs the rest.
    """
    for label, task in loaded.study.tasks.items():
        try:
            drawable(task)
        except SpecError as error:
            raise InputError(f"Task '{label}': {error}") from None
    with store.prepare().lock(broken=break_lock):
        for line in store.repair():
            (listener or Silent()).say(line)
        scheduler = Scheduler(
            loaded, store, size, listener or Silent(), layout, other_code, timeout, keep, hand_over
        )
        store.share()
        with beside():
            run(scheduler, workers)
            if scheduler.job.keep is not None:
                kept.tidy(scheduler.job.keep, scheduler.confirmed)
            run_flow(scheduler, workers)
    return scheduler
