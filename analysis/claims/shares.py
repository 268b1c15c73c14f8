"""Claims about what explains the scores of a search, tested by functional ANOVA (`analysis.study.shares.of_cells`).

Of Greff et al.'s nine cells alone, since the share of the choice of cell, and with it all others, is another one when
cells are added that fail; and of each for itself where their analysis is asked for, which was made variant by variant.
A share is known by half-samples of the settings, on the scale arcsin √share; a claim about it is tested there by
Student's t, two-sided. Where the search is not complete, where the model that was taken apart does not predict unseen
settings (`meaningful`), and where learning rates were searched over a narrower range than the source's, it is
undecided. There are no e-values, and no number of seeds would help: these claims are asked of the search.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy import stats

from analysis.claims.claim import Arm, Outcome
from analysis.claims.weight import Weight, figures, silent, together
from analysis.statistics.search.importance import MAIN, REST, angle
from analysis.study.tables import Analysed
from analysis.words import listing, percent, percent_between

NINE = ("peephole", "lstm", "cifg", "nig", "nfg", "nog", "niaf", "noaf", "fgr")  # V and its eight variants
# Of learning rates: theirs were log-uniform from 1e-6 to 1e-2. As many draws rarely reach the ends of a range.
THEIRS, WIDE = 4, 3.5


@dataclass(frozen=True, kw_only=True)
class Explaining:
    """What these checks have in common. cells: that the search is taken apart for. wide: whether the claim needs
    learning rates as wide as the source's."""

    cells: tuple[str, ...] = NINE
    wide: bool = True

    arms: ClassVar[tuple[Arm, ...]] = ()
    least: ClassVar[int] = 0

    @property
    def searches(self) -> tuple[str, ...]:
        return self.cells

    def outcomes(
        self, study: Analysed, rows: pd.DataFrame, judge: Callable[[pd.DataFrame], Outcome | None]
    ) -> list[Outcome]:
        """One a task. judge: what the rows of one task say, nothing where they lack a factor."""
        found = []
        unfinished = study.results.missing("search")
        for _, mine in rows.groupby("task", sort=False):
            outcome = judge(mine)
            if outcome is None:
                continue
            reasons = self.doubts(mine, unfinished)
            weight = silent(outcome.weight.n) if reasons else outcome.weight
            numbers = "" if reasons else figures(weight)
            text = [outcome.evidence, numbers, at_rung(mine), *reasons]
            found.append(outcome._replace(weight=weight, evidence="; ".join(filter(None, text))))
        return found

    def doubts(self, rows: pd.DataFrame, unfinished: int) -> list[str]:
        """Why the shares of a task decide nothing; empty where they do."""
        reasons = []
        if unfinished:
            reasons.append(f"the search is not complete: {unfinished} of its trials are missing")
        if self.wide and rows["decades"].min() < WIDE:
            reasons.append(
                f"learning rates were searched over a factor of "
                f"{10 ** rows['decades'].min():,.0f}, theirs over one of {10**THEIRS:,}"
            )
        return reasons

    @property
    def needs(self) -> str:
        return f"a random search of 10 settings and 30 trials or more of each of {', '.join(self.cells)}"


@dataclass(frozen=True, kw_only=True)
class Share(Explaining):
    """The main effect of `factor` (its readable name; REST: all interactions of whatever order together) is above or
    below such a share of the variance, in each cell or (not `separately`) over all of them together."""

    factor: str
    above: float = 0.0
    below: float = 1.0
    separately: bool = True

    @property
    def says(self) -> str:
        size = f"above {percent(self.above)}" if self.above else f"below {percent(self.below)}"
        return (
            f"in each cell a share {size}" if self.separately else f"over these cells together a share {size}"
        )

    def __call__(self, study: Analysed) -> list[Outcome]:
        return self.outcomes(study, study.shares_of(self.cells, separately=self.separately), self.judge)

    def judge(self, rows: pd.DataFrame) -> Outcome | None:
        mine = share(rows, self.factor)
        if mine.empty:
            return None
        parts = [self.weigh(row) for row in mine.itertuples()]
        text = f"{self.factor}: {listing(told(row) for row in mine.itertuples())}"
        cells = len(mine) if self.separately else rows["cells"].iloc[0]
        return Outcome(str(rows["task"].iloc[0]), text, together(parts), cells == len(self.cells))

    def weigh(self, row) -> Weight:
        border = self.above or self.below
        beyond = tested(angled(row.value) - angled(border), row, row.spread)
        return beyond if self.above else beyond.contrary


@dataclass(frozen=True, kw_only=True)
class Less(Explaining):
    """Over all cells together the main effect of `factor` is smaller than that of `other`: also if the errors of both
    were all in one direction, so that their intervals do not overlap."""

    factor: str
    other: str

    @property
    def says(self) -> str:
        return "over these cells together a smaller share"

    def __call__(self, study: Analysed) -> list[Outcome]:
        return self.outcomes(study, study.shares_of(self.cells, separately=False), self.judge)

    def judge(self, rows: pd.DataFrame) -> Outcome | None:
        both = [share(rows, name) for name in (self.factor, self.other)]
        if any(mine.empty for mine in both):
            return None
        small, large = (first(mine) for mine in both)
        gap = angled(large.value) - angled(small.value)
        weight = tested(gap, small, small.spread + large.spread)
        names = (f"{name} {told(row)}" for name, row in ((self.factor, small), (self.other, large)))
        return Outcome(
            str(rows["task"].iloc[0]), ", ".join(names), weight, rows["cells"].iloc[0] == len(self.cells)
        )


def share(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Of one task, the rows of a main effect or of all interactions; none where nothing could be taken apart."""
    mine = rows[rows["kind"].eq(REST) if name == REST else rows["kind"].eq(MAIN) & rows["factor"].eq(name)]
    return mine if mine["value"].notna().any() else mine.iloc[:0]


def first(rows: pd.DataFrame) -> Any:
    return next(rows.itertuples())


def tested(gap: float, row, spread: float) -> Weight:
    """That a difference of angles is above 0. row: of one of the shares; spread: the difference's standard error."""
    if doubt(row):
        return silent(int(row.n))
    student = stats.t(row.halves - 1)
    t = gap / max(spread, 1e-12)
    above, below = (min(1.0, float(2 * tail)) for tail in (student.sf(t), student.cdf(t)))
    return Weight(above, below, math.nan, math.nan, int(row.n), math.inf, math.inf)


def doubt(row) -> str:
    """Why a share says nothing; empty where it does."""
    if pd.isna(row.value):
        return str(row.method)
    return "" if row.meaningful else f"weak: the model predicts {percent(max(0.0, row.explained))}"


def told(row) -> str:
    """`nfg 31% (10% to 55%)`; of all cells together without a name."""
    text = str(row.method) if pd.isna(row.value) else percent_between(row.value, row.low, row.high)
    why = f", {doubt(row)}" if doubt(row) and not pd.isna(row.value) else ""
    return f"{row.cell} {text}{why}".strip()


def at_rung(rows: pd.DataFrame) -> str:
    rung = rows["rung"].iloc[0]
    return "" if pd.isna(rung) else f"by validation at the first rung, after {rung:,.0f} updates"


def angled(share: float) -> float:
    return float(angle(np.array(share)))
