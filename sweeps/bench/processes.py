"""A framework in a process of its own, which stays: built programs are timed again and again, in turns with others.

    with Side("ours", core=1) as side:
        side.describe()                          {"backend": "cpu", ...}
        side.build("a", {"what": "step", ...})   {"seconds": 1.3, ...}     compiles; what else the framework tells
        side.time("a", 20)                       (seconds, steps)          20 steps at least, to completion
        side.drop("a")

The framework is a module of this package with `describe() -> dict` and `build(case) -> (work, told)`, where
`work(n) -> int` runs n steps or a few more, waits for them and says how many they were. Requests and answers are
lines of JSON. The process sees no Ctrl-C; it ends when its standard input does, so also when the parent is killed.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

MODULES = {
    "ours": "sweeps.bench.ours",
    "jax": "sweeps.bench.others_jax",
    "torch": "sweeps.bench.others_torch",
}
Work = Callable[[int], int]


class SideError(RuntimeError):
    """The other process failed; the text is its error."""


class Side:
    """The parent's end. core: the one core it may use; None: all of them. environment: variables for it."""

    def __init__(self, name: str, *, core: int | None = None, environment: dict[str, str] | None = None):
        paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)} | (environment or {})
        if core is not None:
            environment |= {"NPROC": "1", "OMP_NUM_THREADS": "1"}
        self.name = name
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed when the process ends)
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-P",
                "-m",
                "sweeps.bench.processes",
                name,
                *([] if core is None else [str(core)]),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=environment,
            text=True,
            start_new_session=True,
        )

    def ask(self, *request: Any) -> dict[str, Any]:
        """Raises SideError."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self.process.wait()
            self.errors.seek(0)
            raise SideError(
                f"{self.name} ended with code {self.process.returncode}: {self.errors.read()[-500:]}"
            )
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise SideError(f"{self.name}: {answer['error']}")
        return answer

    def describe(self) -> dict[str, Any]:
        return self.ask("describe")

    def build(self, key: str, case: dict[str, Any]) -> dict[str, Any]:
        """seconds: what building took, compilation included."""
        return self.ask("build", key, case)

    def time(self, key: str, steps: int) -> tuple[float, int]:
        answer = self.ask("time", key, steps)
        return answer["seconds"], answer["steps"]

    def drop(self, key: str) -> None:
        self.ask("drop", key)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()
        self.errors.close()


class Server:
    """The framework's end."""

    def __init__(self, framework: Any):
        self.framework = framework
        self.built: dict[str, Work] = {}

    def describe(self) -> dict[str, Any]:
        return self.framework.describe()

    def build(self, key: str, case: dict[str, Any]) -> dict[str, Any]:
        start = time.perf_counter()
        self.built[key], told = self.framework.build(case)
        return {"seconds": time.perf_counter() - start, **told}

    def time(self, key: str, steps: int) -> dict[str, Any]:
        start = time.perf_counter()
        done = self.built[key](steps)
        return {"seconds": time.perf_counter() - start, "steps": done}

    def drop(self, key: str) -> dict[str, Any]:
        del self.built[key]
        return {}


def serve(name: str, core: str | None) -> None:
    """Answer requests on standard input until it ends."""
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core)})
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever a framework prints is no answer
    server = Server(importlib.import_module(MODULES[name]))
    for line in sys.stdin:
        request, *arguments = json.loads(line)
        try:
            answer = getattr(server, request)(*arguments)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"[:500]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
