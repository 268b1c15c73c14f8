"""How many seeds of a cell solve a task, at once or on longer sequences: most of them, or some."""

import functools
import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy import stats

from analysis.claims.arms import OneArm, effort, of
from analysis.claims.claim import Outcome
from analysis.claims.weight import ENOUGH, Weight, silent
from analysis.words import count
from sweeps.evidence import bets
from sweeps.store import schema


def majority(good: pd.Series) -> Weight:
    """That most seeds are good: the score test of a share of one half, two-sided, which agrees with Wilson's interval;
    and bets on one seed after the other."""
    n = len(good)
    z = (2 * int(good.sum()) - n) / math.sqrt(n)
    p = float(2 * stats.norm.sf(abs(z)))
    signs = np.where(good.to_numpy(bool), 1.0, -1.0)
    target = ENOUGH + math.log(2)
    return Weight(
        p=p if z > 0 else 1.0,
        against=p if z < 0 else 1.0,
        log_e=float(bets.better(signs)[-1]),
        log_against=float(bets.worse(signs)[-1]),
        n=n,
        more=bets.further(signs, 0.0, target),
        more_against=bets.further(-signs, 0.0, target),
    )


def right(mine: pd.DataFrame, factor: int = 1) -> pd.Series:
    """Which seeds have solved the task, or are right on test sequences so many times longer than trained on."""
    if factor == 1:
        return mine["solved"]
    wrong = mine[schema.longer_column("error", factor)].astype(float).fillna(1.0)
    return wrong < mine["tolerance"]


@dataclass(frozen=True)
class Solves(OneArm):
    """Most seeds of a cell solve the task; with `never` most do not."""

    column: ClassVar[str] = "solved"
    never: bool = False

    @property
    def says(self) -> str:
        return "most seeds do not solve it" if self.never else "most seeds solve it"

    def judge(self, runs: pd.DataFrame) -> Outcome:
        mine = of(runs, self.task, self.cell)
        weight = majority(mine["solved"])
        text = f"{self.cell} on {self.task}: {int(mine['solved'].sum())} of {len(mine)} seeds{effort(mine)}"
        return self.outcome(weight.contrary if self.never else weight, text)


@dataclass(frozen=True)
class Generalises(OneArm):
    """Most seeds are right on test sequences `factor` times longer than trained on, all but the share of them that a
    solved task may have wrong, too (`tolerance`)."""

    factor: int
    never: bool = False

    @property
    def column(self) -> str:
        return schema.longer_column("error", self.factor)

    @property
    def says(self) -> str:
        return f"most seeds {'fail' if self.never else 'are right'} on sequences {self.factor} times longer"

    def judge(self, runs: pd.DataFrame) -> Outcome:
        mine = of(runs, self.task, self.cell)
        wrong = mine[self.column].astype(float).fillna(1.0)
        good = right(mine, self.factor)
        weight = majority(good)
        text = (
            f"{self.cell} on {self.task}, {self.factor} times longer: {int(good.sum())} of {count(len(mine), 'seed')} "
            f"(median {wrong.median():.1%} wrong)"
        )
        return self.outcome(weight.contrary if self.never else weight, text)


@dataclass(frozen=True)
class Can(OneArm):
    """The task can be solved by a cell: one seed is enough to show it. With `never` it can not: one seed refutes it,
    and none of many (so many that most seeds do not) is what can be shown of it. factor: of sequences so many times
    longer than trained on."""

    factor: int = 1
    never: bool = False

    @property
    def column(self) -> str:
        return "solved" if self.factor == 1 else schema.longer_column("error", self.factor)

    @property
    def says(self) -> str:
        where = "" if self.factor == 1 else f" on sequences {self.factor} times longer"
        return f"{'no seed' if self.never else 'a seed'} can solve it{where}"

    def judge(self, runs: pd.DataFrame) -> Outcome:
        mine = of(runs, self.task, self.cell)
        good = right(mine, self.factor)
        most = Solves if self.factor == 1 else functools.partial(Generalises, factor=self.factor)
        never = majority(good).contrary._replace(against=1.0, log_against=-math.inf)
        if good.any():
            never = silent(len(mine))._replace(against=0.0, log_against=math.inf)
        sure = never.contrary if good.any() else silent(len(mine))._replace(more=math.nan)
        outcome = most(self.task, self.cell).judge(runs)
        return outcome._replace(weight=never if self.never else sure)
