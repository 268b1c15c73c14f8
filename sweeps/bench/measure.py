"""Sides in turns, round by round, so that whatever else the machine does hits all of them alike.

A timer is `(steps) -> (seconds, steps)`: it runs as many steps or a few more, to completion.
"""

import math
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from sweeps.progress import seconds

Timer = Callable[[int], tuple[float, int]]
ROUNDS, FEWER = 5, 3
AT_LEAST = 0.3  # seconds a measurement
LONG = 6.0  # seconds a round, from which on there are fewer


def alternate(
    timers: dict[str, Timer], *, quick: bool = False, rounds: int | None = None
) -> dict[str, dict[str, Any]]:
    """`{side: {"steps": a measurement, "seconds": [a step, round by round]}}`; the timers have been called before.

    quick: two rounds of one call each.
    """
    counts, expected = dict[str, int](), 0.0
    for name, timer in timers.items():
        spent, steps = timer(1)
        counts[name] = 1 if quick else max(steps, math.ceil(AT_LEAST * steps / spent))
        expected += spent / steps * counts[name]
    rounds = rounds or (2 if quick else FEWER if expected > LONG else ROUNDS)
    found: dict[str, dict[str, Any]] = {name: {"steps": 0, "seconds": []} for name in timers}
    for k in range(rounds):
        for name in list(timers)[:: 1 if k % 2 == 0 else -1]:
            spent, steps = timers[name](counts[name])
            found[name]["steps"] = steps
            found[name]["seconds"].append(spent / steps)
    return found


def ratio(theirs: list[float], ours: list[float]) -> float:
    """Median over the rounds of theirs / ours: above 1 where ours is faster."""
    return statistics.median(t / o for t, o in zip(theirs, ours, strict=True))


class Progress:
    """Says on standard error how far a section is, and how long the rest takes at the pace so far."""

    def __init__(self, section: str, total: int):
        self.section, self.total, self.count = section, total, 0
        self.start = time.monotonic()

    def done(self, what: str) -> None:
        self.count += 1
        gone = time.monotonic() - self.start
        left = gone / self.count * (self.total - self.count)
        print(
            f"{self.section}: {self.count} of {self.total}, {what}; {seconds(gone)} elapsed, "
            f"about {seconds(left)} left",
            file=sys.stderr,
            flush=True,
        )
