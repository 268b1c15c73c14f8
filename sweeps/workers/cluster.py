"""Ray: workers on a cluster, or on this machine where GPUs are to be shared out. The only file that imports ray."""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

import ray
import ray.util.client
from ray import cloudpickle
from ray.exceptions import OutOfMemoryError, RayActorError, RayTaskError

from sweeps.errors import InputError
from sweeps.signals import Terminated, again, leave_when_asked
from sweeps.workers import ray_errors
from sweeps.workers.crew import OVER, READY, Failed, Lost, Pool
from sweeps.workers.modules import send_modules_of
from sweeps.xla import deterministic_flags

LOCAL = "local"  # an address: a Ray of our own on this machine
LOST = (RayActorError, OutOfMemoryError)  # the second is not one of the first


@ray.remote(max_restarts=0)
class Actor:
    """One process, one core (or a share of a GPU), one `Worker`."""

    def __init__(self, environment: dict[str, str]):
        os.environ.update(environment)  # before JAX is imported: XLA reads it once

    def ready(self) -> int:
        from sweeps.worker import Worker

        self.worker = Worker()
        leave_when_asked()
        return os.getpid()

    def run(self, task: Callable[[Any], Iterator[Any]]) -> Iterator[Any]:
        try:
            yield from task(self.worker)
        except Exception as error:
            yield Failed.by(error, cloudpickle)

    def run_whole(self, task: Callable[[Any], Iterator[Any]]) -> list[Any]:
        """For Ray's client (ray://), which has no generators: what the task yielded, once it has ended, and how."""
        said = list[Any]()
        try:
            said.extend(task(self.worker))
        except Exception as error:
            said.append(Failed.by(error, cloudpickle))
        return said


@contextlib.contextmanager
def connected(pool: Pool) -> Iterator[None]:
    """Ray, for the length of a `with`. Raises InputError, in words, where it does not start or cannot be joined."""
    quiet = {"logging_level": "ERROR", "log_to_driver": False}
    with contextlib.ExitStack() as stack:
        try:
            if pool.address in (None, LOCAL):
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
        except SystemExit:  # what Ray makes of SIGTERM while it starts
            raise Terminated from None
        except Exception as error:  # Ray's own are of many kinds, down to the plainest
            raise InputError(ray_errors.words(pool.address, error)) from None
        again()  # Ray has put in handlers of its own
        try:
            yield
        finally:
            ray.shutdown()


def send_token() -> None:
    """Make this process, and those that it starts, show its token: Ray reads the variable when it is imported."""
    os.environ["RAY_AUTH_MODE"] = "token"
    ray._raylet.Config.initialize("")  # type: ignore[attr-defined]


def environment(pool: Pool) -> dict[str, str]:
    """One thread a worker, and no GPU unless one was asked for (num_gpus=0 does not hide it from JAX)."""
    if pool.gpus_per_worker:
        share = {"XLA_PYTHON_CLIENT_MEM_FRACTION": f"{0.9 * min(pool.gpus_per_worker, 1.0):.2f}"}
        return share | (deterministic_flags() if pool.deterministic else {})
    return {"NPROC": "1", "JAX_PLATFORMS": "cpu"}


@dataclass(eq=False)
class Worker:
    """An actor, and what it is asked for: whether it is ready, or what its task yields."""

    actor: Any
    asked: Any
    ready: bool = False


class Actors:
    """See `sweeps.workers.crew.Backend`."""

    def __init__(self, pool: Pool):
        self.pool, self.folder = pool, pool.folder

    def start(self) -> Worker:
        options = {"num_cpus": 1, "num_gpus": self.pool.gpus_per_worker}
        actor = Actor.options(**options).remote(environment(self.pool))  # type: ignore[attr-defined]
        return Worker(actor, actor.ready.remote())

    def wait(self, workers: list[Worker], timeout: float) -> list[Worker]:
        speaking, _ = ray.wait([worker.asked for worker in workers], num_returns=1, timeout=timeout)
        return [worker for worker in workers if worker.asked in speaking]

    def hear(self, worker: Worker) -> list[Any]:
        """What a worker says next. Raises Lost where it is gone."""
        try:
            if not worker.ready:
                ray.get(worker.asked)
                worker.ready = True
                return [READY]
            if hasattr(worker.asked, "__next__"):
                return [ray.get(next(worker.asked))]
            said = ray.get(worker.asked)
            return said if said and isinstance(said[-1], Failed) else [*said, OVER]
        except StopIteration:
            return [OVER]
        except LOST as error:
            raise Lost(type(error).__name__) from None
        except RayTaskError as error:  # what the worker did not catch: the task could not even be read there
            return [Failed(error.cause if isinstance(error.cause, BaseException) else error, str(error))]

    def give(self, worker: Worker, task: Callable[[Any], Iterator[Any]]) -> None:
        if self.folder is not None:
            send_modules_of(self.folder, cloudpickle)
            self.folder = None  # once
        if ray.util.client.ray.is_connected():
            worker.asked = worker.actor.run_whole.remote(task)
        else:
            worker.asked = worker.actor.run.options(num_returns="streaming").remote(task)

    def leave(self, workers: list[Worker], timeout: float) -> None:
        """Nothing: what they have kept so far is at most `sweeps.checkpoints.EVERY` seconds old."""

    def end(self, worker: Worker) -> None:
        ray.kill(worker.actor)

    def why_none(self) -> str:
        free = ray.available_resources()
        return (
            f"the cluster offers {free.get('CPU', 0):.0f} free CPUs and {free.get('GPU', 0):.0f} GPUs; each worker "
            f"asks for 1 CPU and {self.pool.gpus_per_worker:g} GPU. Ask for fewer with --workers or --gpus-per-worker."
        )
