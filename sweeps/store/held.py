"""Whether a process holds a lock file of `sweeps.store.lock`, without taking it."""

import fcntl
import time
from collections.abc import Callable
from pathlib import Path

MOMENT = 0.5  # seconds


def held(path: Path) -> bool | None:
    """Whether a process holds the lock file at `path`; None where the file system has no locks. To find out, a shared
    lock is held for a moment, for which whoever begins waits (`MOMENT`)."""
    try:
        with open(path) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except OSError:
        return None
    return False


def for_a_moment() -> Callable[[], bool]:
    """Patience of `MOMENT` seconds from now."""
    until = time.monotonic() + MOMENT
    return lambda: time.monotonic() < until
