"""Ray: a pool of long-lived workers that hold compiled programs. The only file that imports ray.

Work goes only to workers whose `ready` has answered, if possible to one that has compiled its structure
already. A worker that dies takes its cohort with it: both are started again, the cohort up to
`TRIES` times. A cohort's own exception is not retried. Every worker is killed when the loop ends.
"""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

import ray
import ray.util.client
from ray import cloudpickle
from ray.exceptions import OutOfMemoryError, RayActorError, RayTaskError

from sweeps import ray_errors
from sweeps.commands.common import deterministic_flags
from sweeps.errors import InputError

LOST = (RayActorError, OutOfMemoryError)  # the second is not one of the first
TRIES = 4
START_TIMEOUT = 120.0


@dataclass(frozen=True, kw_only=True)
class Pool:
    """How many workers, where. address: None starts a Ray of our own on this machine and stops it after."""

    workers: int
    address: str | None = None
    gpus_per_worker: float = 0.0
    deterministic: bool = False
    folder: Path | None = None


@ray.remote(max_restarts=0)
class Actor:
    """One process, one core (or a share of a GPU), one `Worker`."""

    def __init__(self, environment: dict[str, str]):
        os.environ.update(environment)  # before JAX is imported: XLA reads it once

    def ready(self) -> int:
        from sweeps.worker import Worker

        self.worker = Worker()
        return os.getpid()

    def run(self, task: Callable[[Any], Iterator[Any]]) -> Iterator[Any]:
        yield from task(self.worker)

    def run_whole(self, task: Callable[[Any], Iterator[Any]]) -> list[Any]:
        """For Ray's client (ray://), which has no generators: what the task yielded, once it has ended."""
        return list(task(self.worker))


@dataclass
class Handle:
    """What the pool knows of a worker."""

    actor: Any
    seen: set[Any] = field(default_factory=set)


@contextlib.contextmanager
def connected(pool: Pool) -> Iterator[None]:
    """Ray, for the length of a `with`. Raises InputError, in words, where it does not start or can not be joined."""
    quiet = {"logging_level": "ERROR", "log_to_driver": False}
    with contextlib.ExitStack() as stack:
        try:
            if pool.address is None:
                where: dict[str, Any] = {
                    "address": "local",
                    "num_cpus": pool.workers,
                    "include_dashboard": False,
                }
                where |= ray_errors.short_folder(stack)
            else:
                where = {"address": pool.address}
                if ray_errors.check(pool.address):
                    send_token()
            ray.init(**where, **quiet)  # type: ignore[arg-type]
        except InputError:
            raise
        except Exception as error:  # Ray's own are of many kinds, down to the plainest
            raise InputError(ray_errors.words(pool.address, error)) from None
        try:
            if pool.folder is not None:
                send_modules_of(pool.folder)
            yield
        finally:
            ray.shutdown()


def send_token() -> None:
    """Make this process, and those that it starts, show its token: Ray reads the variable when it is imported."""
    os.environ["RAY_AUTH_MODE"] = "token"
    ray._raylet.Config.initialize("")  # type: ignore[attr-defined]


def send_modules_of(folder: Path) -> None:
    """Send modules that lie beside a user's study file to the workers by value: they can not import them."""
    ours = {"lstm_variants", "experiments", "sweeps", "analysis"}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not file or name == "__main__" or name.partition(".")[0] in ours:
            continue
        path = Path(file).absolute()
        if path.is_relative_to(folder) and not {"site-packages", "lib"} & set(path.parts):
            cloudpickle.register_pickle_by_value(module)


def environment(pool: Pool) -> dict[str, str]:
    """One thread a worker, and no GPU unless one was asked for (num_gpus=0 does not hide it from JAX)."""
    if pool.gpus_per_worker:
        share = {"XLA_PYTHON_CLIENT_MEM_FRACTION": f"{0.9 * min(pool.gpus_per_worker, 1.0):.2f}"}
        return share | (deterministic_flags() if pool.deterministic else {})
    return {"NPROC": "1", "JAX_PLATFORMS": "cpu"}


