"""Published facts held against a study's own runs: what was published, what is measured, whether it holds.

    Fact(statement="The LSTM solves adding.", source=..., published=..., checks=(Solves("adding", "lstm"),))

A claim (`analysis.claims`) compares scores of two cells. A fact is about anything that a trial records: how many
seeds solved the task, after how many sequences, at which loss it stays, what it does on longer sequences. Each
check is a test at level 0.05 on the confirm stage's seeds and comes out as holds, fails or undecided; a fact
holds when all its checks do, and fails when one does. There is no correction over facts: each is asked for itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from analysis.claims import ABSENT, FAILS, HOLDS, OPEN, UNTESTED
from analysis.load import Results
from analysis.words import number, signed

LEVEL = 0.05
TOLERANCE = 0.01  # a task counts as solved below this share of wrong items


class Outcome(NamedTuple):
    """status: holds, fails or undecided. measured: the numbers, for people."""

    status: str
    measured: str


class Check(Protocol):
    """arms: the (task, cell) pairs that it needs."""

    @property
    def arms(self) -> tuple[tuple[str, str], ...]: ...
    def __call__(self, runs: pd.DataFrame) -> Outcome: ...


@dataclass(frozen=True, kw_only=True)
class Fact:
    """statement, source, published (with its numbers), conditions (in what our runs differ): for people.

    reason: why it comes out otherwise here, as far as it is known; shown unless the fact holds.
    """

    statement: str
    source: str
    published: str
    checks: tuple[Check, ...]
    conditions: str = ""
    reason: str = ""


def of(runs: pd.DataFrame, task: str, cell: str) -> pd.DataFrame:
    return runs[(runs["task"] == task) & (runs["cell"] == cell)]


def majority(successes: int, n: int) -> str:
    """Holds when Wilson's 95 % interval of the share lies above one half, fails when it lies below."""
    low, high = proportion_confint(successes, n, alpha=LEVEL, method="wilson")
    return HOLDS if low > 0.5 else FAILS if high < 0.5 else OPEN


def contrary(status: str) -> str:
    return {HOLDS: FAILS, FAILS: HOLDS}.get(status, status)


def effort(mine: pd.DataFrame) -> str:
    """Median number of sequences until solved, of the seeds that solved the task."""
    seen = (mine["solved_step"] * mine["batch"])[mine["solved"]]
    return f", after {seen.median():,.0f} sequences (median; at most {seen.max():,.0f})" if len(seen) else ""


@dataclass(frozen=True)
class Solves:
    """Most seeds of a cell solve the task; with `never` most do not."""

    task: str
    cell: str
    never: bool = False

    @property
    def arms(self) -> tuple[tuple[str, str], ...]:
        return ((self.task, self.cell),)

    def __call__(self, runs: pd.DataFrame) -> Outcome:
        mine = of(runs, self.task, self.cell)
        solved = int(mine["solved"].sum())
        status = majority(solved, len(mine))
        budget = "" if solved == len(mine) else f" (given {int(mine['sequences'].max()):,})"
        text = f"{self.cell} on {self.task}: {solved} of {len(mine)} seeds{effort(mine)}{budget}"
        return Outcome(contrary(status) if self.never else status, text)


@dataclass(frozen=True)
class Generalises:
    """Most seeds are right on more than 99 % of test sequences `factor` times longer than trained on."""

    task: str
    cell: str
    factor: int
    never: bool = False

    @property
    def arms(self) -> tuple[tuple[str, str], ...]:
        return ((self.task, self.cell),)

    def __call__(self, runs: pd.DataFrame) -> Outcome:
        mine = of(runs, self.task, self.cell)
        wrong = mine[f"test_error_x{self.factor}"].fillna(1.0)
        good = int((wrong < TOLERANCE).sum())
        status = majority(good, len(mine))
        text = (
            f"{self.cell} on {self.task}, {self.factor} times longer: {good} of {len(mine)} seeds "
            f"(median {wrong.median():.1%} wrong)"
        )
        return Outcome(contrary(status) if self.never else status, text)


