"""A lock file: one process at a time, on this machine and on others that share the folder.

    .lock    {"process": 4711, "host": "node7", "since": "2026-11-28 01:02"}, its time renewed every `BEAT` seconds

On one machine the lock is the system's own (flock), by way of filelock; not its soft lock, a file that a killed process
leaves behind: the system lets go of ours when the process dies, however it dies.

Between machines that is not enough: on some file systems of clusters each machine has locks of its own (Lustre with
`localflock`), on others there are none (NFS without its lock service, some mounts of FUSE). There the file itself
tells. A holder empties it in the end; where it names one on another host, we wait for a sign of life: that one is alive
if the file's time is renewed, and dead `DEAD` seconds after the last time that it was. Ages are differences of times
that the file system gives, so that no host's clock matters. `broken` takes the lock from whoever holds it, for the user
who knows better.
"""

import contextlib
import datetime
import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from sweeps.store.parts import writing

POLL = 0.2  # seconds between two tries
BEAT = 20.0  # seconds between two signs of life
DEAD = 120.0  # seconds without one


@dataclass(frozen=True, kw_only=True)
class Holder:
    """process: its number. host: where it runs. since: when it took the lock, by its own clock. age: seconds since its
    last sign of life."""

    process: str
    host: str
    since: str
    age: float

    def __str__(self) -> str:
        return f"process {self.process} on {self.host}, since {self.since}, last sign of life {self.age:.0f} s ago"

    @property
    def elsewhere(self) -> bool:
        return self.host != socket.gethostname()


class Held(Exception):
    """Another process holds the lock: `holder`."""

    def __init__(self, holder: Holder | None):
        super().__init__(f"held by {holder or 'an unknown process'}")
        self.holder = holder


@contextlib.contextmanager
def locked(
    path: Path, what: str, patient: Callable[[], bool] = lambda: False, *, broken: bool = False
) -> Iterator[None]:
    """Hold the lock file at `path`, which then says which process does.

    what: of which only one may run, for what is said of it. patient: whether to wait for another holder still. broken:
    take the lock whoever holds it. Raises Held where it is held and patience is over, WriteError where the file cannot
    be made.
    """
    with writing(path):
        if broken:
            path.unlink(missing_ok=True)  # whoever holds it keeps a file without a name
        open(path, "a").close()  # what goes wrong from here on is the lock's doing, not the disk's
    lock = FileLock(path, fallback_to_soft=False)
    seen: int | None = None  # time of the file when its word was first all that we had
    while True:
        trouble = acquire(lock)
        holder = holder_of(path)
        if not isinstance(trouble, Timeout):
            if holder is None or not may_live(holder, locks=trouble is None):
                break
            renewed = path.stat().st_mtime_ns
            if seen is None:
                seen = renewed
                wait = max(0.0, DEAD - holder.age)
                tell(
                    f"{path} names {holder}: waiting up to {wait:.0f} s to see whether that {what} still runs."
                )
        if (isinstance(trouble, Timeout) or renewed != seen) and not patient():
            lock.release()
            raise Held(holder)
        time.sleep(POLL)
    if trouble is not None:
        warn(path, what, trouble)
    mine, over = own(), threading.Event()
    try:
        with contextlib.suppress(OSError):  # a full disk holds a lock all the same
            path.write_text(json.dumps(mine))
        threading.Thread(target=beat, args=(path, mine, over), daemon=True).start()
        yield
    finally:
        over.set()
        with contextlib.suppress(OSError):
            if said(path) == mine:
                path.write_text("")
        lock.release()


def acquire(lock: BaseFileLock) -> Exception | None:
    """Try to get the system's lock. Returns None where it is ours, Timeout where another process holds it, what went
    wrong where there are no locks."""
    try:
        if not lock.is_locked:
            lock.acquire(blocking=False)
    except (Timeout, OSError, NotImplementedError) as error:
        return error
    return None


def may_live(holder: Holder, *, locks: bool) -> bool:
    """Whether a holder that the file names may be alive, though the system's lock is free. locks: whether there is
    such a lock, which tells of this machine's processes."""
    if holder.age > DEAD:
        return False
    if holder.elsewhere:
        return True
    return not locks and holder.process != str(os.getpid()) and exists(holder.process)


def exists(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ValueError, ProcessLookupError):
        return False
    except OSError:  # of another user
        return True
    return True


def own() -> dict[str, object]:
    """What the file says of this process."""
    now = datetime.datetime.now().strftime("%Y-%m-%d %H:%M")
    return {"process": os.getpid(), "host": socket.gethostname(), "since": now}


def beat(path: Path, mine: dict[str, object], over: threading.Event) -> None:
    """Renew the file's time until it is over, or the lock was taken away."""
    while not over.wait(BEAT) and said(path) == mine:
        with contextlib.suppress(OSError):
            os.utime(path)


def said(path: Path) -> dict[str, object]:
    """What the file says, nothing where that is no holder."""
    try:
        found = json.loads(path.read_text())
        return found if isinstance(found, dict) else {}
    except (OSError, ValueError):
        return {}


def holder_of(path: Path) -> Holder | None:
    """Who the file says holds it, None where it says nothing."""
    found = said(path)
    if not found:
        return None
    return Holder(
        process=str(found.get("process")),
        host=str(found.get("host")),
        since=str(found.get("since")),
        age=age(path),
    )


def age(path: Path) -> float:
    """Seconds since a file was written, by the clock of its file system."""
    try:
        with tempfile.NamedTemporaryFile(prefix=".", suffix=".now", dir=path.parent) as probe:
            return max(0.0, os.stat(probe.name).st_mtime - path.stat().st_mtime)
    except OSError:  # no room for a new file
        return max(0.0, time.time() - path.stat().st_mtime)


def warn(path: Path, what: str, error: Exception) -> None:
    number = getattr(error, "errno", None)
    reason = os.strerror(number) if number else str(error)
    tell(
        f"The file system of {path} has no locks ({reason}): continuing without one. Make sure that no other {what} "
        "runs there at the same time."
    )


def tell(line: str) -> None:
    print(line, file=sys.stderr)
