"""The difference of two cells' means on a task, held against 0 and ± the margin: p-values and e-values on either side.

The p-values are those of the tests behind verdicts (`statistics.pairs.evidence`), one-sided and of this pair alone.
The e-values are bets on the seeds of both cells, paired in their order (`sweeps.evidence.bets`): right for any
distribution, and at whatever number of seeds one looks, so that they hold in a race too, also for pairs that it did
not compare itself.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.statistics.pairs.betting import differences, sides
from analysis.statistics.pairs.bounded_means import samples
from analysis.statistics.pairs.evidence import evidence
from analysis.statistics.pairs.groups import groups
from analysis.statistics.pairs.welch import BORDERS, SIDED
from sweeps.evidence import bets

ALPHA = 0.05  # of the intervals that are shown: 1 - 2 ALPHA


@dataclass(frozen=True, kw_only=True)
class Scale:
    """margin: smallest difference that matters. bounds: what a value can be. lower: whether less is better. look: of a
    race, the seeds after which one looked each time; 0 where the number of seeds was fixed."""

    margin: float
    bounds: tuple[float, float] = (0.0, 1.0)
    lower: bool = False
    look: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Difference:
    """value: mean of the cell less mean of the reference, as measured; low, high: its interval. n: seeds of the side
    that has fewer. better: paired differences, positive where the cell is better, as shares of the range; none without
    bounds. margin: as such a share. p: by name of `welch.SIDED`, for the cell being better (above); empty in a race."""

    task: str
    cell: str
    reference: str
    value: float
    low: float
    high: float
    mean: float
    mean_reference: float
    n: int
    better: np.ndarray
    margin: float
    p: dict[str, float] = field(default_factory=dict)

    def p_value(self, side: str, border: str) -> float:
        """That the difference is above or below a border; missing in a race."""
        return self.p.get(f"p_{side}_{border}", math.nan)

    def log_e(self, side: str, border: str) -> float:
        """Of the same statement; missing where there are no bounds."""
        if not len(self.better):
            return math.nan
        bet = bets.above if side == "above" else bets.below
        return float(bet(self.better, BORDERS[border] * self.margin)[-1])

    def more(self, side: str, border: str, target: float) -> float:
        """Further seeds after which that e-value has the logarithm `target`, were they like those seen."""
        if not len(self.better):
            return math.nan
        sign = 1 if side == "above" else -1
        return bets.further(sign * self.better, sign * BORDERS[border] * self.margin, target)


def compared(values: pd.DataFrame, pairs: Sequence[tuple[str, str, str]], scale: Scale) -> list[Difference]:
    """One for each (task, cell, reference) that has two seeds a side. values: one row a seed of all cells of the tasks,
    as `statistics.scores` makes them."""
    table = pd.DataFrame(pairs, columns=["task", "a", "b"])
    low, high = scale.bounds
    if scale.lower:  # upside down, so that more is better
        values, low, high = values.assign(score=-values["score"]), -high, -low
    rows = [{}] * len(table) if scale.look else tested(values, table, scale.margin, (low, high))
    both = zip(sides(values, table), rows, strict=True)
    return [
        difference(task, cell, reference, x, y, row, scale, (low, high))
        for (task, cell, reference, x, y), row in both
        if min(len(x), len(y)) > 1
    ]


def tested(
    values: pd.DataFrame, pairs: pd.DataFrame, margin: float, bounds: tuple[float, float]
) -> list[dict[str, float]]:
    """By pair, low, high and `welch.SIDED` of the tests for fixed numbers of seeds."""
    if pairs.empty:
        return []
    found = evidence(
        groups(values), samples(values), pairs, margin=margin, alpha=ALPHA, bounds=bounds, sided=True
    )
    return [
        {str(name): float(value) for name, value in row.items()}
        for row in found[["low", "high", *SIDED]].to_dict("records")
    ]


def difference(
    task: str,
    cell: str,
    reference: str,
    x: np.ndarray,
    y: np.ndarray,
    row: dict[str, float],
    scale: Scale,
    bounds: tuple[float, float],
) -> Difference:
    """Of the values x and y of two cells, where more is better. row: as `tested` gives it, empty in a race."""
    better, width = differences(x, y, bounds)
    better = better if scale.margin < width else better[:0]
    if row:
        value, low, high = float(np.mean(x) - np.mean(y)), row["low"], row["high"]
    else:
        looks = tuple(range(scale.look, len(better) + 1, scale.look))
        value = float(better.mean()) * width
        low, high = (width * end for end in bets.interval(better, ALPHA, looks))
    if scale.lower:
        value, low, high = -value, -high, -low
    sign = -1 if scale.lower else 1
    return Difference(
        task=task,
        cell=cell,
        reference=reference,
        value=value,
        low=low,
        high=high,
        mean=sign * float(np.mean(x)),
        mean_reference=sign * float(np.mean(y)),
        n=min(len(x), len(y)),
        better=better,
        margin=scale.margin / width,
        p={name: row[name] for name in SIDED} if row else {},
    )
