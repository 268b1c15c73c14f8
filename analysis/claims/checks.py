"""What can be asked of the confirm stage's runs of one or two arms: how many seeds solved the task, after how many
sequences, at which loss it stays, what it does on longer sequences. Each check is a test at level 0.05.

No seed is left out: one that diverged or failed has not solved its task, scores 0, and leaves a mean undecided.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from analysis.claims.claim import Arm
from analysis.claims.outcome import FAILS, HOLDS, OPEN, Outcome
from analysis.statistics.pairs.compare import compare
from analysis.statistics.scores import bounds, scores
from analysis.study.tables import Analysed
from analysis.words import listing, number, signed
from sweeps.store import schema

LEVEL = 0.05


def of(runs: pd.DataFrame, task: str, cell: str) -> pd.DataFrame:
    return runs[(runs["task"] == task) & (runs["cell"] == cell)]


def majority(successes: int, n: int) -> str:
    """Holds when Wilson's 95 % interval of the share lies above one half, fails when it lies below."""
    low, high = proportion_confint(successes, n, alpha=LEVEL, method="wilson")
    return HOLDS if low > 0.5 else FAILS if high < 0.5 else OPEN


def inside(low: float, high: float, least: float, most: float) -> str:
    """Holds when the interval from `low` to `high` lies within `least` and `most`, fails when it lies outside."""
    return HOLDS if least <= low and high <= most else FAILS if high < least or low > most else OPEN


def contrary(status: str) -> str:
    return {HOLDS: FAILS, FAILS: HOLDS}.get(status, status)


def budget(mine: pd.DataFrame) -> str:
    """How many sequences a seed may see."""
    return f"{int((mine['steps'] * mine['batch']).max()):,} sequences"


def effort(mine: pd.DataFrame) -> str:
    """Median number of sequences until solved, seeds that did not solve the task counted as later than all others."""
    if not mine["solved"].any():
        return f" within {budget(mine)}"
    needed = (mine["solved_step"] * mine["batch"]).astype(float).where(mine["solved"], np.inf)
    median = float(needed.median())
    return f" within {budget(mine)}, median {f'{median:,.0f}' if np.isfinite(median) else 'beyond'}"


class OfArms(ABC):
    """A check of the runs of the arms that it names. column: what it needs beside the columns that every study has."""

    @property
    @abstractmethod
    def column(self) -> str: ...

    @property
    @abstractmethod
    def arms(self) -> tuple[Arm, ...]: ...

    @abstractmethod
    def judge(self, runs: pd.DataFrame) -> Outcome:
        """What the confirm stage's runs say; there are two seeds of every arm, and the column."""

    @property
    def needs(self) -> str:
        return listing(f"{cell} on {task}" for task, cell in self.arms)

    def __call__(self, study: Analysed) -> list[Outcome]:
        runs = study.results.stage("confirm")
        possible = self.column in runs and all(len(of(runs, *arm)) > 1 for arm in self.arms)
        return [self.judge(runs)] if possible else []

    def outcome(self, status: str, evidence: str) -> Outcome:
        return Outcome(listing(dict.fromkeys(task for task, _ in self.arms)), status, evidence)


@dataclass(frozen=True)
class OneArm(OfArms):
    """What checks of one cell on one task have in common."""

    task: str
    cell: str

    @property
    def arms(self) -> tuple[Arm, ...]:
        return ((self.task, self.cell),)


@dataclass(frozen=True)
class TwoArms(OfArms):
    """What checks of one cell against another on one task have in common."""

    task: str
    cell: str
    other: str

    @property
    def arms(self) -> tuple[Arm, ...]:
        return ((self.task, self.cell), (self.task, self.other))


@dataclass(frozen=True)
class Solves(OneArm):
    """Most seeds of a cell solve the task; with `never` most do not."""

    column: ClassVar[str] = "solved"
    never: bool = False

    def judge(self, runs: pd.DataFrame) -> Outcome:
        mine = of(runs, self.task, self.cell)
        solved = int(mine["solved"].sum())
        status = majority(solved, len(mine))
        text = f"{self.cell} on {self.task}: {solved} of {len(mine)} seeds{effort(mine)}"
        return self.outcome(contrary(status) if self.never else status, text)


@dataclass(frozen=True)
class Can(OneArm):
    """The task can be solved by a cell: one seed is enough to show it. With `never` it can not: one seed refutes it,
    and none of many (so many that most seeds do not) is what can be shown of it."""

    column: ClassVar[str] = "solved"
    never: bool = False

    def judge(self, runs: pd.DataFrame) -> Outcome:
        outcome = Solves(self.task, self.cell).judge(runs)
        if of(runs, self.task, self.cell)["solved"].any():
            return outcome._replace(status=FAILS if self.never else HOLDS)
        return outcome._replace(status=contrary(outcome.status) if self.never else OPEN)


@dataclass(frozen=True)
class Generalises(OneArm):
    """Most seeds are right on test sequences `factor` times longer than trained on, all but the share of them that a
    solved task may have wrong, too (`tolerance`)."""

    factor: int
    never: bool = False

    @property
    def column(self) -> str:
        return schema.longer_column("error", self.factor)

    def judge(self, runs: pd.DataFrame) -> Outcome:
        mine = of(runs, self.task, self.cell)
        wrong = mine[self.column].astype(float).fillna(1.0)
        good = int((wrong < mine["tolerance"]).sum())
        status = majority(good, len(mine))
        text = (
            f"{self.cell} on {self.task}, {self.factor} times longer: {good} of {len(mine)} seeds "
            f"(median {wrong.median():.1%} wrong)"
        )
        return self.outcome(contrary(status) if self.never else status, text)


