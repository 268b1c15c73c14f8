"""Sweeps as processes of their own, to which something happens."""

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from studies import TEXT

from sweeps.signals import descendants
from sweeps.store import schema
from sweeps.store.store import Store

# Where the workers are: the options that say so, and what tells one by its command line.
PROCESSES, RAY = (), ("--address", "local")
NAMES = {PROCESSES: "sweeps.workers.local", RAY: "ray::Actor"}
OURS = ("sweeps.workers.local", "sweeps.mirror.process", "ray::", "raylet", "gcs_server")

# Three thousand updates a trial: long enough for something to happen in the middle of it.
LONG = TEXT.replace("steps=20", "steps=3000").replace("evaluate_every=10", "evaluate_every=500")
TRIALS = 12  # gru, its alias and the vanilla RNN: 2 search and 2 confirm trials each


def start(path, results, where=PROCESSES, *more, workers="1", before=(), env=None) -> subprocess.Popen:
    """A sweep with one worker (None: as many as there are by default), one trial a cohort, without W&B. before: put
    before its command."""
    # A shell starts background jobs with Ctrl-C ignored, and children inherit that: here it must count.
    listening = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    command = [*before, sys.executable, "-c", listening + "from sweeps.cli import main; sys.exit(main())"]
    command += ["sweep", str(path), "--results", str(results)]
    for option, value in (("--workers", workers), ("--wandb", "off"), ("--cohort", "1")):
        if option not in more and value is not None:
            command += [option, value]
    return subprocess.Popen(
        [*command, *where, *more], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env
    )


def end_of(process, timeout=900) -> str:
    """What it printed, once it has ended."""
    return process.communicate(timeout=timeout)[0]


def command_of(pid) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def workers_of(process, where=PROCESSES) -> list[int]:
    return [pid for pid in descendants(process.pid) if NAMES[where] in command_of(pid)]


def working_on(node) -> bool:
    """Whether a worker trains on a Ray node of this machine."""
    found = [
        number for process in node.all_processes["raylet"] for number in descendants(process.process.pid)
    ]
    return any("ray::Actor.run" in command_of(number) for number in found)


def family(process) -> list[int]:
    """All that it has started, as far as it is ours or Ray's."""
    return [pid for pid in descendants(process.pid) if any(name in command_of(pid) for name in OURS)]


def left_of(pids, seconds=20.0) -> list[int]:
    """Those that are still there after so many seconds, or earlier none."""
    until = time.monotonic() + seconds
    while left := [pid for pid in pids if any(name in command_of(pid) for name in OURS)]:
        if time.monotonic() > until:
            break
        time.sleep(0.1)
    return left


def wait_for_rows(store, n, process) -> None:
    for _ in range(2400):
        if store.path.exists() and len(store.parts("trials")) >= n:
            return
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.05)
    raise AssertionError("no rows came")


def counts(store: Store) -> Counter:
    """Rows by trial id, as they were written: two of one trial count as two."""
    return Counter(row["trial_id"] for row in store.rows(["trial_id"]))


def essential(table) -> list[dict]:
    """Rows by trial, without what may differ between two runs of the same trial."""
    keep = [name for name in table.column_names if name not in schema.INCIDENTAL]
    return sorted(table.select(keep).to_pylist(), key=lambda row: (row["trial_id"], row.get("step", 0)))


def whole(store: Store) -> tuple[list[dict], list[dict]]:
    """All that a study has, to be compared with what it has without a fault."""
    return essential(store.trials()), essential(store.curves())


def environment(**changes) -> dict[str, str]:
    return os.environ | {name: str(value) for name, value in changes.items()}
