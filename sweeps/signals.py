"""Being asked to end: Ctrl-C, and the SIGTERM of batch systems, containers and machines that are taken away.

The driver (`heeded`): the first signal of either kind raises in the main thread, so that everything is left in order;
the second, or `GRACE` seconds without an end, ends this process and all that it has started at once. A thread sees to
that, since the main one may be in code that hears nothing.

A worker (`leave_when_asked`): SIGTERM ends it where it stands, but within `keeping` it is only noted in `asked`:
whoever trains then keeps what there is and calls `leave`.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

GRACE = 25.0  # seconds to end in; whoever sends SIGTERM commonly waits for 30 before SIGKILL
TERMINATED = 128 + signal.SIGTERM
INTERRUPTED = 128 + signal.SIGINT
CODES = {int(signal.SIGINT): INTERRUPTED, int(signal.SIGTERM): TERMINATED}


class Terminated(KeyboardInterrupt):
    """SIGTERM: to whatever cleans up, the same as Ctrl-C."""


# ---------------------------------------------------------------------- the driver

heeding = False


@contextlib.contextmanager
def heeded(*, to_the_end: bool) -> Iterator[None]:
    """Heed both signals as above, for the length of a `with`. In other threads than the main one it does nothing.

    to_the_end: of the process, where it is ours alone and ends with the `with`: what is left to do then, such as a
    library's own shutdown, is not to be interrupted halfway either.
    """
    global heeding
    if threading.current_thread() is not threading.main_thread() or heeding:
        yield
        return
    hears, tells = os.pipe()
    os.set_blocking(tells, False)
    before = {number: signal.getsignal(number) for number in CODES}
    wakeup = signal.set_wakeup_fd(tells, warn_on_full_buffer=False)
    threading.Thread(target=watch, args=(hears,), daemon=True).start()
    heeding = True
    again()
    try:
        yield
    finally:
        if not to_the_end:
            heeding = False
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(tells)  # which ends the thread


def again() -> None:
    """Put our handlers back, where a library has put in its own (Ray's print a stack and abort)."""
    if heeding and threading.current_thread() is threading.main_thread():
        for number in CODES:
            signal.signal(number, interrupt)


def interrupt(number: int, frame: FrameType | None) -> None:
    """Raise once; the next signal is the thread's."""
    for other in CODES:
        signal.signal(other, lambda *_: None)
    raise Terminated if number == signal.SIGTERM else KeyboardInterrupt


def watch(hears: int) -> None:
    """End everything at the second signal, or when the first was `GRACE` seconds ago."""
    first: int | None = None
    try:
        while True:
            ready, _, _ = select.select([hears], [], [], None if first is None else GRACE)
            heard = os.read(hears, 64) if ready else None
            if heard == b"":
                return
            told = [number for number in heard or b"" if number in CODES]
            if heard and not told:  # other signals
                continue
            if first is not None or len(told) > 1:
                end_everything(CODES[told[-1] if told else first or signal.SIGTERM])
            first = told[0]
    finally:
        os.close(hears)


def end_everything(code: int) -> None:
    """End this process and all that it has started, down to the last grandchild."""
    if sys.stderr is not None and sys.stderr.isatty():
        os.write(2, b"\x1b[?25h\n")  # a live table hides the cursor
    for number in descendants(os.getpid()):
        with contextlib.suppress(OSError):
            os.kill(number, signal.SIGKILL)
    os._exit(code)


def descendants(process: int) -> list[int]:
    """Numbers of the processes that it has started, and of those that they have, parents first."""
    children: dict[int, list[int]] = {}
    for number, parent in parents():
        children.setdefault(parent, []).append(number)
    found = [process]
    for number in found:
        found += children.get(number, [])
    return found[1:]


def parents() -> Iterator[tuple[int, int]]:
    """Number and parent's number of every process of this machine."""
    folders = list(Path("/proc").glob("[0-9]*"))
    for folder in folders:
        with contextlib.suppress(OSError, ValueError):  # it has just ended
            yield int(folder.name), int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    if not folders:  # systems other than Linux
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True)
        for line in listed.stdout.splitlines():
            number, parent = line.split()
            yield int(number), int(parent)


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in what takes longer, as far as it is Python's; in other threads than the main one do
    nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def over(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"not ready after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# ---------------------------------------------------------------------- a worker


class Asked:
    """Whether a worker process was asked to end, and whether it may not do so where it stands."""

    def __init__(self) -> None:
        self.to_leave = False
        self.keeping = False


asked = Asked()


def leave_when_asked() -> None:
    """Make SIGTERM end this worker process as above. Nothing is done outside the main thread."""

    def heard(number: int, frame: FrameType | None) -> None:
        asked.to_leave = True
        if not asked.keeping:
            leave()

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, heard)


@contextlib.contextmanager
def keeping() -> Iterator[None]:
    """Within it a worker that is asked to end goes on, until it sees `asked.to_leave`."""
    asked.keeping = True
    try:
        yield
    finally:
        asked.keeping = False


def leave() -> None:
    """End this worker process as one that was asked to."""
    raise SystemExit(TERMINATED)
