"""Ray: workers on a cluster, or on this machine where GPUs are to be shared out. The only file that imports ray."""

import contextlib
import math
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

import ray
import ray.util.client
from ray import cloudpickle
from ray.exceptions import RayError, RayTaskError
from ray.runtime_env import RuntimeEnv
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from sweeps.errors import InputError, did_you_mean
from sweeps.signals import Terminated, again, leave_when_asked
from sweeps.workers import ray_errors
from sweeps.workers.crew import OVER, READY, Failed, Lost
from sweeps.workers.modules import send_modules_of
from sweeps.workers.pool import Kind, Pool
from sweeps.xla import deterministic_flags

LOCAL = "local"  # an address: a Ray of our own on this machine


@ray.remote(max_restarts=0)
class Actor:
    """One process, one core (or a share of a GPU), one `Worker`."""

    def __init__(self, environment: dict[str, str]):
        os.environ.update(environment)  # before JAX is imported: XLA reads it once

    def ready(self) -> tuple[int, str]:
        """Number of this process, id of its node. Raises RuntimeError on a GPU that JAX does not see."""
        import jax

        from sweeps.worker import Worker

        self.worker = Worker()
        leave_when_asked()
        if "JAX_PLATFORMS" not in os.environ and jax.default_backend() == "cpu":
            raise RuntimeError(
                f"JAX sees no GPU on {socket.gethostname()}. Install it there for GPUs: pip install "
                "'lstm-variants[gpu]'"
            )
        return os.getpid(), ray.get_runtime_context().get_node_id()

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


@ray.remote(num_cpus=0, max_retries=0)
def ask_to_leave(processes: list[int]) -> None:
    """On their node: what a batch system does to them, too."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGTERM)


@contextlib.contextmanager
def connected(pool: Pool) -> Iterator[None]:
    """Ray, for the length of a `with`. Raises InputError, in words, where it does not start or cannot be joined."""
    quiet: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False}
    if pool.environment is not None:
        quiet["runtime_env"] = checked(pool.environment)
    with contextlib.ExitStack() as stack:
        try:
            if pool.address in (None, LOCAL):
                where: dict[str, Any] = {
                    "address": "local",
                    "num_cpus": sum(kind.many or 0 for kind in pool.kinds),
                    "include_dashboard": False,
                }
                where |= ray_errors.short_folder(stack)
            else:
                where = {"address": pool.address}
                if ray_errors.check(pool.address):
                    send_token()
            ray.init(**where, **quiet)
        except InputError:
            raise
        except SystemExit:  # what Ray makes of SIGTERM while it starts
            raise Terminated from None
        except Exception as error:  # Ray's own are of many kinds, down to the plainest
            if pool.environment is not None and "address" not in str(error).lower():
                raise InputError(f"--runtime-env: {error}") from None
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


def checked(environment: Mapping[str, Any]) -> dict[str, Any]:
    """Ray's `runtime_env`, which it would take with unknown fields, too. Raises InputError."""
    for name in environment:
        if name not in RuntimeEnv.known_fields:
            known = sorted(name for name in RuntimeEnv.known_fields if not name.startswith("_"))
            raise InputError(
                f"--runtime-env has no field '{name}'.{did_you_mean(name, known)} It has {', '.join(known)}."
            )
    try:
        RuntimeEnv(**environment)
    except Exception as error:
        raise InputError(f"--runtime-env: {error}") from None
    return dict(environment)


def environment(kind: Kind, *, deterministic: bool = False) -> dict[str, str]:
    """One thread a worker, and no GPU unless one was asked for (num_gpus=0 does not hide it from JAX)."""
    if kind.gpus:
        share = {"XLA_PYTHON_CLIENT_MEM_FRACTION": f"{0.9 * min(kind.gpus, 1.0):.2f}"}
        return share | (deterministic_flags() if deterministic else {})
    return {"NPROC": "1", "JAX_PLATFORMS": "cpu"}


@dataclass(eq=False)
class Worker:
    """An actor, and what it is asked for: whether it is ready, or what its task yields. place: its process and its
    node, once it is ready."""

    actor: Any
    asked: Any
    place: tuple[int, str] | None = None


