"""Workers of this machine: processes that hold compiled programs, fed through pipes. No cluster is started for them.

Each is a fresh Python with one core's worth of threads, in a session of its own, so that Ctrl-C reaches the driver
alone, which ends them. A worker whose driver is gone ends when it next has something to say.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe, wait
from typing import IO, Any

import cloudpickle

from sweeps import signals
from sweeps.cores import cores
from sweeps.workers.crew import OVER, READY, Failed, Lost
from sweeps.workers.modules import send_modules_of
from sweeps.workers.pool import Kind, Pool

ENVIRONMENT = {
    "NPROC": "1",
    "JAX_PLATFORMS": "cpu",
}  # for JAX: one thread, and no GPU that another may be using


@dataclass(eq=False)
class Process:
    """A worker as its driver has it: the process, this end of the pipe, what it writes on its error output."""

    running: subprocess.Popen[bytes]
    pipe: Connection
    errors: IO[bytes]


class Processes:
    """See `sweeps.workers.crew.Backend`."""

    def __init__(self, pool: Pool):
        self.folder = pool.folder

    def start(self, kind: Kind) -> Process:
        ours, theirs = Pipe()
        errors = tempfile.TemporaryFile()  # noqa: SIM115 # closed with the worker
        running = subprocess.Popen(
            [sys.executable, "-m", "sweeps.workers.local", str(theirs.fileno())],
            env=os.environ | ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
        theirs.close()
        return Process(running, ours, errors)

    def room(self, kind: Kind) -> int:
        return len(cores())

    def wait(self, workers: list[Process], timeout: float) -> list[Process]:
        speaking = wait([worker.pipe for worker in workers], timeout)
        return [worker for worker in workers if worker.pipe in speaking]

    def hear(self, worker: Process) -> list[Any]:
        """What a worker says next. Raises Lost where it is gone."""
        try:
            kind, value = cloudpickle.loads(worker.pipe.recv_bytes())
        except (EOFError, OSError):
            raise Lost(self.end_of(worker)) from None
        return [{"ready": READY, "over": OVER}.get(kind, value)]

    def give(self, worker: Process, task: Callable[[Any], Iterator[Any]]) -> None:
        if self.folder is not None:
            send_modules_of(self.folder, cloudpickle)
            self.folder = None  # once
        with contextlib.suppress(OSError):  # gone: it is heard
            worker.pipe.send_bytes(cloudpickle.dumps(task))

    def leave(self, workers: list[Process], timeout: float) -> None:
        until = time.monotonic() + timeout
        for worker in workers:
            worker.running.terminate()
        for worker in workers:
            with contextlib.suppress(subprocess.TimeoutExpired):
                worker.running.wait(max(0.0, until - time.monotonic()))

    def end(self, worker: Process) -> None:
        worker.running.kill()
        worker.running.wait()
        worker.pipe.close()
        worker.errors.close()

    def why_none(self) -> str:
        return "Run with --workers 0 to see the error in this process."

    def end_of(self, worker: Process) -> str:
        """How a process ended, and the last that it wrote."""
        code = worker.running.wait()
        worker.errors.seek(0)
        lines = worker.errors.read().decode(errors="replace").strip().splitlines()
        last = f": {lines[-1][:200]}" if lines and code > 0 else ""
        return f"signal {-code}{last}" if code < 0 else f"exit code {code}{last}"


def serve(pipe: Connection) -> None:
    """What a worker process does until its driver is gone."""

    def say(kind: str, value: Any = None) -> None:
        pipe.send_bytes(cloudpickle.dumps((kind, value)))

    signals.leave_when_asked()
    from sweeps.worker import Worker  # imports JAX

    worker = Worker()
    say("ready")
    while True:
        task = cloudpickle.loads(pipe.recv_bytes())
        try:
            for event in task(worker):
                say("event", event)
        except (BrokenPipeError, ConnectionResetError):
            raise
        except Exception as error:
            say("failed", Failed.by(error, cloudpickle))
        else:
            say("over")
        if signals.asked.to_leave:
            signals.leave()


if __name__ == "__main__":
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        serve(Connection(int(sys.argv[1])))
