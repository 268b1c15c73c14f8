"""What checks of named arms have in common: they are asked of the confirm stage's runs of a cell on a task, or of two.

No seed is left out: one that diverged or failed has not solved its task, scores 0, and leaves a mean undecided.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.claims.claim import Arm, Outcome
from analysis.claims.weight import Weight, further, said
from analysis.study.tables import Analysed
from analysis.words import listing


def of(runs: pd.DataFrame, task: str, cell: str) -> pd.DataFrame:
    return runs[(runs["task"] == task) & (runs["cell"] == cell)]


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

    least: ClassVar[int] = 0
    searches: ClassVar[tuple[str, ...]] = ()

    @property
    @abstractmethod
    def column(self) -> str: ...

    @property
    @abstractmethod
    def arms(self) -> tuple[Arm, ...]: ...

    @property
    @abstractmethod
    def says(self) -> str: ...

    @abstractmethod
    def judge(self, runs: pd.DataFrame) -> Outcome:
        """What the confirm stage's runs say; there are two seeds of every arm, and the column."""

    @property
    def needs(self) -> str:
        return listing(f"{cell} on {task}" for task, cell in self.arms)

    def __call__(self, study: Analysed) -> list[Outcome]:
        runs = study.results.stage("confirm")
        if self.column not in runs or not all(len(of(runs, *arm)) > 1 for arm in self.arms):
            return []
        found = self.judge(runs)
        weight = found.weight.in_a_race if study.declaration.race else found.weight
        numbers = "; ".join(filter(None, (said(weight), further(weight))))
        return [found._replace(weight=weight, evidence=f"{found.evidence} ({numbers})")]

    def outcome(self, weight: Weight, evidence: str) -> Outcome:
        return Outcome(listing(dict.fromkeys(task for task, _ in self.arms)), evidence, weight)


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
