"""The loop that feeds long-lived workers, whatever they are: processes of this machine, or actors of Ray.

Workers come and go: those that do not run yet stay asked for, and whatever runs is fed meanwhile. Work goes only to
workers that have said that they are ready, if possible to one that has compiled its structure already. A worker that
dies takes its cohort with it: both are started again, the cohort up to `TRIES` times. A cohort's own exception is not
retried, nor is one that takes longer than it may: its worker is replaced. Every worker is ended when the loop ends;
where it is interrupted, workers are given `LEAVE` seconds to keep what they have.
"""

import contextlib
import pickle
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sweeps.errors import InputError, ThereTraceback, traceback_of
from sweeps.workers.pool import START_TIMEOUT, Kind, Pool

TRIES = 4
LEAVE = 10.0
LOOK = 10.0  # seconds between two looks at how many workers there are to be
NEWS = 30.0  # seconds without a worker after which that is said

Take = Callable[[set[Any], set[Any], str | None], tuple[Any, Any, Callable[[Any], Iterator[Any]]] | None]


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

    def start(self, kind: Kind) -> Any:
        """A new worker; it will say `READY`."""

    def room(self, kind: Kind) -> int:
        """For how many workers of a kind there is room, those that run included."""

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
    kind: Kind
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
        crew = Crew(place, pool.kinds, pool.patience)
        try:
            crew.look()
            yield crew
        except KeyboardInterrupt:
            place.leave([handle.worker for handle in crew.busy], LEAVE)
            raise
        finally:
            for handle in crew.handles:
                place.end(handle.worker)


def many(pool: Pool) -> int:
    """How many workers a pool will have; the cluster is asked where that is open. Raises InputError."""
    if all(kind.many is not None for kind in pool.kinds):
        return sum(kind.many or 0 for kind in pool.kinds)
    with backend(pool) as place:
        crew = Crew(place, pool.kinds)
        return sum(map(crew.wanted, pool.kinds))


class Crew:
    """The workers, and what they are doing."""

    def __init__(self, place: Backend, kinds: Sequence[Kind], patience: float = START_TIMEOUT):
        self.place, self.kinds, self.patience = place, kinds, patience
        self.say: Callable[[str], None] = print
        self.handles: list[Handle] = []
        self.retry: list[tuple[Any, int]] = []
        self.looked = 0.0
        self.waited = 0.0  # seconds without a worker
        self.proven = set[Kind]()  # kinds of which a worker has started
        self.bad_starts = Counter[Kind]()

    @property
    def ready(self) -> int:
        """How many workers there are just now, at least one."""
        return max(1, sum(handle.ready for handle in self.handles))

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

        take(seen, elsewhere, wants): the next (item, structure, task) for a worker of a kind that wants such work, has
        compiled `seen` while others have compiled `elsewhere`, or None. pending(): whether `take` has something.
        put(item, event): something that the task yielded. failed(item, error): the task raised, was lost too often, or
        `Hung`. say: news in words. terms(item): on which it is run.
        """
        self.say = say
        self.waited = 0.0
        while self.busy or pending() or self.retry:
            if time.monotonic() - self.looked > LOOK:
                self.look()
            self.hand_out(take, terms)
            starting = [handle for handle in self.handles if not handle.ready]
            awaited = self.busy + (starting if pending() or self.retry else [])
            if not awaited and self.handles:
                break
            timeout = self.timeout()
            if not awaited:  # workers of all kinds have died, and none starts: they are asked for again
                time.sleep(timeout)
            speaking = self.place.wait([handle.worker for handle in awaited], timeout) if awaited else []
            self.wait_for_a_first(0.0 if speaking or self.busy else timeout)
            for handle in awaited:
                if handle.worker in speaking:
                    self.listen(handle, put, failed)
                elif handle.deadline is not None and time.monotonic() > handle.deadline:
                    self.replace_hung(handle, failed)

    def look(self) -> None:
        """Ask for the workers that there are to be and are not. Those that cannot start yet are started once there is
        room, and an autoscaler sees them wait."""
        self.looked = time.monotonic()
        for kind in self.kinds:
            there = sum(handle.kind is kind for handle in self.handles)
            for _ in range(self.wanted(kind) - there):
                self.grow(kind)

    def wanted(self, kind: Kind) -> int:
        return max(1, self.place.room(kind)) if kind.many is None else kind.many

    def grow(self, kind: Kind) -> None:
        self.handles.append(Handle(self.place.start(kind), kind))

    def timeout(self) -> float:
        """Seconds to wait for a word, at most until the next look or deadline."""
        now = time.monotonic()
        left = [handle.deadline - now for handle in self.busy if handle.deadline is not None]
        return max(0.0, min([LOOK, *left]))

    def wait_for_a_first(self, seconds: float) -> None:
        """Count time in which no worker is at work. Raises InputError where it becomes too long."""
        before, self.waited = self.waited, self.waited + seconds if seconds else 0.0
        if self.waited >= self.patience:
            raise InputError(f"No worker could start within {self.patience:.0f} s: {self.place.why_none()}")
        if before < NEWS <= self.waited:
            self.say(
                f"No worker has started for {self.waited:.0f} s; the sweep waits for up to {self.patience:.0f} s: "
                f"{self.place.why_none()}"
            )

    def hand_out(self, take: Take, terms: Callable[[Any], Terms]) -> None:
        for handle in self.handles:
            if not handle.ready or handle.given is not None:
                continue
            elsewhere = set[Any]().union(*(other.seen for other in self.handles if other is not handle))
            given, tried = (
                self.retry.pop() if self.retry else (take(handle.seen, elsewhere, handle.kind.wants), 0)
            )
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
                handle.ready, self.bad_starts[handle.kind] = True, 0
                self.proven.add(handle.kind)
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

        Raises InputError where none of its kind has ever started.
        """
        self.handles.remove(handle)
        self.place.end(handle.worker)
        if handle.given is not None or self.another(handle.kind, error):
            self.grow(handle.kind)
        if handle.given is not None:
            again = handle.tried < handle.terms.tries
            self.say(f"A worker was lost ({error}); its cohort {'runs again' if again else 'is abandoned'}.")
            if again:
                self.retry.append((handle.given, handle.tried))
            else:
                failed(handle.given[0], error)

    def another(self, kind: Kind, error: Lost) -> bool:
        """Whether to start another worker at once in place of one that did not start; else the next look does."""
        self.bad_starts[kind] += 1
        if self.bad_starts[kind] <= 3 * self.wanted(kind):
            self.say(f"A worker did not start ({error}); starting another.")
            return True
        if kind not in self.proven:
            raise InputError(f"No worker starts: {error}. {self.place.why_none()}")
        self.say(f"No worker starts any more ({error}); they are asked for every {LOOK:.0f} s.")
        self.bad_starts[kind] = 0
        return False

    def replace_hung(self, handle: Handle, failed: Callable[[Any, BaseException], None]) -> None:
        """Start another worker in place of one whose cohort took too long, and give that up."""
        self.handles.remove(handle)
        self.place.end(handle.worker)
        self.grow(handle.kind)
        failed(
            handle.given[0], Hung(f"No result within {handle.terms.seconds:.0f} s; its worker was replaced")
        )
