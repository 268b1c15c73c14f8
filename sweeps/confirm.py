"""How many fresh seeds the confirm stage gives each cell: a fixed number, or a rule that uses the scores.

    Study(..., confirm=24)              # 24 for every cell and task: `Fixed(24)`
    Study(..., confirm=MyRule(most=64))

A rule is a frozen dataclass and a pure function. For one task it is given the scores of every cell and answers how
many seeds each must have. When all of these are in, it is asked again, with all of them; it has decided when no cell
needs more than it has. Between two such *looks* it sees nothing, whatever is in the store already: so its decisions
follow from the store alone, and neither the order in which workers finish nor the size of cohorts can matter. The
first look is at no scores at all.

Scores are as the verdicts count them: by the study's measure, 0 for a trial that diverged or failed. (A failed trial
is tried again by the next sweep, and the looks are made again with what it then gives.)
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from sweeps.errors import InputError

Row = Mapping[str, object]


Pair = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of the cells on one task, as the study declares it.

    reference: the cell that the others are compared with. margin, alpha: smallest difference that matters, level.
    pairs: the declared comparisons, cell first. controls: further comparisons, of the alias and of the cell that is
    unable.
    """

    reference: str
    margin: float
    alpha: float
    pairs: tuple[Pair, ...] = ()
    controls: tuple[Pair, ...] = ()


@runtime_checkable
class ConfirmRule(Protocol):
    """most: the largest number of seeds of a cell on a task. expected: about how many it will be, for the plan."""

    @property
    def most(self) -> int: ...
    @property
    def expected(self) -> int: ...

    def wanted(self, scores: Mapping[str, Sequence[float]], question: Question) -> Mapping[str, int]:
        """Cell to the number of seeds that it must have by now, at most `most`; a cell left out needs no more.

        scores: of every cell on the task, controls included, in the order of the seeds. All cells but the alias share
        their seeds: score i of one and of another are a pair.
        """
        ...


@dataclass(frozen=True)
class Fixed:
    """The same number of seeds for every cell and task."""

    most: int

    @property
    def expected(self) -> int:
        return self.most

    def wanted(self, scores: Mapping[str, Sequence[float]], question: Question) -> Mapping[str, int]:
        return dict.fromkeys(scores, self.most)


def asked(rule: ConfirmRule, scores: Mapping[str, Sequence[float]], question: Question) -> dict[str, int]:
    """The rule's answer for every cell, no less than the cell has.

    Raises InputError where the rule names a cell that is not on the task, or asks for more than its `most`.
    """
    answer = rule.wanted(scores, question)
    for cell, number in answer.items():
        if cell not in scores:
            from experiments.specs import unknown  # and with it JAX, which readers of results do without

            raise InputError(unknown(f"cell in the answer of {type(rule).__name__}", cell, scores))
        if number > rule.most:
            raise InputError(
                f"{type(rule).__name__} asks for {number} seeds of '{cell}', more than its most={rule.most}."
            )
    return {cell: max(len(have), int(answer.get(cell, 0))) for cell, have in scores.items()}


def test_score(row: Row) -> float:
    value = row["test_score"]
    ended = row["status"] == "finished" and isinstance(value, float) and math.isfinite(value)
    return max(0.0, float(value)) if ended else 0.0  # type: ignore[arg-type]


def solved(row: Row) -> float:
    return float(row["status"] == "finished" and bool(row["solved"]))


def diverged(row: Row) -> float:
    return float(row["status"] == "diverged")


# Measures that a row alone tells, so that a rule can look at them.
VALUES: Mapping[str, Callable[[Row], float]] = {
    "test_score": test_score,
    "solved": solved,
    "diverged": diverged,
}
COLUMNS = ("test_score", "solved")
