"""A lock file: one process at a time. The system lets go of it when the process dies, however it dies.

The lock is the system's own (flock), by way of filelock; not its soft lock, a file that a killed process leaves behind.
Some file systems of clusters have no locks (NFS without its lock service, some mounts of Lustre and FUSE): there work
goes on without, and that is said, since nothing then keeps a second process away.
"""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from sweeps.store.parts import writing

POLL = 0.2  # seconds between two tries


class Held(Exception):
    """Another process holds the lock: `holder`, its number as text."""

    def __init__(self, holder: str):
        super().__init__(f"held by process {holder}")
        self.holder = holder


@contextlib.contextmanager
def locked(path: Path, what: str, patient: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Hold the lock file at `path`, which then says by its number which process does.

    what: of which only one may run, for the warning where there are no locks. patient: whether to wait for another
    holder still. Raises Held where it is held and patience is over, WriteError where the file cannot be made.
    """
    with writing(path):
        open(path, "a").close()  # what goes wrong from here on is the lock's doing, not the disk's
    lock = FileLock(path, fallback_to_soft=False)
    while not lock.is_locked:
        try:
            lock.acquire(blocking=False)
        except Timeout:
            if not patient():
                raise Held(path.read_text().strip() or "unknown") from None
            time.sleep(POLL)
        except (OSError, NotImplementedError) as error:
            warn(path, what, error)
            break
    try:
        with contextlib.suppress(OSError):  # a full disk holds a lock all the same
            path.write_text(str(os.getpid()))
        yield
    finally:
        lock.release()


def warn(path: Path, what: str, error: Exception) -> None:
    number = getattr(error, "errno", None)
    reason = os.strerror(number) if number else str(error)
    print(
        f"The file system of {path} has no locks ({reason}): continuing without one. Make sure that no other {what} "
        "runs there at the same time.",
        file=sys.stderr,
    )
