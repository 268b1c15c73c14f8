"""`lstm-variants watch STUDY`: a sweep that runs in another terminal, or on another host, from its store alone.

    213 of 288 trials done (181 solved, 0 diverged), 0 failed, 75 to run
    42 trials a minute over the last 3 min 10 s, about 1 min 47 s left; the last one 2 s ago
    cell    adding_30: search  confirm   best  ...

The store is read again when something was written to it, and no more than a tenth of the time is spent reading. It ends
when the sweep does: nothing is left to run, or no process holds the store. (Where there are no locks, only the former.)
"""

import argparse
import datetime
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sweeps.commands.common import store_of
from sweeps.commands.so_far import SoFar
from sweeps.progress import LINE_EVERY, seconds
from sweeps.store.store import Store
from sweeps.terminal.screen import console

POLL = 1.0  # seconds between two looks at what was written
READING = 0.1  # largest share of the time
WINDOW = 600.0  # seconds over which the rate is taken
PAUSE = 120.0  # seconds without a trial: another sweep began after


@dataclass(frozen=True)
class Pace:
    """trials: that ended within the last so many seconds, before `now`. last: seconds since the last one."""

    trials: int
    over: float
    last: float

    def left(self, trials: int) -> float | None:
        """Seconds for so many; None where nothing is known."""
        return trials * self.over / self.trials if self.trials and self.over else None


def pace(so_far: SoFar, now: datetime.datetime) -> Pace | None:
    """Of the sweep under way: since its first trial, since a pause, or over the last `WINDOW`. None before a trial."""
    ends = sorted(
        max(0.0, (now - row["finished_at"]).total_seconds()) for row in so_far.rows
    )  # clocks differ
    if not ends:
        return None
    count, over = 1, ends[0]
    for seconds_ago in ends[1:]:
        if seconds_ago > WINDOW or seconds_ago - over > PAUSE:
            break
        count, over = count + 1, seconds_ago
    return Pace(count, over, ends[0])


def pace_line(so_far: SoFar, now: datetime.datetime) -> str:
    found = pace(so_far, now)
    if found is None:
        return "no trial has ended yet"
    left = found.left(so_far.total - so_far.done)
    most = "at most " if so_far.open else "about "
    ahead = f", {most}{seconds(left)} left" if left is not None else ""
    rate = 60 * found.trials / found.over if found.over else 0.0
    return (
        f"{rate:.{0 if rate >= 10 else 1}f} trials a minute over the last {seconds(found.over)}{ahead}; "
        f"the last one {seconds(found.last)} ago"
    )


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def follow(
    store: Store, sleep: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.monotonic
) -> Iterator[SoFar]:
    """How far the study is, again and again, also where nothing new was written; ends with the sweep. Raises InputError
    as `SoFar` does."""
    seen: list[str] | None = None
    while True:
        swept = store.swept  # before reading: what the sweep wrote last is read
        start = clock()
        store.refresh()
        written = [str(path) for path in store.parts("trials")]
        if written != seen or swept is False:
            so_far, seen = SoFar(store), written
        took = clock() - start
        yield so_far
        if so_far.complete or swept is False:
            return
        sleep(max(POLL, took / READING))


def view(so_far: SoFar) -> Table:
    grid = Table.grid()
    grid.add_row(Text(so_far.line))
    grid.add_row(Text(pace_line(so_far, now())))
    grid.add_row(ProgressBar(total=max(1, so_far.total), completed=so_far.done, width=60))
    grid.add_row(so_far.table())
    return grid


def run(options: argparse.Namespace) -> int:
    """Show the sweep until it ends; returns 1 where trials failed, else 0. Raises InputError."""
    screen = console()
    store = store_of(options, options.study)
    so_far = show(screen, follow(store))
    screen.print(so_far.line, soft_wrap=True)
    screen.print(so_far.table())
    screen.print(
        f"{'Nothing is left to run' if so_far.complete else 'No sweep is running'} in {store.place}.",
        soft_wrap=True,
    )
    return 1 if so_far.statuses["failed"] else 0


def show(screen: Console, states: Iterator[SoFar]) -> SoFar:
    """Draw the states as they come, on a terminal; elsewhere a line now and then. Returns the last."""
    if screen.is_terminal:
        with Live(console=screen, auto_refresh=False, transient=True) as live:
            for so_far in states:
                live.update(view(so_far), refresh=True)
        return so_far
    last = time.monotonic()
    for so_far in states:
        if time.monotonic() - last > LINE_EVERY:
            last = time.monotonic()
            screen.print(f"{so_far.line}; {pace_line(so_far, now())}", soft_wrap=True)
    return so_far
