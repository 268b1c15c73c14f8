"""A lock on a file: one process at a time. The system lets go of it when the process dies, however it dies.

Some file systems of clusters have none (NFS without its lock service, some mounts of Lustre and FUSE): there work goes
on without, and that is said, since nothing then keeps a second process away.
"""

import errno
import fcntl
import os
import sys
from typing import IO

HELD = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES}  # by another process


def warn(line: str) -> None:
    print(line, file=sys.stderr)


def try_lock(handle: IO[str], what: str) -> bool:
    """Lock an open file until it is closed; False where another process holds it. what: of which only one may run."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in HELD:
            return False
        reason = os.strerror(error.errno) if error.errno else str(error)
        warn(
            f"The file system of {handle.name} has no locks ({reason}): going on without one. Take care that no other "
            f"{what} works there at the same time."
        )
    return True
