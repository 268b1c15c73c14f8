"""Published facts held against a study's own runs: what was published, what is measured, whether it holds.

    Fact(statement="The LSTM solves adding.", source=..., published=..., checks=(Solves("adding", "lstm"),))

A claim (`analysis.claims`) compares scores of two cells. A fact is about anything that a trial records: how many
seeds solved the task, after how many sequences, at which loss it stays, what it does on longer sequences. Each
check is a test at level 0.05 on the confirm stage's seeds and comes out as holds, fails or undecided; a fact
holds when all its checks do, and fails when one does. There is no correction over facts: each is asked for itself.
No seed is left out: one that diverged or failed has not solved its task, scores 0, and leaves a mean undecided.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from analysis.claims.checks import Check, Outcome, possible
from analysis.claims.outcome import ABSENT, HOLDS, UNTESTED, together
from analysis.study.results import Results


@dataclass(frozen=True, kw_only=True)
class Fact:
    """statement, source, published (with its numbers), conditions (in what our runs differ): for people.

    beside: measured and told, too, but without a say in the outcome. reason: why it comes out otherwise here, as
    far as it is known; shown unless the fact holds.
    """

    statement: str
    source: str
    published: str
    checks: tuple[Check, ...]
    beside: tuple[Check, ...] = ()
    conditions: str = ""
    reason: str = ""


def evaluate(results: Results, facts: Iterable[Fact]) -> pd.DataFrame:
    """One row a fact: statement, source, published, conditions, measured, status, reason.

    A fact that lacks seeds of one of its arms is not tested.
    """
    runs = results.stage("confirm")
    rows = []
    for fact in facts:
        checks = (*fact.checks, *fact.beside)
        if all(possible(check, runs) for check in checks):
            outcomes = [check(runs) for check in checks]
        else:
            outcomes = [Outcome(UNTESTED, ABSENT)]
        status = together(o.status for o in outcomes[: len(fact.checks)])
        rows.append(
            {
                "statement": fact.statement,
                "source": fact.source,
                "published": fact.published,
                "conditions": fact.conditions,
                "measured": "; ".join(o.measured for o in outcomes),
                "status": status,
                "reason": "" if status in (HOLDS, UNTESTED) else fact.reason,
            }
        )
    columns = ["statement", "source", "published", "conditions", "measured", "status", "reason"]
    return pd.DataFrame(rows, columns=columns)