class Actors:
    """See `sweeps.workers.crew.Backend`."""

    def __init__(self, pool: Pool):
        self.pool, self.folder = pool, pool.folder

    def start(self, kind: Kind) -> Worker:
        options = {"num_cpus": 1, "num_gpus": kind.gpus, "memory": self.pool.memory}
        its = environment(kind, deterministic=self.pool.deterministic)
        actor = Actor.options(**options).remote(its)  # type: ignore[attr-defined]
        return Worker(actor, actor.ready.remote())

    def room(self, kind: Kind) -> int:
        """By what the nodes have, whoever uses it. Of a node with GPUs their workers get cores first."""
        of_gpus = self.pool.gpus_per_worker if self.pool.gpu_workers != 0 else 0.0
        memory = self.pool.memory or 1
        found = 0
        for node in ray.nodes():
            if node["Alive"]:
                has = node["Resources"]
                places = min(
                    has.get("CPU", 0), has.get("memory", 0) // memory if self.pool.memory else math.inf
                )
                on_gpus = min(places, fit(int(has.get("GPU", 0)), of_gpus)) if of_gpus else 0
                found += int(on_gpus if kind.gpus else places - on_gpus)
        return found

    def wait(self, workers: list[Worker], timeout: float) -> list[Worker]:
        speaking, _ = ray.wait([worker.asked for worker in workers], num_returns=1, timeout=timeout)
        return [worker for worker in workers if worker.asked in speaking]

    def hear(self, worker: Worker) -> list[Any]:
        """What a worker says next. Raises Lost where it is gone."""
        try:
            if worker.place is None:
                worker.place = ray.get(worker.asked)
                return [READY]
            if hasattr(worker.asked, "__next__"):
                return [ray.get(next(worker.asked))]
            said = ray.get(worker.asked)
            return said if said and isinstance(said[-1], Failed) else [*said, OVER]
        except StopIteration:
            return [OVER]
        except RayError as error:
            if worker.place is None:
                raise Lost(reason(error)) from None
            if not isinstance(error, RayTaskError):
                raise Lost(type(error).__name__) from None
            # What the worker did not catch: the task could not even be read there.
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
        until = time.monotonic() + timeout
        nodes: dict[str, list[int]] = {}
        for process, node in (worker.place for worker in workers if worker.place is not None):
            nodes.setdefault(node, []).append(process)
        with contextlib.suppress(Exception):  # the cluster may be what is ending
            for node, processes in nodes.items():
                there = NodeAffinitySchedulingStrategy(node, soft=False)
                ask_to_leave.options(scheduling_strategy=there).remote(processes)  # type: ignore[attr-defined]
            while workers and (left := until - time.monotonic()) > 0:
                for worker in self.wait(workers, left):
                    with contextlib.suppress(Lost):
                        if not any(said is OVER or isinstance(said, Failed) for said in self.hear(worker)):
                            continue
                    workers.remove(worker)

    def end(self, worker: Worker) -> None:
        ray.kill(worker.actor)

    def why_none(self) -> str:
        free, pool = ray.available_resources(), self.pool
        memory = f" and {pool.memory / 2**30:.3g} GiB of memory" if pool.memory else ""
        asks = [f"{f'1 CPU and {kind.gpus:g} GPU' if kind.gpus else '1 CPU'}{memory}" for kind in pool.kinds]
        offers = f"{free.get('CPU', 0):.0f} free CPUs, {free.get('GPU', 0):g} GPUs"
        offers += f", {free.get('memory', 0) / 2**30:.3g} GiB of memory" if pool.memory else ""
        return (
            f"the cluster offers {offers}; a worker asks for {', or '.join(asks)}. Ask for less with --workers, "
            "--gpu-workers, --gpus-per-worker or --memory-per-worker; where nodes take longer to come, give "
            "--wait-for-workers SECONDS."
        )


def fit(gpus: int, share: float) -> int:
    """Workers on so many GPUs of a node; shares of one are never of two.

    >>> fit(2, 0.4), fit(1, 0.1), fit(5, 2.0)
    (4, 10, 2)
    """
    return gpus * int(1 / share + 1e-9) if share <= 1 else int(gpus // share)


def reason(error: RayError) -> str:
    """Why a worker did not start, in a line."""
    cause = getattr(error, "cause", None) or error
    lines = str(cause).strip().splitlines() or [""]
    return f"{type(cause).__name__}: {lines[0][:300]}"
