"""Whether a process holds a lock file of `sweeps.store.lock`, without taking it."""

import fcntl
import time
from collections.abc import Callable
from pathlib import Path

from sweeps.store.lock import holder_of, may_live

MOMENT = 0.5  # seconds


def held(path: Path) -> bool | None:
    """Whether a process holds the lock file at `path`, here or on another host that the file names and that gives signs
    of life; None where the file system has no locks. To find out, a shared lock is held for a moment, for which whoever
    begins waits (`MOMENT`)."""
    try:
        with open(path) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except OSError:
        return None
    holder = holder_of(path)
    return holder is not None and may_live(holder, locks=True)


def for_a_moment() -> Callable[[], bool]:
    """Patience of `MOMENT` seconds from now."""
    until = time.monotonic() + MOMENT
    return lambda: time.monotonic() < until
