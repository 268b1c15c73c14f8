"""Numbers that a paper gives, held against ours: a loss at the naive baseline, a ratio of sequences."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy import stats

from analysis.claims.arms import OfArms, OneArm, budget, of
from analysis.claims.claim import Arm, Outcome
from analysis.claims.weight import LEVEL, Weight, silent


@dataclass(frozen=True)
class AtBaseline(OneArm):
    """The mean test loss over seeds is the naive baseline's, give or take a share of `within` (Student's t; an interval
    of 95 %, so that either limit is tested at half the level)."""

    column: ClassVar[str] = "test_loss"
    within: float = 0.05

    @property
    def says(self) -> str:
        return f"loss within {self.within:.0%} of the baseline's"

    def judge(self, runs: pd.DataFrame) -> Outcome:
        mine = of(runs, self.task, self.cell)
        about = f"{self.cell} on {self.task} after {budget(mine)}"
        losses = mine[self.column].dropna().to_numpy(float)
        if len(losses) < len(mine):
            text = f"{about}: {len(mine) - len(losses)} seeds without a test loss"
            return self.outcome(silent(len(mine)), text)
        mean, baseline = losses.mean(), float(mine["baseline_loss"].iloc[0])
        error = max(stats.sem(losses), 1e-300)
        student = stats.t(len(losses) - 1)
        half = student.ppf(1 - LEVEL / 2) * error
        least, most = (1 - self.within) * baseline, (1 + self.within) * baseline
        above, below = (float(2 * student.sf(d / error)) for d in (mean - least, most - mean))
        outside = min(float(2 * student.sf(d / error)) for d in (least - mean, mean - most))
        weight = Weight(min(1.0, max(above, below)), min(1.0, outside), math.nan, math.nan, len(losses))
        text = (
            f"test loss {mean:.4g} ({mean - half:.4g} to {mean + half:.4g}), baseline {baseline:.4g} "
            f"± {self.within:.0%}"
        )
        return self.outcome(weight, f"{about}: {text}")


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

    @property
    def says(self) -> str:
        return f"{self.ratio:g} times as many sequences, within a factor of {self.within:g}"

    def judge(self, runs: pd.DataFrame) -> Outcome:
        mine = [of(runs, *arm) for arm in self.arms]
        n = min(map(len, mine))
        if not all(m["solved"].all() for m in mine):
            counts = " and ".join(f"{int(m['solved'].sum())} of {len(m)}" for m in mine)
            text = f"{self.cell} solved {counts} seeds, so that the ratio has no estimate"
            return self.outcome(silent(n), text)
        a, b = ((m[self.column] * m["batch"]).to_numpy(float) for m in mine)
        drawn = stats.bootstrap(
            (a, b),
            ratio_of_medians,
            confidence_level=1 - LEVEL,
            method="percentile",
            rng=np.random.default_rng(0),
        )
        low, high = drawn.confidence_interval
        least, most = self.ratio / self.within, self.ratio * self.within
        inside, outside = least <= low and high <= most, high < least or low > most
        # The interval tells whether p is below the level, and no more of it.
        weight = Weight(LEVEL if inside else 1.0, LEVEL if outside else 1.0, math.nan, math.nan, n)
        text = f"{self.cell}: {ratio_of_medians(a, b):.1f} times as many ({low:.1f} to {high:.1f})"
        return self.outcome(weight, text)


def ratio_of_medians(a: np.ndarray, b: np.ndarray, axis: int = -1) -> np.ndarray:
    return np.median(a, axis) / np.median(b, axis)
