"""The networks whose flow is missing, trained again and measured on workers, or in this process."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from experiments.layout import AUTO, Layout
from experiments.trial import Trial
from sweeps.errors import WriteError
from sweeps.flow.again import again
from sweeps.flow.wanted import Wanted
from sweeps.handing import task_of
from sweeps.job import Job
from sweeps.plan import Work, cut
from sweeps.queues import Queue, patience
from sweeps.store.failures import brief
from sweeps.store.store import Store
from sweeps.workers import serial
from sweeps.workers.crew import Crew, Terms
from sweeps.workers.pool import GPU_COHORT

if TYPE_CHECKING:
    from sweeps.worker import Event

TRIES = 2  # of a cohort whose worker is lost
Say = Callable[[str], None]


@dataclass
class Measuring:
    """What is done of it. told: called with the networks measured so far and their number. timeout: seconds that one
    may take; None: `patience`. hand_over: whether workers hand over what they write."""

    wanted: Wanted
    store: Store
    size: int | None
    say: Say
    told: Callable[[int, int], None]
    layout: Layout = AUTO
    timeout: float | None = None
    hand_over: bool = False
    measured: int = 0
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.job = Job(study=self.store.study, store=self.store, layout=self.layout)
        self.queue = Queue(together=GPU_COHORT if self.size is None else 1)
        self.queue.extend(cut(self.wanted.entries, self.size))

    def take(
        self, seen: set[Any], elsewhere: set[Any], wants: str | None = None
    ) -> tuple[Work, Trial, Callable[[Any], Iterator[Any]]] | None:
        if not self.queue:
            return None
        work = self.queue.take(seen, elsewhere, wants)
        rows = {entry.id: self.wanted.rows[entry.id] for entry in work.entries}
        task = functools.partial(again, work=work, rows=rows)
        return work, work.structure, task_of(task, self.job, hand_over=self.hand_over)

    def put(self, work: Work, event: "Event") -> None:
        self.store.take_in(event.files)
        if event.kind == "done":
            self.store.share()
            self.measured += len(work.entries)
            self.told(self.measured, len(self.wanted.entries))

    def failed(self, work: Work, error: BaseException) -> None:
        """Note it. Raises the error itself where the disk is to blame."""
        if isinstance(error, WriteError):
            raise error
        text = brief(f"{type(error).__name__}: {str(error).strip()}")
        self.errors.append(f"Flow of {work.entries[0].cell} on {work.entries[0].task} failed: {text}")
        self.say(self.errors[-1])

    def terms(self, work: Work) -> Terms:
        return Terms(seconds=patience(work, self.timeout), tries=TRIES)


def measure(
    wanted: Wanted,
    store: Store,
    workers: Crew | None,
    *,
    size: int | None = None,
    say: Say = print,
    told: Callable[[int, int], None] = lambda done, total: None,
    layout: Layout = AUTO,
    timeout: float | None = None,
    hand_over: bool = False,
) -> Measuring:
    """Measure what is wanted, in cohorts of `size` (see `cut`); what a cohort gave is stored when it is done.

    For the holder of the store's lock. workers: None does it in this process. told: how many are done, of how many.
    timeout: seconds that a network may take. hand_over: as of a sweep. A KeyboardInterrupt passes through; the next
    call does the rest.
    """
    for line in wanted.news:
        say(line)
    doing = Measuring(wanted, store, size, say, told, layout, timeout, hand_over)
    if doing.queue:
        told(0, len(wanted.entries))
        if workers is None:
            serial.run(doing.take, doing.put, doing.failed)
        else:
            workers.run(doing.take, lambda: bool(doing.queue), doing.put, doing.failed, say, doing.terms)
    return doing
