"""The race as a confirm rule: seeds until every comparison is decided, by distribution-free evidence.

    Study(..., confirm=race(most=128, look=8))

After every batch of `look` seeds the comparisons of the task are examined, and those that are decided stop: a cell
gets no further seeds when none of its comparisons is open. What is decided, and the guarantee: `sweeps.evidence.race`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sweeps.confirm import Question
from sweeps.errors import InputError
from sweeps.evidence.race import Rules
from sweeps.evidence.race import race as play

USUAL = 64  # seeds of a cell on a task in the studies that are shipped, about


@dataclass(frozen=True, kw_only=True)
class Race:
    """most: maximum seeds per cell and task. look: seeds per batch."""

    most: int = 128
    look: int = 8

    @property
    def expected(self) -> int:
        return min(self.most, USUAL)

    def wanted(self, scores: Mapping[str, Sequence[float]], question: Question) -> Mapping[str, int]:
        """Raises InputError for a margin outside the range of scores, 0 to 1."""
        try:
            rules = Rules(margin=question.margin, alpha=question.alpha, look=self.look, most=self.most)
        except ValueError as error:
            raise InputError(str(error)) from None
        standing = play(scores, question.pairs, rules, controls=question.controls)
        paired = {cell for pair in (*question.pairs, *question.controls) for cell in pair}
        alone = {cell: self.look for cell in scores if cell not in paired}
        return {**alone, **standing.wanted}


def race(*, most: int = 128, look: int = 8) -> Race:
    """The rule. Raises InputError unless 2 <= look <= most."""
    if not 2 <= look <= most:
        raise InputError(f"A race needs 2 <= look <= most seeds; got look={look}, most={most}.")
    return Race(most=most, look=look)
