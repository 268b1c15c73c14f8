"""Tables in Markdown, and targets that the data reaches or does not."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sweeps.terminal.pipes import pipe_table


def grid(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table; the first column is words, the others are numbers."""
    return pipe_table(header, lines, marks=["---", *["---:"] * (len(header) - 1)])


class Target(NamedTuple):
    """What the project wants. least: smallest of the numbers behind `value`, wanted to be `floor` or more."""

    words: str
    wanted: float
    value: float
    least: float | None = None
    floor: float | None = None

    @property
    def reached(self) -> bool:
        low = self.least is not None and self.floor is not None and self.least < self.floor
        return self.value >= self.wanted and not low


def targets(found: Iterable[Target]) -> str:
    """A table of targets, empty where there are none."""
    lines = []
    for target in found:
        wanted, value = f"≥ {target.wanted:g}", f"{target.value:.2f}"
        if target.floor is not None:
            wanted, value = f"{wanted}, none below {target.floor:g}", f"{value}, least {target.least:.2f}"
        lines.append((target.words, wanted, value, "reached" if target.reached else "**not reached**"))
    return grid(("target", "wanted", "measured", ""), lines) if lines else ""
