"""Published facts held against a study's own runs: what was published, what is measured, whether it holds.

    Fact(statement="The LSTM solves adding.", source=..., published=..., checks=(Solves("adding", "lstm"),))

A claim (`analysis.claims`) compares scores of two cells. A fact is about anything that a trial records: how many
seeds solved the task, after how many sequences, at which loss it stays, what it does on longer sequences. Each
check is a test at level 0.05 on the confirm stage's seeds and comes out as holds, fails or undecided; a fact
holds when all its checks do, and fails when one does. There is no correction over facts: each is asked for itself.
No seed is left out: one that diverged or failed has not solved its task, scores 0, and leaves a mean undecided.
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
from analysis.statistics.groups import groups
from analysis.statistics.welch import welch
from analysis.words import number, signed
from sweeps import schema

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

    beside: measured and told, too, but without a say in the outcome. reason: why it comes out otherwise here, as
    far as it is known; shown unless the fact holds.
    """

    statement: str
    source: str
    published: str
    checks: tuple[Check, ...]
    beside: tuple[Check, ...] = ()
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
    """Median number of sequences until solved, seeds that did not solve the task counted as later than all others."""
    budget = int((mine["steps"] * mine["batch"]).max())
    if not mine["solved"].any():
        return f" within {budget:,} sequences"
    needed = (mine["solved_step"] * mine["batch"]).astype(float).where(mine["solved"], np.inf)
    median = float(needed.median())
    return f" within {budget:,} sequences, median {f'{median:,.0f}' if np.isfinite(median) else 'beyond'}"


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
        text = f"{self.cell} on {self.task}: {solved} of {len(mine)} seeds{effort(mine)}"
        return Outcome(contrary(status) if self.never else status, text)


@dataclass(frozen=True)
class Generalises:
    """Most seeds are right on more than 99 % of test sequences `factor` times longer than trained on."""

    task: str
    cell: str
    factor: int
    never: bool = False

    @property
    def column(self) -> str:
        return schema.longer_column("error", self.factor)

    @property
    def arms(self) -> tuple[tuple[str, str], ...]:
        return ((self.task, self.cell),)

    def __call__(self, runs: pd.DataFrame) -> Outcome:
        mine = of(runs, self.task, self.cell)
        wrong = mine[self.column].astype(float).fillna(1.0)
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
        column = of(runs, self.task, self.cell)[self.column]
        values = column.dropna().to_numpy(float)
        if len(values) < len(column) or len(values) < 2:
            return Outcome(
                OPEN, f"{self.cell} on {self.task}: {len(column) - len(values)} seeds without a number"
            )
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
    """One cell has the higher mean of a column than another (Welch's t-test); a diverged seed scores 0, and so does
    one below 0. As for verdicts, no variance is taken smaller than the resolution of the test sample, squared."""

    task: str
    cell: str
    other: str
    column: str = "test_score"

    @property
    def arms(self) -> tuple[tuple[str, str], ...]:
        return ((self.task, self.cell), (self.task, self.other))

    def compared(self, runs: pd.DataFrame) -> pd.Series:
        """`statistics.welch` for the pair: value, low and high at 95 %, p_difference, mean_a, mean_b and so on."""
        mine = pd.concat([of(runs, self.task, cell) for cell in (self.cell, self.other)])
        scored = mine[["task", "cell", "status", "solved"]].assign(
            score=mine[self.column].astype(float).fillna(0.0).clip(lower=0.0),
            resolution=1 / mine["test_sequences"].astype(float),
        )
        pair = pd.DataFrame([(self.task, self.cell, self.other)], columns=["task", "a", "b"])
        return welch(groups(scored), pair, margin=1.0, alpha=LEVEL / 2).iloc[0]

    def __call__(self, runs: pd.DataFrame) -> Outcome:
        row = self.compared(runs)
        status = OPEN if not row["p_difference"] <= LEVEL else HOLDS if row["value"] > 0 else FAILS
        text = (
            f"{self.cell} {number(row['mean_a'])}, {self.other} {number(row['mean_b'])} on {self.task} "
            f"({words(self.column)}, {signed(row['value'])})"
        )
        return Outcome(status, text)


@dataclass(frozen=True)
class NotAhead:
    """One cell is not ahead of another: fails where Welch's test finds it ahead, holds where the 95 % interval of
    the difference stays below `margin`, and is undecided in between, or where neither has learnt anything."""

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
        row, outcome = ahead.compared(runs), ahead(runs)
        if outcome.status == HOLDS:
            return outcome._replace(status=FAILS)
        learnt = max(row["mean_a"], row["mean_b"]) > self.margin
        return outcome._replace(status=HOLDS if learnt and row["high"] < self.margin else OPEN)


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
    of the ratio of medians lies within a factor of `within` of it. Undecided unless every seed has solved both."""

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
        checks = (*fact.checks, *fact.beside)
        arms = {arm for check in checks for arm in check.arms}
        needed = {str(getattr(check, "column", "status")) for check in checks}
        if any(len(of(runs, *arm)) < 2 for arm in arms) or not needed <= set(runs.columns):
            outcomes = [Outcome(UNTESTED, ABSENT)]
        else:
            outcomes = [check(runs) for check in checks]
        found = [o.status for o in outcomes[: len(fact.checks)]]
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
