"""Claims about what explains the scores of a search, tested by functional ANOVA (`analysis.study.shares`).

A share of the variance is known within an interval, and a claim about it holds where the whole interval allows it,
fails where none of it does. Where the search is not complete, where the model that was taken apart does not predict
unseen settings (`meaningful`), and where only PED-ANOVA was made, whose shares are no shares of a variance, it is
undecided.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import pandas as pd

from analysis.claims.claim import Arm
from analysis.claims.outcome import FAILS, HOLDS, OPEN, Outcome
from analysis.statistics.search.importance import MAIN, REST
from analysis.study.tables import Analysed
from analysis.words import percent, percent_between


class Known(NamedTuple):
    """A share of one task's variance with its interval."""

    name: str
    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.name} {percent_between(self.value, self.low, self.high)}"


@dataclass(frozen=True, kw_only=True)
class Share:
    """The main effect of `factor` (its readable name) is above or below such a share of the variance."""

    factor: str
    above: float = 0.0
    below: float = 1.0

    arms: ClassVar[tuple[Arm, ...]] = ()

    @property
    def needs(self) -> str:
        return f"a search over the {self.factor} of 10 settings and 30 trials a task"

    def __call__(self, study: Analysed) -> list[Outcome]:
        return by_task(study, [self.factor], lambda found: self.status(found[self.factor]))

    def status(self, share: Known) -> str:
        return within(share, self.above, self.below)


@dataclass(frozen=True, kw_only=True)
class Interactions:
    """All interactions of factors together, of whatever order, explain less than `below` of the variance."""

    below: float

    arms: ClassVar[tuple[Arm, ...]] = ()

    @property
    def needs(self) -> str:
        return "a search over several settings, of 10 settings and 30 trials a task"

    def __call__(self, study: Analysed) -> list[Outcome]:
        return by_task(study, [REST], lambda found: within(found[REST], 0.0, self.below))


@dataclass(frozen=True, kw_only=True)
class Less:
    """The main effect of `factor` is smaller than that of `other`: their intervals do not overlap."""

    factor: str
    other: str

    arms: ClassVar[tuple[Arm, ...]] = ()

    @property
    def needs(self) -> str:
        return f"several cells and a search over the {self.other} of 10 settings and 30 trials a task"

    def __call__(self, study: Analysed) -> list[Outcome]:
        return by_task(study, [self.factor, self.other], self.status)

    def status(self, found: dict[str, Known]) -> str:
        small, large = found[self.factor], found[self.other]
        return HOLDS if small.high < large.low else FAILS if large.high < small.low else OPEN


def within(share: Known, above: float, below: float) -> str:
    if above <= share.low and share.high <= below:
        return HOLDS
    return FAILS if share.high < above or share.low > below else OPEN


def by_task(study: Analysed, names: list[str], status) -> list[Outcome]:
    """One outcome a task that has a share of each name. status: of the shares by name, where the model is good."""
    found, unfinished = [], study.results.missing("search")
    for task, rows in study.shares.groupby("task", sort=False):
        known = shares(rows)
        if set(names) <= set(known):
            some = {name: known[name] for name in names}
            reason = doubt(rows.iloc[0])
            if unfinished:
                reason.append(f"the search is not complete: {unfinished} of its trials are missing")
            said = OPEN if reason else status(some)
            found.append(Outcome(str(task), said, "; ".join([", ".join(map(str, some.values())), *reason])))
    return found


def shares(rows: pd.DataFrame) -> dict[str, Known]:
    """Of one task: main effects by factor, and all interactions together."""
    kept = rows[rows["kind"].isin([MAIN, REST]) & rows["value"].notna()]
    names = [str(row.kind if row.kind == REST else row.factor) for row in kept.itertuples()]
    values = zip(names, kept["value"], kept["low"], kept["high"], strict=True)
    return {name: Known(name, float(value), float(low), float(high)) for name, value, low, high in values}


def doubt(row) -> list[str]:
    """Why the shares of a task decide nothing; empty where they do."""
    if pd.isna(row.explained):
        return [str(row.method).split(";")[0]]
    if not row.meaningful:
        return [f"weak: the model predicts {percent(row.explained)} of the variance of unseen settings"]
    return []
