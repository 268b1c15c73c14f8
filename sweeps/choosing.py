"""The choice of an arm's setting: the best of its search, or the best of a few when each has been trained again.

A search picks the highest of many scores of one training each, and so picks luck: settings that do well once in a
while and fail as often. With

    Study(..., choose=Choose(best=3, seeds=8))

the three settings that were best on validation are trained with eight fresh seeds each, and the one with the highest
mean validation score is chosen. The seeds of the confirm stage are others.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from experiments.trial import Trial
from sweeps.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Choose:
    """best: settings per cell and task, the best of the search. seeds: fresh seeds of each.

    Raises InputError for fewer than two settings or one seed."""

    best: int = 3
    seeds: int = 8

    def __post_init__(self) -> None:
        if self.best < 2 or self.seeds < 1:
            raise InputError(
                f"A choice needs best >= 2 settings and seeds >= 1 of each; got best={self.best}, seeds={self.seeds}."
            )

    @property
    def most(self) -> int:
        """Trials of an arm, at most."""
        return self.best * self.seeds


def chosen(finalists: Sequence[Trial], rows: Sequence[Sequence[dict[str, object]]]) -> Trial:
    """The finalist with the highest mean validation score; of equal ones that with the lowest mean loss, then the
    first. rows: of every finalist, a row a seed; a training that diverged or failed scores 0."""

    def worth(i: int) -> tuple[float, float]:
        scores = [number(row, "valid_score", 0.0) for row in rows[i]]
        losses = [number(row, "valid_loss", math.inf) for row in rows[i]]
        return -math.fsum(scores) / len(scores), math.fsum(losses) / len(losses)

    return finalists[min(range(len(finalists)), key=worth)]


def number(row: dict[str, object], name: str, missing: float) -> float:
    """A measure of a finished trial; `missing` where it did not finish or the number is not one."""
    value = row[name]
    sound = row["status"] == "finished" and isinstance(value, float) and math.isfinite(value)
    return float(value) if sound else missing  # type: ignore[arg-type]
