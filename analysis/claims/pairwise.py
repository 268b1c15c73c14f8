"""A claim about cells against a reference, tested by the verdicts, task by task."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from analysis.claims.claim import Arm
from analysis.claims.outcome import FAILS, HOLDS, OPEN, Outcome, together
from analysis.statistics.pairs.reasons import DIFFERENT, UNDECIDED
from analysis.statistics.pairs.seeds import decided
from analysis.study.measures import MEASURES, Measure
from analysis.study.tables import Analysed
from analysis.study.verdicts import oriented
from analysis.words import between, digits, listing, signed

# What a standing of the cell against the reference says about each expectation; else it is undecided.
MEANING = {
    "equivalent": {"equivalent": HOLDS, "better": FAILS, "worse": FAILS},
    "worse": {"worse": HOLDS, "better": FAILS, "equivalent": FAILS},
    "better": {"better": HOLDS, "worse": FAILS, "equivalent": FAILS},
    "different": {"better": HOLDS, "worse": HOLDS, "equivalent": FAILS},
    "not better": {"worse": HOLDS, "equivalent": HOLDS, "better": FAILS},
}
PARAMETERS = "score_at_parameters"
ORDER = ("better", "worse", UNDECIDED, "equivalent")


@dataclass(frozen=True, kw_only=True)
class Pairwise:
    """Each of `cells` against `reference` is as `expects` says (a key of MEANING).

    on, not_on: beginnings of task labels; the claim is tested on tasks that begin with one of `on` (every task when
    empty) and with none of `not_on`. measure: one of `analysis.study.measures.MEASURES`; empty: the study's. A claim
    about several cells holds on a task when all of them allow it, and fails when one contradicts it; where some of them
    did not run it can fail, and is else not tested. So each is tested at the full level, and no further correction is
    due (Berger 1982). At equal parameters the cells of the claim are compared among themselves, so that what others can
    have is no limit for them.
    """

    cells: tuple[str, ...]
    expects: str
    reference: str = "lstm"
    on: tuple[str, ...] = ()
    not_on: tuple[str, ...] = ()
    measure: str = ""

    arms: ClassVar[tuple[Arm, ...]] = ()

    @property
    def needs(self) -> str:
        cells = ", ".join(self.cells)
        where = f" on {' or '.join(f'{name}…' for name in self.on)}" if self.on else ""
        where += (
            f" on other tasks than {' or '.join(f'{name}…' for name in self.not_on)}" if self.not_on else ""
        )
        return f"{cells} and {self.reference}{where}"

    def covers(self, task: str) -> bool:
        return (not self.on or task.startswith(self.on)) and not (
            self.not_on and task.startswith(self.not_on)
        )

    def __call__(self, study: Analysed) -> list[Outcome]:
        table = self.verdicts(study)
        both = oriented(table) if self.reference in study.declaration.cells else table.iloc[:0]
        if both.empty:
            return []
        mine = both[both["cell"].isin(self.cells) & (both["reference"] == self.reference)]
        measure = MEASURES.get(self.measure or study.declaration.measure, MEASURES["test_score"])
        found = [
            (len(decided(rows)), Outcome(str(task), self.status(rows, measure), self.told(rows, measure)))
            for task, rows in mine.groupby("task", sort=False)
            if self.covers(str(task))
        ]
        return [outcome for n, outcome in found if n == len(self.cells) or (n and outcome.status == FAILS)]

    def verdicts(self, study: Analysed) -> pd.DataFrame:
        if self.measure == PARAMETERS:
            return study.among((self.reference, *self.cells)).by(self.measure)
        return study.by(self.measure or study.declaration.measure)

    def status(self, rows: pd.DataFrame, measure: Measure) -> str:
        """Of one task."""
        return together(meaning(self.expects, row, measure) for row in rows.itertuples())

    def told(self, rows: pd.DataFrame, measure: Measure) -> str:
        text = evidence(rows, self.reference, measure)
        if len(decided(rows)) < len(self.cells):
            text += f"; {len(decided(rows))} of {len(self.cells)} cells ran"
        each = int(rows["trials_per_value"].max()) if "trials_per_value" in rows else 0
        limit = f"at most {rows['limit'].max():,.0f} parameters" if "limit" in rows else ""
        searches = f"; searches of {each} trials with {limit}" if each else f"; {limit}"
        return text + (searches if limit else "")


def meaning(expects: str, row, measure: Measure = MEASURES["test_score"]) -> str:
    """What one verdict says.

    At the floor, where neither has learnt anything, nothing is said of the cells. A difference refutes equivalence when
    its whole interval lies beyond the margin, and one that lies within it (though it may be significant) is neither
    better nor worse. And not to be ahead by the margin is enough for `not better`: the end of the interval is a
    one-sided test of that at level alpha.
    """
    lead = -row.low if measure.better == "lower" else row.high
    if unlearnt(row, measure):
        return OPEN
    if expects == "not better" and row.standing != "better" and lead < row.margin:
        return HOLDS
    if row.verdict == DIFFERENT:
        beyond = row.low >= row.margin or row.high <= -row.margin
        within = -row.margin < row.low and row.high < row.margin
        if within or (expects == "equivalent" and not beyond):
            return OPEN
    return MEANING[expects].get(row.standing, OPEN)


def unlearnt(row, measure: Measure) -> bool:
    """Neither cell is ahead of the naive baseline by the margin."""
    return measure.unit == "score" and max(row.mean_a, row.mean_b) < row.margin


def evidence(rows: pd.DataFrame, reference: str, measure: Measure = MEASURES["test_score"]) -> str:
    """`against peephole: worse: nfg (−0.312); equivalent: cifg (+0.001) and lstm (0.000)`."""
    parts = []
    for standing in ORDER:
        found = rows[rows["standing"] == standing]
        if len(found):
            parts.append(f"{standing}: {listing(told(row, measure) for row in found.itertuples())}")
    return f"against {reference}: {'; '.join(parts)}"


def told(row, measure: Measure) -> str:
    if min(row.n_a, row.n_b) < 2:
        return f"{row.cell} (too few seeds)"
    words = signed(row.value, digits(row.margin))
    if row.standing == UNDECIDED:
        words += f", {between(row.low, row.high, digits(row.margin))}"
    elif row.standing == "equivalent" and unlearnt(row, measure):
        words += ", neither learnt anything"
    elif row.standing == "equivalent" and row.ceiling:
        words += ", both at the ceiling"
    return f"{row.cell} ({words})"
