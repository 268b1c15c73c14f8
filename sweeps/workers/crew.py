"""The loop that feeds long-lived workers, whatever they are: processes of this machine, or actors of Ray.

Work goes only to workers that have said that they are ready, if possible to one that has compiled its structure
already. A worker that dies takes its cohort with it: both are started again, the cohort up to `TRIES` times. A
cohort's own exception is not retried, nor is one that takes longer than it may: its worker is replaced. Every worker is
ended when the loop ends; where it is interrupted, workers are given `LEAVE` seconds to keep what they have.
"""

import contextlib
import pickle
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sweeps.errors import InputError, ThereTraceback, traceback_of

TRIES = 4
START_TIMEOUT = 120.0
LEAVE = 5.0

Take = Callable[[set[Any], set[Any]], tuple[Any, Any, Callable[[Any], Iterator[Any]]] | None]


@dataclass(frozen=True, kw_only=True)
class Pool:
    """How many workers, where. address: None for this machine alone. folder: of the user's study file, whose
    modules the workers need."""

    workers: int
    address: str | None = None
    gpus_per_worker: float = 0.0
    deterministic: bool = False
    folder: Path | None = None

    @property
    def by_ray(self) -> bool:
        """For a cluster, and where GPUs are to be shared out; else the workers are processes of this machine."""
        return self.address is not None or self.gpus_per_worker > 0


class Lost(Exception):
    """A worker is gone, and with it what it was doing."""


class Failed(Exception):
    """The task raised: `cause`, whose own cause says where in the worker."""

    def __init__(self, cause: BaseException, where: str):
        super().__init__(cause, where)
        self.cause = cause
        self.cause.__cause__ = ThereTraceback(where)

    @classmethod
    def by(cls, error: Exception, pickle: Any = pickle) -> "Failed":
        """As a worker sends it. An exception that `pickle` cannot send is told in one that it can."""
        where = traceback_of(error)
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            return cls(RuntimeError(f"{type(error).__name__}: {error}"), where)
        return cls(error, where)