@dataclass(frozen=True)
class AtBaseline(OneArm):
    """The mean test loss over seeds is the naive baseline's, give or take a share of `within` (95 % t interval)."""

    column: ClassVar[str] = "test_loss"
    within: float = 0.05

    def judge(self, runs: pd.DataFrame) -> Outcome:
        mine = of(runs, self.task, self.cell)
        about = f"{self.cell} on {self.task} after {budget(mine)}"
        losses = mine[self.column].dropna().to_numpy(float)
        if len(losses) < len(mine):
            return self.outcome(OPEN, f"{about}: {len(mine) - len(losses)} seeds without a test loss")
        mean, baseline = losses.mean(), float(mine["baseline_loss"].iloc[0])
        half = stats.t.ppf(1 - LEVEL / 2, len(losses) - 1) * stats.sem(losses)
        low, high = mean - half, mean + half
        status = inside(low, high, (1 - self.within) * baseline, (1 + self.within) * baseline)
        text = f"test loss {mean:.4g} ({low:.4g} to {high:.4g}), baseline {baseline:.4g} ± {self.within:.0%}"
        return self.outcome(status, f"{about}: {text}")


@dataclass(frozen=True)
class Ahead(TwoArms):
    """One cell has the higher mean score than another, by the test behind verdicts (`pairs.compare`)."""

    column: str = "test_score"
    margin: float = 0.05  # beyond which scores of one cell count as two clusters

    def compared(self, runs: pd.DataFrame) -> pd.Series:
        """`pairs.compare` for the pair: value, low and high at 95 %, p_difference, mean_a, mean_b and so on."""
        values = scores(pd.concat([of(runs, *arm) for arm in self.arms]), measure=self.column)
        pair = pd.DataFrame([(self.task, self.cell, self.other)], columns=["task", "a", "b"])
        return compare(values, pair, margin=self.margin, alpha=LEVEL / 2, bounds=bounds(values)).iloc[0]

    def judge(self, runs: pd.DataFrame) -> Outcome:
        row = self.compared(runs)
        status = OPEN if not row["p_difference"] <= LEVEL else HOLDS if row["value"] > 0 else FAILS
        text = (
            f"{self.cell} {number(row['mean_a'])}, {self.other} {number(row['mean_b'])} on {self.task} "
            f"({self.column.replace('_', ' ')}, {signed(row['value'])})"
        )
        return self.outcome(status, text)


@dataclass(frozen=True)
class NotAhead(TwoArms):
    """One cell is not ahead of another: fails where the test of `Ahead` finds it ahead, holds where the 95 %
    interval of the difference stays below `margin`, and is undecided in between, or where neither has learnt
    anything."""

    column: str = "test_score"
    margin: float = 0.05

    def judge(self, runs: pd.DataFrame) -> Outcome:
        ahead = Ahead(self.task, self.cell, self.other, self.column, self.margin)
        row, outcome = ahead.compared(runs), ahead.judge(runs)
        if outcome.status == HOLDS:
            return outcome._replace(status=FAILS)
        learnt = max(row["mean_a"], row["mean_b"]) > self.margin
        return outcome._replace(status=HOLDS if learnt and row["high"] < self.margin else OPEN)


@dataclass(frozen=True)
class Sooner(TwoArms):
    """One cell solves the task after fewer updates than another: Mann and Whitney's test, two-sided, in which
    seeds that never solve it come last, tied with each other."""

    column: ClassVar[str] = "solved_step"

    def judge(self, runs: pd.DataFrame) -> Outcome:
        mine = [of(runs, *arm) for arm in self.arms]
        a, b = (m[self.column].astype(float).fillna(np.inf).to_numpy() for m in mine)
        test = stats.mannwhitneyu(a, b)
        earlier = test.statistic < len(a) * len(b) / 2
        status = OPEN if not test.pvalue <= LEVEL else HOLDS if earlier else FAILS
        told = ", ".join(
            f"{c} {int(m['solved'].sum())} of {len(m)} seeds{effort(m)}"
            for c, m in zip((self.cell, self.other), mine, strict=True)
        )
        return self.outcome(status, f"{self.task}: {told}")


@dataclass(frozen=True)
class TimesAsLong(OfArms):
    """A cell needs about `ratio` times as many sequences for one task as for another: the 95 % bootstrap interval
    of the ratio of medians lies within a factor of `within` of it. Undecided unless every seed has solved both."""

    task: str
    other: str
    cell: str
    ratio: float
    within: float = 3.0
    column: ClassVar[str] = "solved_step"

    @property
    def arms(self) -> tuple[Arm, ...]:
        return ((self.task, self.cell), (self.other, self.cell))

    def judge(self, runs: pd.DataFrame) -> Outcome:
        mine = [of(runs, *arm) for arm in self.arms]
        if not all(m["solved"].all() for m in mine):
            counts = " and ".join(f"{int(m['solved'].sum())} of {len(m)}" for m in mine)
            return self.outcome(OPEN, f"{self.cell} solved {counts} seeds, so that the ratio has no estimate")
        a, b = ((m[self.column] * m["batch"]).to_numpy(float) for m in mine)
        drawn = stats.bootstrap(
            (a, b),
            ratio_of_medians,
            confidence_level=1 - LEVEL,
            method="percentile",
            rng=np.random.default_rng(0),
        )
        low, high = drawn.confidence_interval
        status = inside(low, high, self.ratio / self.within, self.ratio * self.within)
        text = f"{self.cell}: {ratio_of_medians(a, b):.1f} times as many ({low:.1f} to {high:.1f})"
        return self.outcome(status, text)


def ratio_of_medians(a: np.ndarray, b: np.ndarray, axis: int = -1) -> np.ndarray:
    return np.median(a, axis) / np.median(b, axis)
