"""A claim that Greff et al.'s own protocol finds the same cells worse here. By task."""

from dataclasses import dataclass
from typing import ClassVar

from analysis.claims.claim import Arm
from analysis.claims.outcome import FAILS, HOLDS, OPEN, Outcome, together
from analysis.statistics.pairs.seeds import decided
from analysis.statistics.search.greff import TOP
from analysis.study.tables import Analysed
from analysis.words import between, listing, signed


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """Every one of `losers` is significantly worse than their V among the best tenth of the random trials.

    Fails where one is significantly better, or where its interval leaves no room for a loss of the margin.
    """

    losers: tuple[str, ...]
    reference: str = "peephole"

    arms: ClassVar[tuple[Arm, ...]] = ()

    @property
    def needs(self) -> str:
        return f"a random search of at least 15 trials each of {self.reference} and {listing(self.losers)}"

    def __call__(self, study: Analysed) -> list[Outcome]:
        table = study.protocol
        rows = decided(
            table[
                (table["which"] == TOP)
                & (table["reference"] == self.reference)
                & table["cell"].isin(self.losers)
            ]
        )
        margin = study.declaration.margin
        return [
            Outcome(
                str(task),
                together(status(row, margin) for row in found.itertuples()),
                f"against {self.reference}: {listing(told(row) for row in found.itertuples())}",
            )
            for task, found in rows.groupby("task", sort=False)
        ]


def status(row, margin: float) -> str:
    if row.significant:
        return HOLDS if row.value < 0 else FAILS
    return FAILS if row.low > -margin else OPEN


def told(row) -> str:
    n = f"{row.n_a} and {row.n_b} trials"
    word = ("worse" if row.value < 0 else "better") if row.significant else "not significant"
    return f"{row.cell} {word} ({signed(row.value)}, {between(row.low, row.high)}; {n})"
