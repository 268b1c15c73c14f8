"""Whole processes, timed from outside: start, imports and end included."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Whole:
    """A process that has ended. began: seconds since 1970. memory: peak resident bytes of its largest process,
    children that it waited for included."""

    began: float
    seconds: float
    memory: int
    output: str


def whole(arguments: Sequence[str], *, environment: Mapping[str, str] | None = None) -> Whole:
    """Run `python ARGUMENTS` to its end. Raises RuntimeError, with its last words, unless its exit code is 0.

    environment: what is set beside what is set already.
    """
    paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    variables = os.environ | {"PYTHONPATH": os.pathsep.join(paths), **(environment or {})}
    with tempfile.TemporaryFile("w+") as words:
        began, start = time.time(), time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=subprocess.STDOUT,
            env=variables,
        )
        try:
            _, status, usage = os.wait4(process.pid, 0)  # unlike `wait`, this tells the memory
        except BaseException:
            process.terminate()
            process.wait()
            raise
        seconds, process.returncode = time.perf_counter() - start, os.waitstatus_to_exitcode(status)
        words.seek(0)
        output = words.read()
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments[:6])} ended with code {process.returncode}: {output[-800:]}")
    memory = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Whole(began, seconds, memory, output)


def command(*arguments: str, environment: Mapping[str, str] | None = None) -> Whole:
    """`lstm-variants ARGUMENTS` as a process of its own."""
    return whole(["-m", "sweeps.cli", *arguments], environment=environment)


def verdict(value: float, target: float, *, most: bool = True) -> str:
    """`reached`, or by which factor it was missed. most: the target is an upper bound."""
    if (value <= target) == most or value == target:
        return "reached"
    return f"not reached, by a factor of {max(value, target) / max(min(value, target), 1e-12):.2f}"
