"""What a sweep shows while it runs: a live table on a terminal, a line now and then elsewhere."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sweeps.store.schema import STOPPED

if TYPE_CHECKING:  # `watch` reads results, and does without JAX
    from experiments.trial import Trial
    from sweeps.plan import Work
    from sweeps.sweep import Scheduler
    from sweeps.worker import Event

LINE_EVERY = 15.0


class Clock:
    """Time left, from what trials and compilations have taken so far. workers: how many there are now."""

    def __init__(self, workers: Callable[[], int]):
        self.workers = workers
        self.trial_seconds: dict[Trial, tuple[float, int]] = {}  # sum and count by structure
        self.compile_seconds: list[float] = []
        self.compiled: set[Trial] = set()

    def heard(self, work: "Work", event: "Event") -> None:
        if event.kind == "compiled":
            self.compiled.add(work.structure)
            if event.seconds:
                self.compile_seconds.append(event.seconds)
        elif event.kind == "done" and event.rows and event.rows[0]["run_seconds"] is not None:
            total, count = self.trial_seconds.get(work.structure, (0.0, 0))
            self.trial_seconds[work.structure] = total + float(event.rows[0]["run_seconds"]), count + 1  # type: ignore[arg-type]

    def left(self, scheduler: "Scheduler", under_way: "dict[Work, float]") -> float | None:
        """Seconds, None while nothing is known."""
        if not self.trial_seconds:
            return None
        mean = {s: total / count for s, (total, count) in self.trial_seconds.items()}
        overall = sum(mean.values()) / len(mean)
        trials: dict[Trial, float] = dict(scheduler.queue.trials)
        for work, fraction in under_way.items():
            trials[work.structure] = trials.get(work.structure, 0.0) + len(work.entries) * (1.0 - fraction)
        compute = sum(mean.get(bare, overall) * number for bare, number in trials.items())
        unplanned = max(0, scheduler.stages.expected - len(scheduler.by_id))
        compiling = sum(self.compile_seconds) / max(1, len(self.compile_seconds))
        new = set(trials) - self.compiled
        return (compute + unplanned * overall + compiling * len(new)) / self.workers()


class Board:
    """A listener that draws."""

    def __init__(self, console: Console, workers: Callable[[], int]):
        self.console, self.clock = console, Clock(workers)
        self.start = self.last_line = time.monotonic()
        self.scheduler: Scheduler | None = None
        self.under_way: dict[Work, float] = {}
        self.best: dict[tuple[str, str], float] = {}
        self.counts = dict.fromkeys(("here", "solved", "diverged", "failed"), 0)
        self.made: set[str] = set()  # trials of this run
        self.flow: tuple[int, int] | None = (
            None  # networks measured, and to be measured, where it has come to that
        )
        self.live: Live | None = None

    @contextlib.contextmanager
    def running(self) -> Iterator["Board"]:
        if self.console.is_terminal:
            with Live(self, console=self.console, refresh_per_second=4, transient=True) as self.live:
                yield self
            self.live = None
        else:
            yield self

    def planned(self, scheduler: "Scheduler") -> None:
        self.scheduler = scheduler

    def say(self, line: str) -> None:
        self.console.print(line, style="yellow", highlight=False, markup=False)

    def measured(self, done: int, total: int) -> None:
        self.flow = done, total
        self.now_and_then()

    def heard(self, work: "Work", event: "Event") -> None:
        self.clock.heard(work, event)
        self.under_way[work] = event.fraction
        for entry in work.entries:
            score = event.scores.get(entry.id, float("nan"))
            if score > self.best.get(entry.arm, float("-inf")):
                self.best[entry.arm] = score
        if event.kind == "done":
            del self.under_way[work]
            for row in event.rows:
                self.made.add(str(row["trial_id"]))
                self.counts["solved"] += bool(row["solved"]) and row["status"] != STOPPED
                if row["status"] in ("diverged", "failed"):
                    self.counts[str(row["status"])] += 1
            self.counts["here"] = len(self.made)
        self.now_and_then()

    def now_and_then(self) -> None:
        """Where there is no live table, a line if the last one is long ago."""
        if self.live is None and time.monotonic() - self.last_line > LINE_EVERY:
            self.last_line = time.monotonic()
            self.console.print(self.line(), highlight=False, markup=False)

    def done(self) -> int:
        """Trials of the plan that have a row."""
        assert self.scheduler is not None
        return self.scheduler.stored

    def line(self) -> str:
        if self.scheduler is None:
            return "Planning..."
        if self.flow is not None:
            done, total = self.flow
            elapsed = seconds(time.monotonic() - self.start)
            return f"All trials are stored; flow: {done} of {total} networks measured; {elapsed} elapsed"
        left = self.clock.left(self.scheduler, self.under_way)
        c = self.counts
        return (
            f"{self.done()} of {self.scheduler.total_text} trials; {c['here']} in this run: {c['solved']} solved, "
            f"{c['diverged']} diverged, {c['failed']} failed; {seconds(time.monotonic() - self.start)} elapsed, "
            f"{f'about {seconds(left)} left' if left is not None else 'estimating time left'}"
        )

    def __rich__(self) -> Table | Text:
        if self.scheduler is None:
            return Text("Planning...")
        tasks = list(self.scheduler.loaded.study.tasks)
        table = Table("cell", box=None, header_style="bold")
        for task in tasks:
            table.add_column(Text(task))
        for cell in dict.fromkeys(cell for cell, _, _, _ in self.scheduler.loaded.study.arms()):
            scores = [self.best.get((cell, task)) for task in tasks]
            table.add_row(Text(cell), *(f"{s:.3f}" if s is not None else "·" for s in scores))
        grid = Table.grid()
        grid.add_row(Text(self.line()))
        grid.add_row(ProgressBar(total=self.scheduler.total, completed=self.done(), width=60))
        grid.add_row(Text("best validation score so far", style="dim"))
        grid.add_row(table)
        return grid


def seconds(value: float) -> str:
    """`42 s`, `3 min 05 s`, `2 h 10 min`."""
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
