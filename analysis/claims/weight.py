"""What speaks for a statement and against it, as numbers, and how they come together over pairs, tasks and checks.

Every check gives a p-value and an e-value each for the statement and for its contrary, which are never both true. Where
the number of seeds was fixed the p-values decide, at LEVEL, and the e-values grade the outcome (*proven*: they say the
same for any distribution of the scores; else *likely*). Where seeds were added after looking (a race) there are no
p-values, and the e-values decide: 1/LEVEL is enough, at every look.

    each of k pairs       for: the largest p, the smallest e                 (intersection-union: Berger 1982)
                          against, that one of them is otherwise: k times the smallest p, the mean e
    on u of T tasks       for: (T-u+1) p_(u), the mean of the T-u+1 smallest e (Benjamini & Heller 2008)
                          against, on T-u+1 tasks: the same with u and T-u+1 exchanged

With u = T the second is the first (`together`). No correction is due for holding, whatever the number of pairs and
tasks, and both rules allow for any dependence among them (for the mean of e-values: Vovk & Wang 2021).
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from analysis.claims.outcome import FAILS, HOLDS, OPEN
from analysis.statistics.pairs.compare import LIKELY, PROVEN
from analysis.statistics.pairs.power import MOST
from analysis.statistics.pairs.reasons import e_value
from analysis.words import probability

LEVEL = 0.05
ENOUGH = -math.log(LEVEL)  # of the logarithm of an e-value
SURE = 0.9995  # p-values from which on are told as 1


class Weight(NamedTuple):
    """p, log_e: for the statement; against, log_against: for its contrary; p-values are missing in a race, e-values
    where scores have no bounds. n: seeds of the side that has fewest. more, more_against: further seeds after which
    the e-value should reach 1/LEVEL, infinite where no number would do, missing where nothing is known."""

    p: float
    against: float
    log_e: float
    log_against: float
    n: int
    more: float = math.nan
    more_against: float = math.nan

    @property
    def raced(self) -> bool:
        return math.isnan(self.p) and not math.isnan(self.log_e)

    @property
    def contrary(self) -> "Weight":
        """Of the contrary statement."""
        return self._replace(
            p=self.against,
            against=self.p,
            log_e=self.log_against,
            log_against=self.log_e,
            more=self.more_against,
            more_against=self.more,
        )

    @property
    def in_a_race(self) -> "Weight":
        """Without the p-values."""
        return self._replace(p=math.nan, against=math.nan)


def silent(n: int) -> Weight:
    """Of runs that say nothing of the statement, and of which more would not either."""
    return Weight(1.0, 1.0, -math.inf, -math.inf, n, math.inf, math.inf)


def status(weight: Weight) -> str:
    if weight.raced:
        good, bad = weight.log_e >= ENOUGH, weight.log_against >= ENOUGH
    else:
        good, bad = weight.p <= LEVEL, weight.against <= LEVEL
    return FAILS if bad else HOLDS if good else OPEN


def grade(weight: Weight) -> str:
    """proven, likely, or empty where undecided."""
    found = status(weight)
    if found == OPEN:
        return ""
    return PROVEN if (weight.log_e if found == HOLDS else weight.log_against) >= ENOUGH else LIKELY


def together(rows: Sequence[Weight], least: int = 0, partial: Sequence[Weight] = ()) -> Weight:
    """The statement of at least `least` of the rows, such as tasks (0: of each). partial: of tasks on which it could be
    made of some of its pairs alone; these can speak against it, where it is made of each task."""
    rows, partial = alike(rows, partial)
    total, needed = len(rows), least or len(rows)
    contrary = [*rows, *partial] if needed == total else list(rows)
    spare = len(contrary) - needed if needed < total else 0  # rows that may be otherwise
    few, many = total - needed + 1, len(contrary) - spare
    p, more, e = ordered(w.p for w in rows), ordered(w.more for w in rows), ordered(w.log_e for w in rows)
    against, log_against = ordered(w.against for w in contrary), ordered(w.log_against for w in contrary)
    return Weight(
        p=float(np.minimum(1.0, few * p[needed - 1])) if total else 1.0,
        against=float(np.minimum(1.0, many * against[spare])),
        log_e=log_mean(e[:few]) if total else -math.inf,
        log_against=log_mean(log_against[:many]),
        n=min(w.n for w in rows or contrary),
        more=more[needed - 1] if total else math.inf,
        more_against=ordered(w.more_against for w in contrary)[spare],
    )


def ordered(values: Iterable[float]) -> list[float]:
    """Ascending; all missing where one is."""
    found = sorted(values)
    return [math.nan] * len(found) if any(map(math.isnan, found)) else found


def alike(*groups: Sequence[Weight]) -> list[Sequence[Weight]]:
    """Raced and not raced together: the p-value of an e-value is its inverse."""
    if len({row.raced for rows in groups for row in rows}) < 2:
        return list(groups)
    return [
        [
            row._replace(p=inverse(row.log_e), against=inverse(row.log_against)) if row.raced else row
            for row in rows
        ]
        for rows in groups
    ]


def inverse(log_e: float) -> float:
    return math.exp(-max(0.0, log_e))


def log_mean(logs: Iterable[float]) -> float:
    """Logarithm of the mean of e-values; missing where one is."""
    known = list(logs)
    if any(map(math.isnan, known)):
        return math.nan
    return float(np.logaddexp.reduce(known)) - math.log(len(known))


def said(weight: Weight) -> str:
    """`p = 0.031, n = 8`, of what decided; both sides where nothing has."""
    return f"{figures(weight)}, n = {weight.n}"


def figures(weight: Weight) -> str:
    """The same without n. Nothing to the contrary is not told."""
    found = status(weight)
    mine, other = figure(weight.p, weight.log_e), f"{figure(weight.against, weight.log_against)} against"
    contrary = weight.log_against > 0 if math.isnan(weight.against) else weight.against < SURE
    return {HOLDS: mine, FAILS: other}.get(found, f"{mine}; {other}" if contrary else mine)


def figure(p: float, log_e: float) -> str:
    """`p = 0.031`, `p < 0.001` or `p = 1`; where there is no p-value, `e = 310`."""
    if math.isnan(p):
        known = "∞" if log_e == math.inf else e_value(log_e)
        return "no test" if math.isnan(log_e) else f"e = {known}"
    told = "1" if p >= SURE else probability(p)
    return f"p {told}" if told.startswith("<") else f"p = {told}"


def further(weight: Weight) -> str:
    """Whether more seeds could decide an undecided statement; nothing for others, or where that is not known."""
    if status(weight) != OPEN or math.isnan(weight.more + weight.more_against):
        return ""
    least = min(weight.more, weight.more_against)
    if least > MOST:
        return "more seeds like these would not decide it"
    seeds = max(1, math.ceil(least))
    return f"about {seeds:,} further {'seed' if seeds == 1 else 'seeds'} of each like these should decide it"