class Hung(Exception):
    """The task took longer than it may."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """On which an item is run: for so many seconds at most (None: for any time), started again so many times where its
    worker is lost."""

    seconds: float | None = None
    tries: int = TRIES


READY, OVER = object(), object()


class Backend(Protocol):
    """Where workers live."""

    def start(self) -> Any:
        """A new worker; it will say `READY`."""

    def wait(self, workers: list[Any], timeout: float) -> list[Any]:
        """Those of the workers that have something to say, at least one unless the time is up."""

    def hear(self, worker: Any) -> list[Any]:
        """In order: `READY`, what the task yielded, `OVER` or a `Failed`. Raises `Lost`."""

    def give(self, worker: Any, task: Callable[[Any], Iterator[Any]]) -> None:
        """Have a worker run a task. One that is lost says so when it is heard."""

    def leave(self, workers: list[Any], timeout: float) -> None:
        """Have workers keep what they have and end, as far as the time suffices."""

    def end(self, worker: Any) -> None:
        """End a worker at once."""

    def why_none(self) -> str:
        """What to do where no worker starts in time."""


@contextlib.contextmanager
def backend(pool: Pool) -> Iterator[Backend]:
    """Where the workers of a pool live."""
    if not pool.by_ray:
        from sweeps.workers.local import Processes

        yield Processes(pool)
        return
    from sweeps.workers import cluster

    with cluster.connected(pool):
        yield cluster.Actors(pool)


@dataclass(eq=False)
class Handle:
    """What the loop knows of a worker."""

    worker: Any
    ready: bool = False
    seen: set[Any] = field(default_factory=set)
    given: Any = None  # (item, structure, task), and how often it was tried
    tried: int = 0
    terms: Terms = Terms()
    deadline: float | None = None  # on the monotonic clock


@contextlib.contextmanager
def started(pool: Pool) -> Iterator["Crew"]:
    """The workers of a pool, starting while the caller plans; all are ended on the way out."""
    with backend(pool) as place:
        crew = Crew(place, pool.workers)
        try:
            for _ in range(pool.workers):
                crew.grow()
            yield crew
        except KeyboardInterrupt:
            place.leave([handle.worker for handle in crew.busy], LEAVE)
            raise
        finally:
            for handle in crew.handles:
                place.end(handle.worker)


class Crew:
    """The workers, and what they are doing."""

    def __init__(self, place: Backend, workers: int):
        self.place, self.workers = place, workers
        self.say: Callable[[str], None] = print
        self.handles: list[Handle] = []
        self.retry: list[tuple[Any, int]] = []
        self.bad_starts = 0

    @property
    def busy(self) -> list[Handle]:
        return [handle for handle in self.handles if handle.given is not None]

    def run(
        self,
        take: Take,
        pending: Callable[[], bool],
        put: Callable[[Any, Any], None],
        failed: Callable[[Any, BaseException], None],
        say: Callable[[str], None],
        terms: Callable[[Any], Terms] = lambda item: Terms(),
    ) -> None:
        """Feed the workers until nothing is pending. All callbacks run in this process, one at a time.

        take(seen, elsewhere): the next (item, structure, task) for a worker that has compiled `seen` while others
        have compiled `elsewhere`, or None. pending(): whether `take` has something. put(item, event): something
        that the task yielded. failed(item, error): the task raised, was lost too often, or `Hung`. say: news in words.
        terms(item): on which it is run.
        """
        self.say = say
        while self.busy or pending() or self.retry:
            self.hand_out(take, terms)
            starting = [handle for handle in self.handles if not handle.ready]
            awaited = self.busy + (starting if pending() or self.retry else [])
            if not awaited:
                break
            speaking = self.place.wait([handle.worker for handle in awaited], self.patience())
            if not speaking and not self.busy:
                raise InputError(
                    f"No worker could start within {START_TIMEOUT:.0f} s: {self.place.why_none()}"
                )
            for handle in awaited:
                if handle.worker in speaking:
                    self.listen(handle, put, failed)
                elif handle.deadline is not None and time.monotonic() > handle.deadline:
                    self.replace_hung(handle, failed)

    def grow(self) -> None:
        self.handles.append(Handle(self.place.start()))

    def patience(self) -> float:
        """Seconds to wait for a word, at most until the next deadline."""
        now = time.monotonic()
        left = [handle.deadline - now for handle in self.busy if handle.deadline is not None]
        return max(0.0, min([START_TIMEOUT, *left]))

    def hand_out(self, take: Take, terms: Callable[[Any], Terms]) -> None:
        for handle in self.handles:
            if not handle.ready or handle.given is not None:
                continue
            elsewhere = set[Any]().union(*(other.seen for other in self.handles if other is not handle))
            given, tried = self.retry.pop() if self.retry else (take(handle.seen, elsewhere), 0)
            if given is None:
                continue
            handle.given, handle.tried, handle.terms = given, tried + 1, terms(given[0])
            limit = handle.terms.seconds
            handle.deadline = None if limit is None else time.monotonic() + limit
            handle.seen.add(given[1])
            self.place.give(handle.worker, given[2])

    def listen(
        self, handle: Handle, put: Callable[[Any, Any], None], failed: Callable[[Any, BaseException], None]
    ) -> None:
        try:
            heard = self.place.hear(handle.worker)
        except Lost as error:
            self.replace(handle, error, failed)
            return
        for said in heard:
            if said is READY:
                handle.ready, self.bad_starts = True, 0
            elif said is OVER:
                handle.given = handle.deadline = None
            elif isinstance(said, Failed):
                item, handle.given, handle.deadline = handle.given[0], None, None
                failed(item, said.cause)
            else:
                start = time.monotonic()
                put(handle.given[0], said)
                self.allow(time.monotonic() - start)

    def allow(self, seconds: float) -> None:
        """Let workers have so much longer: it was this process that was busy, as with a URL that did not answer."""
        for handle in self.busy:
            if handle.deadline is not None:
                handle.deadline += seconds

    def replace(self, handle: Handle, error: Lost, failed: Callable[[Any, BaseException], None]) -> None:
        """Start another worker in place of a lost one, and its cohort again.

        Raises InputError where no worker starts at all.
        """
        self.handles.remove(handle)
        self.place.end(handle.worker)
        if handle.given is None:
            self.bad_starts += 1
            self.say(f"A worker did not start ({error}); starting another.")
            if self.bad_starts > 3 * self.workers:
                raise InputError(f"No worker starts: {error}. {self.place.why_none()}")
        self.grow()
        if handle.given is not None:
            again = handle.tried < handle.terms.tries
            self.say(f"A worker was lost ({error}); its cohort {'runs again' if again else 'is abandoned'}.")
            if again:
                self.retry.append((handle.given, handle.tried))
            else:
                failed(handle.given[0], error)

    def replace_hung(self, handle: Handle, failed: Callable[[Any, BaseException], None]) -> None:
        """Start another worker in place of one whose cohort took too long, and give that up."""
        self.handles.remove(handle)
        self.place.end(handle.worker)
        self.grow()
        failed(
            handle.given[0], Hung(f"No result within {handle.terms.seconds:.0f} s; its worker was replaced")
        )