class Crew:
    """The workers of a pool, and the loop that feeds them."""

    def __init__(self, pool: Pool, say: Callable[[str], None]):
        self.pool, self.say = pool, say
        self.starting: dict[Any, Handle] = {}
        self.idle: list[Handle] = []
        self.busy: dict[Any, tuple[Handle, Any, int]] = {}
        self.bad_starts = 0

    def grow(self) -> None:
        options = {"num_cpus": 1, "num_gpus": self.pool.gpus_per_worker}
        actor = Actor.options(**options).remote(environment(self.pool))  # type: ignore[attr-defined]
        self.starting[actor.ready.remote()] = Handle(actor)

    def close(self) -> None:
        for handle in [*self.idle, *self.starting.values(), *(busy[0] for busy in self.busy.values())]:
            ray.kill(handle.actor)


def run(
    pool: Pool,
    take: Callable[[set[Any], set[Any]], tuple[Any, Any, Callable[[Any], Iterator[Any]]] | None],
    pending: Callable[[], bool],
    put: Callable[[Any, Any], None],
    failed: Callable[[Any, BaseException], None],
    say: Callable[[str], None],
) -> None:
    """Feed the workers until nothing is pending. All callbacks run in this process, one at a time.

    take(seen, elsewhere): the next (item, structure, task) for a worker that has compiled `seen` while others
    have compiled `elsewhere`, or None. pending(): whether `take` has something. put(item, event): something
    that the task yielded. failed(item, error): the task raised, or was lost `TRIES` times. say: news in words.
    """
    crew, retry = Crew(pool, say), list[Any]()
    try:
        for _ in range(pool.workers):
            crew.grow()
        while crew.busy or pending() or retry:
            hand_out(crew, take, retry)
            waiting_for_work = list(crew.starting) if pending() or retry else []
            if not crew.busy and not waiting_for_work:
                break
            ready, _ = ray.wait([*crew.busy, *waiting_for_work], num_returns=1, timeout=START_TIMEOUT)
            if not ready and not crew.busy:
                raise InputError(
                    f"No worker could start within {START_TIMEOUT:.0f} s: the cluster offers "
                    f"{ray.available_resources().get('CPU', 0):.0f} free CPUs and "
                    f"{ray.available_resources().get('GPU', 0):.0f} GPUs; each worker asks for 1 CPU and "
                    f"{pool.gpus_per_worker:g} GPU. Ask for fewer with --workers or --gpus-per-worker."
                )
            for reference in ready:
                if reference in crew.starting:
                    welcome(crew, reference)
                else:
                    listen(crew, reference, put, failed, retry)
    finally:
        crew.close()


def hand_out(crew: Crew, take: Callable[..., Any], retry: list[Any]) -> None:
    for handle in list(crew.idle):
        everyone = [*crew.idle, *(busy[0] for busy in crew.busy.values())]
        elsewhere = set().union(*(other.seen for other in everyone if other is not handle))
        given = retry.pop() if retry else take(handle.seen, elsewhere)
        if given is None:
            continue
        item, structure, task, *tried = given
        crew.idle.remove(handle)
        handle.seen.add(structure)
        if ray.util.client.ray.is_connected():
            generator = handle.actor.run_whole.remote(task)
        else:
            generator = handle.actor.run.options(num_returns="streaming").remote(task)
        crew.busy[generator] = handle, (item, structure, task), tried[0] if tried else 1


def welcome(crew: Crew, reference: Any) -> None:
    handle = crew.starting.pop(reference)
    try:
        ray.get(reference)
        crew.idle.append(handle)
        crew.bad_starts = 0
    except LOST as error:
        crew.bad_starts += 1
        crew.say(f"A worker did not start ({type(error).__name__}); starting another.")
        if crew.bad_starts > 3 * crew.pool.workers:
            raise
        crew.grow()


def listen(
    crew: Crew, generator: Any, put: Callable[..., None], failed: Callable[..., None], retry: list[Any]
) -> None:
    handle, given, tried = crew.busy[generator]
    try:
        if hasattr(generator, "__next__"):
            put(given[0], ray.get(next(generator)))
        else:
            for event in ray.get(generator):
                put(given[0], event)
            raise StopIteration
    except StopIteration:
        del crew.busy[generator]
        crew.idle.append(handle)
    except LOST as error:
        del crew.busy[generator]
        ray.kill(handle.actor)
        crew.grow()
        again = tried < TRIES
        crew.say(
            f"A worker was lost ({type(error).__name__}); its cohort {'runs again' if again else 'is given up'}."
        )
        if again:
            retry.append((*given, tried + 1))
        else:
            failed(given[0], error)
    except RayTaskError as error:
        del crew.busy[generator]
        crew.idle.append(handle)
        failed(given[0], error.cause if isinstance(error.cause, BaseException) else error)
