"""Cohorts that wait for a worker: which is next, and how long one may take.

Where workers on GPUs and on cores share the work, it is taken from both ends, as by HeteroPrio (Agullo et al. 2016,
"Task-based FMM for heterogeneous architectures", Concurrency and Computation 28(9)): those on GPUs take first what a
GPU does so much the faster, which is what has most to do at once, and the others what has least. Those on GPUs are
given several cohorts of one structure as one.
"""

from collections import deque
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from experiments.trial import Trial
from sweeps.plan import FEW_PARAMETERS, Work, weight, width

LEAST_PATIENCE = 1800.0  # seconds: compiling, and whatever keeps a machine busy
PATIENCE = 100.0  # times what a cohort takes by a rough estimate


@dataclass(eq=False)
class Line:
    """The works of one structure that wait, each with its number. trials: in all of them."""

    bare: Trial
    works: deque[tuple[int, Work]] = field(default_factory=deque)
    trials: int = 0

    @cached_property
    def weight(self) -> float:
        return weight(self.bare)


class Queue:
    """Works in order. To take one costs the number of structures, not of works. together: trials of which a work for a
    GPU beside workers on cores is made up, as far as there are so many."""

    def __init__(self, together: int = 1) -> None:
        self.together = together
        self.lines: dict[Trial, Line] = {}
        self.joined = 0

    def __len__(self) -> int:
        return sum(len(line.works) for line in self.lines.values())

    def __bool__(self) -> bool:
        return bool(self.lines)

    @property
    def trials(self) -> dict[Trial, int]:
        """By structure."""
        return {bare: line.trials for bare, line in self.lines.items()}

    def extend(self, works: Iterable[Work]) -> None:
        for work in works:
            line = self.lines.setdefault(work.structure, Line(work.structure))
            line.works.append((self.joined, work))
            line.trials += len(work.entries)
            self.joined += 1

    def take(self, seen: AbstractSet[Any], elsewhere: AbstractSet[Any], wants: str | None = None) -> Work:
        """One whose structure is in `seen`, else not in `elsewhere`, else any; of these the one with most left to do,
        so that no worker begins on a long arm when the others have come to their end.

        wants: `wide`, a worker on a GPU beside others on cores; `narrow`, one of these. After those in `seen` the
        widest comes first, or the narrowest.
        """
        sign = {"wide": -1, "narrow": 1}.get(wants or "", 0)

        def order(line: Line) -> tuple[bool, float, bool, float, int]:
            new = line.bare not in seen
            left = line.trials * line.weight
            return (
                new,
                sign and sign * width(line.bare),
                new and line.bare in elsewhere,
                -left,
                line.works[0][0],
            )

        line = min(self.lines.values(), key=order)
        _, work = line.works.popleft()
        if wants == "wide":
            work = self.merged(work, line.works)
        line.trials -= len(work.entries)
        if not line.works:
            del self.lines[line.bare]
        return work

    def merged(self, work: Work, line: deque[tuple[int, Work]]) -> Work:
        """As one with those behind it in its line, as far as they are of its kind and `together` has room."""
        if work.suspect or work.size >= self.together:
            return work
        entries = work.entries
        while line and alike(work, line[0][1]) and len(entries) + len(line[0][1].entries) <= self.together:
            entries += line.popleft()[1].entries
        return Work(entries, self.together, again=work.again)


def alike(one: Work, other: Work) -> bool:
    """Whether two works of one structure may be one."""
    kinds = {(w.suspect, w.again, *((e := w.entries[0]).stage, e.since, e.until)) for w in (one, other)}
    return len(kinds) == 1


def patience(work: Work, timeout: float | None = None) -> float:
    """Seconds that a cohort may take. timeout: for each trial; None where nobody says: far more than any should, so
    that what hangs ends at last."""
    if timeout is not None:
        return timeout * len(work.entries)
    return LEAST_PATIENCE + PATIENCE * sum(
        weight(work.structure) / FEW_PARAMETERS * e.share for e in work.entries
    )
