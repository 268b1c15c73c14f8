"""Cohorts that wait for a worker: which is next, and how long one may take."""

from collections import Counter, deque
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Any

from experiments.trial import Trial
from sweeps.plan import FEW_PARAMETERS, Work, weight

LEAST_PATIENCE = 1800.0  # seconds: compiling, and whatever keeps a machine busy
PATIENCE = 100.0  # times what a cohort takes by a rough estimate


class Queue:
    """Works in order. To take one costs the number of structures, not of works."""

    def __init__(self) -> None:
        self.lines: dict[Trial, deque[tuple[int, Work]]] = {}
        self.trials: Counter[Trial] = Counter()  # by structure
        self.joined = 0

    def __len__(self) -> int:
        return sum(len(line) for line in self.lines.values())

    def __bool__(self) -> bool:
        return bool(self.lines)

    def extend(self, works: Iterable[Work]) -> None:
        for work in works:
            self.lines.setdefault(work.structure, deque()).append((self.joined, work))
            self.trials[work.structure] += len(work.entries)
            self.joined += 1

    def take(self, seen: AbstractSet[Any], elsewhere: AbstractSet[Any]) -> Work:
        """One whose structure is in `seen`, else not in `elsewhere`, else any; of these the one with most left to do,
        so that no worker begins on a long arm when the others have come to their end."""

        def order(bare: Trial) -> tuple[int, float, int]:
            compiled = 0 if bare in seen else 1 if bare not in elsewhere else 2
            return compiled, -self.trials[bare] * weight(bare), self.lines[bare][0][0]

        bare = min(self.lines, key=order)
        _, work = self.lines[bare].popleft()
        self.trials[bare] -= len(work.entries)
        if not self.lines[bare]:
            del self.lines[bare], self.trials[bare]
        return work


def patience(work: Work, timeout: float | None = None) -> float:
    """Seconds that a cohort may take. timeout: for each trial; None where nobody says: far more than any should, so
    that what hangs ends at last."""
    if timeout is not None:
        return timeout * len(work.entries)
    return LEAST_PATIENCE + PATIENCE * sum(
        weight(work.structure) / FEW_PARAMETERS * e.share for e in work.entries
    )
