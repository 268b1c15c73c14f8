"""One cell against another on a task: which has the higher mean score, which solves it sooner."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy import stats

from analysis.claims.arms import TwoArms, effort, of
from analysis.claims.claim import Outcome
from analysis.claims.statement import KINDS, of_each
from analysis.claims.two_means import Scale, compared
from analysis.claims.weight import ENOUGH, Weight, silent
from analysis.statistics.scores import bounds, scores
from analysis.words import number, signed
from sweeps.evidence import bets


@dataclass(frozen=True)
class Ahead(TwoArms):
    """One cell has the higher mean score than another, by however little. margin: beyond which scores of one cell count
    as two clusters, and the score below which nothing is learnt."""

    expects: ClassVar[str] = "better"
    column: str = "test_score"
    margin: float = 0.05

    @property
    def says(self) -> str:
        return KINDS[self.expects].says

    def judge(self, runs: pd.DataFrame) -> Outcome:
        values = scores(pd.concat([of(runs, *arm) for arm in self.arms]), measure=self.column)
        scale = Scale(margin=self.margin, bounds=bounds(values))
        (found,) = compared(values, [(self.task, self.cell, self.other)], scale)
        text = (
            f"{self.cell} {number(found.mean)}, {self.other} {number(found.mean_reference)} on {self.task} "
            f"({self.column.replace('_', ' ')}, {signed(found.value)})"
        )
        return self.outcome(of_each(KINDS[self.expects], found, floor=self.margin), text)


@dataclass(frozen=True)
class NotAhead(Ahead):
    """One cell is not ahead of another by the margin or more."""

    expects: ClassVar[str] = "not better"


@dataclass(frozen=True)
class Sooner(TwoArms):
    """One cell solves the task after fewer updates than another: Mann and Whitney's test, two-sided, in which seeds
    that never solve it come last, tied with each other; and bets on which seed of a pair is sooner."""

    column: ClassVar[str] = "solved_step"
    says: ClassVar[str] = "solved significantly sooner"

    def judge(self, runs: pd.DataFrame) -> Outcome:
        mine = [of(runs, *arm) for arm in self.arms]
        a, b = (m[self.column].astype(float).fillna(np.inf).to_numpy() for m in mine)
        told = ", ".join(
            f"{c} {int(m['solved'].sum())} of {len(m)} seeds{effort(m)}"
            for c, m in zip((self.cell, self.other), mine, strict=True)
        )
        text = f"{self.task}: {told}"
        if not (np.isfinite(a).any() or np.isfinite(b).any()):
            return self.outcome(silent(min(len(a), len(b))), text)
        return self.outcome(sooner(a, b), text)


def sooner(a: np.ndarray, b: np.ndarray) -> Weight:
    """That updates a are fewer than updates b, infinite where a seed never solves the task."""
    test = stats.mannwhitneyu(a, b)
    earlier = test.statistic < len(a) * len(b) / 2
    n = min(len(a), len(b))
    signs = np.where(a[:n] < b[:n], 1.0, np.where(a[:n] > b[:n], -1.0, 0.0))
    target = ENOUGH + math.log(2)
    return Weight(
        p=float(test.pvalue) if earlier else 1.0,
        against=1.0 if earlier else float(test.pvalue),
        log_e=float(bets.better(signs)[-1]),
        log_against=float(bets.worse(signs)[-1]),
        n=n,
        more=bets.further(signs, 0.0, target),
        more_against=bets.further(-signs, 0.0, target),
    )
