"""The check of how far back a cell can look, compared with another: T50 over tasks that differ in their lag alone."""

import math
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from analysis.claims.claim import Arm, Outcome
from analysis.claims.weight import LEVEL, silent
from analysis.statistics.training.frontier import by_difficulty
from analysis.study.tables import Analysed

LEAST = 3  # tasks of a family: two lags draw no curve


@dataclass(frozen=True)
class ShorterReach:
    """A cell's T50, the lag that half of its seeds still solve, is below a share `below` of another's.

    Holds where the one 95 % interval lies below that share of the other one from end to end, and fails where it lies
    above: each is wrong with a chance of at most 5 %. Intervals that are open at that end decide nothing. They take the
    number of seeds as given, also where a race chose it: what they show is likely, never proven.
    """

    cell: str
    other: str
    below: float

    arms: ClassVar[tuple[Arm, ...]] = ()
    least: ClassVar[int] = 0
    searches: ClassVar[tuple[str, ...]] = ()

    @property
    def says(self) -> str:
        return f"the lag that half of all seeds bridge is below {self.below:.2g} of {self.other}'s"

    @property
    def needs(self) -> str:
        return f"{self.cell} and {self.other} on at least {LEAST} tasks that differ in their lag alone"

    def __call__(self, study: Analysed) -> list[Outcome]:
        rates, halves = by_difficulty(study.results.stage("confirm"))
        found = []
        for (family, field), rows in halves.groupby(["family", "field"], sort=False):
            here = rates[(rates["family"] == family) & (rates["field"] == field)]
            mine, theirs = (rows[rows["cell"] == cell] for cell in (self.cell, self.other))
            ran = [int((here["cell"] == cell).sum()) for cell in (self.cell, self.other)]
            if min(ran) >= LEAST:
                found.append(self.judge(str(family), mine.iloc[0], theirs.iloc[0]))
        return found

    def judge(self, family: str, mine: pd.Series, theirs: pd.Series) -> Outcome:
        low, high = self.below * theirs["low"], self.below * theirs["high"]
        weight = silent(int(min(mine["n"], theirs["n"])))._replace(more=math.nan, more_against=math.nan)
        if mine["high"] < low:
            weight = weight._replace(p=LEVEL)
        elif mine["low"] > high:
            weight = weight._replace(against=LEVEL)
        return Outcome(family, f"{self.cell} {told(mine)}, {self.other} {told(theirs)}", weight)


def told(row: pd.Series) -> str:
    """T50 with its interval; what lies beyond the lags that ran is open."""
    low = f"{row['low']:.3g}" if row["low"] > 0 else "below all"
    high = "above all" if row["high"] == float("inf") else f"{row['high']:.3g}"
    value = "T50 beyond the lags" if pd.isna(row["value"]) else f"T50 {row['value']:.3g}"
    return f"{value} ({low} to {high}, {row['solved']:.0f} of {row['n']:.0f} seeds)"
