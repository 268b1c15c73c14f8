"""A claim that Greff et al.'s own protocol finds the same cells worse here. By task."""

import math
from dataclasses import dataclass
from typing import ClassVar

from analysis.claims.claim import Arm, Outcome
from analysis.claims.weight import Weight, figures, together
from analysis.statistics.pairs.seeds import decided
from analysis.statistics.search.greff import TOP
from analysis.study.tables import Analysed
from analysis.words import between, listing, probability, signed


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """Every one of `losers` is significantly worse than their V among the best tenth of the random trials; fails where
    one is significantly better. Their p-values, after Bonferroni's correction over the variants of a task."""

    losers: tuple[str, ...]
    reference: str = "peephole"

    arms: ClassVar[tuple[Arm, ...]] = ()
    least: ClassVar[int] = 0
    says: ClassVar[str] = "each significantly worse, by their protocol"

    @property
    def searches(self) -> tuple[str, ...]:
        return self.reference, *self.losers

    @property
    def needs(self) -> str:
        return f"a random search of at least 15 trials each of {self.reference} and {listing(self.losers)}"

    def __call__(self, study: Analysed) -> list[Outcome]:
        table = study.protocol
        mine = (
            (table["which"] == TOP) & (table["reference"] == self.reference) & table["cell"].isin(self.losers)
        )
        return [
            self.outcome(str(task), list(rows.itertuples()))
            for task, rows in decided(table[mine]).groupby("task", sort=False)
        ]

    def outcome(self, task: str, rows: list) -> Outcome:
        weight = together([weigh(row) for row in rows])
        text = f"against {self.reference}: {listing(told(row) for row in rows)}; {figures(weight)}"
        return Outcome(task, text, weight, len(rows) == len(self.losers))


def weigh(row) -> Weight:
    p = float(row.p_bonferroni)
    p, against = (p, 1.0) if row.value < 0 else (1.0, p)
    return Weight(p, against, math.nan, math.nan, int(min(row.n_a, row.n_b)), math.inf, math.inf)


def told(row) -> str:
    n = f"{row.n_a} and {row.n_b} trials"
    word = ("worse" if row.value < 0 else "better") if row.significant else "not significant"
    p = probability(row.p_bonferroni)
    text = f"{signed(row.value)}, {between(row.low, row.high)}, p {p if p.startswith('<') else f'= {p}'}"
    return f"{row.cell} {word} ({text}; {n})"