@dataclass(frozen=True)
class Within:
    """The mean of a column over seeds lies between `low` and `high` (95 % t interval)."""

    task: str
    cell: str
    column: str
    low: float
    high: float

    @property
    def arms(self) -> tuple[tuple[str, str], ...]:
        return ((self.task, self.cell),)

    def __call__(self, runs: pd.DataFrame) -> Outcome:
        values = of(runs, self.task, self.cell)[self.column].dropna().to_numpy(float)
        if len(values) < 2:
            return Outcome(OPEN, f"{self.cell} on {self.task}: too few seeds")
        half = stats.t.ppf(1 - LEVEL / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
        low, high = values.mean() - half, values.mean() + half
        inside, outside = self.low <= low and high <= self.high, high < self.low or low > self.high
        status = HOLDS if inside else FAILS if outside else OPEN
        text = (
            f"{self.cell} on {self.task}: {words(self.column)} {values.mean():.4g} ({low:.4g} to {high:.4g})"
        )
        return Outcome(status, text)


@dataclass(frozen=True)
class Ahead:
    """One cell has the higher mean of a column than another (Welch's t-test); a diverged seed scores 0."""

    task: str
    cell: str
    other: str
    column: str = "test_score"

    @property
    def arms(self) -> tuple[tuple[str, str], ...]:
        return ((self.task, self.cell), (self.task, self.other))

    def values(self, runs: pd.DataFrame) -> list[np.ndarray]:
        """The two cells' seeds; below 0, and diverged, is 0."""
        columns = [of(runs, self.task, cell)[self.column] for cell in (self.cell, self.other)]
        return [column.fillna(0.0).clip(lower=0.0).to_numpy(float) for column in columns]

    def __call__(self, runs: pd.DataFrame) -> Outcome:
        a, b = self.values(runs)
        if max(a.std(), b.std()) == 0:
            status = OPEN
        else:
            p = stats.ttest_ind(a, b, equal_var=False).pvalue
            status = OPEN if p > LEVEL else HOLDS if a.mean() > b.mean() else FAILS
        text = (
            f"{self.cell} {number(a.mean())}, {self.other} {number(b.mean())} on {self.task} "
            f"({words(self.column)}, {signed(a.mean() - b.mean())})"
        )
        return Outcome(status, text)


@dataclass(frozen=True)
class NotAhead:
    """One cell is not ahead of another: fails where Welch's test finds it ahead, holds where the 95 % interval of
    the difference stays below `margin`, and is undecided in between."""

    task: str
    cell: str
    other: str
    column: str = "test_score"
    margin: float = 0.05

    @property
    def arms(self) -> tuple[tuple[str, str], ...]:
        return ((self.task, self.cell), (self.task, self.other))

    def __call__(self, runs: pd.DataFrame) -> Outcome:
        ahead = Ahead(self.task, self.cell, self.other, self.column)
        a, b = ahead.values(runs)
        if max(a.std(), b.std()) > 0:
            high = stats.ttest_ind(a, b, equal_var=False).confidence_interval(1 - LEVEL).high
        else:
            high = a.mean() - b.mean()
        outcome = ahead(runs)
        return outcome._replace(
            status=FAILS if outcome.status == HOLDS else HOLDS if high < self.margin else OPEN
        )


@dataclass(frozen=True)
class Sooner:
    """One cell solves the task after fewer updates than another: Mann and Whitney's test, two-sided, in which
    seeds that never solve it come last, tied with each other."""

    task: str
    cell: str
    other: str

    @property
    def arms(self) -> tuple[tuple[str, str], ...]:
        return ((self.task, self.cell), (self.task, self.other))

    def __call__(self, runs: pd.DataFrame) -> Outcome:
        mine = [of(runs, self.task, c) for c in (self.cell, self.other)]
        a, b = (m["solved_step"].astype(float).fillna(np.inf).to_numpy() for m in mine)
        last = 1 + np.nanmax([*a[np.isfinite(a)], *b[np.isfinite(b)], 0])
        a, b = (np.where(np.isfinite(x), x, last) for x in (a, b))
        test = stats.mannwhitneyu(a, b)
        earlier = test.statistic < len(a) * len(b) / 2
        status = OPEN if not test.pvalue <= LEVEL else HOLDS if earlier else FAILS
        told = ", ".join(
            f"{c} {int(m['solved'].sum())} of {len(m)} seeds{effort(m)}"
            for c, m in zip((self.cell, self.other), mine, strict=True)
        )
        return Outcome(status, f"{self.task}: {told}")


@dataclass(frozen=True)
class TimesAsLong:
    """A cell needs about `ratio` times as many sequences for one task as for another: the 95 % bootstrap interval
    of the ratio of medians lies within a factor of `within` of it. Every seed must have solved both."""

    task: str
    other: str
    cell: str
    ratio: float
    within: float = 3.0

    @property
    def arms(self) -> tuple[tuple[str, str], ...]:
        return ((self.task, self.cell), (self.other, self.cell))

    def __call__(self, runs: pd.DataFrame) -> Outcome:
        mine = [of(runs, task, self.cell) for task in (self.task, self.other)]
        if not all(m["solved"].all() for m in mine):
            counts = " and ".join(f"{int(m['solved'].sum())} of {len(m)}" for m in mine)
            return Outcome(OPEN, f"{self.cell} solved {counts} seeds, so that the ratio has no estimate")
        a, b = ((m["solved_step"] * m["batch"]).to_numpy(float) for m in mine)
        generator = np.random.default_rng(0)
        ratios = [
            np.median(generator.choice(a, len(a))) / np.median(generator.choice(b, len(b)))
            for _ in range(4000)
        ]
        low, high = np.quantile(ratios, [LEVEL / 2, 1 - LEVEL / 2])
        least, most = self.ratio / self.within, self.ratio * self.within
        status = HOLDS if least <= low and high <= most else FAILS if high < least or low > most else OPEN
        text = f"{self.cell}: {np.median(a) / np.median(b):.1f} times as many ({low:.1f} to {high:.1f})"
        return Outcome(status, text)


def words(column: str) -> str:
    return column.replace("_", " ")


def evaluate(results: Results, facts: Iterable[Fact]) -> pd.DataFrame:
    """One row a fact: statement, source, published, conditions, measured, status, reason.

    A fact that lacks seeds of one of its arms is not tested.
    """
    runs = results.stage("confirm")
    rows = []
    for fact in facts:
        arms = {arm for check in fact.checks for arm in check.arms}
        if any(len(of(runs, *arm)) < 2 for arm in arms):
            outcomes = [Outcome(UNTESTED, ABSENT)]
        else:
            outcomes = [check(runs) for check in fact.checks]
        found = [o.status for o in outcomes]
        status = next((s for s in (UNTESTED, FAILS, OPEN) if s in found), HOLDS)
        rows.append(
            {
                "statement": fact.statement,
                "source": fact.source,
                "published": fact.published,
                "conditions": fact.conditions,
                "measured": "; ".join(o.measured for o in outcomes),
                "status": status,
                "reason": "" if status in (HOLDS, UNTESTED) else fact.reason,
            }
        )
    columns = ["statement", "source", "published", "conditions", "measured", "status", "reason"]
    return pd.DataFrame(rows, columns=columns)
