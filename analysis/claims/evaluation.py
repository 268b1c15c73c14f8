"""Claims evaluated: task by task in one study, then as a whole, in one study or over several."""

from collections.abc import Iterable, Sequence

import pandas as pd

from analysis.claims.claim import Claim
from analysis.claims.literature import CLAIMS
from analysis.claims.outcome import UNTESTED, together
from analysis.study.tables import Analysed
from analysis.words import listing

COLUMNS = ["claim", "statement", "source", "found", "study", "task", "status", "evidence"]
WHOLE = ["claim", "statement", "source", "found", "status", "holds", "fails", "undecided", "studies"]


def evaluate(study: Analysed, claims: Sequence[Claim] = CLAIMS) -> pd.DataFrame:
    """One row a claim and task on which it can be tested in this study: see COLUMNS. claim: its number, from 1.

    A claim that can not be tested here is one row, not tested; its evidence says what it would need.
    """
    rows = []
    for number, claim in enumerate(claims, 1):
        said = (number, claim.statement, claim.source, claim.found, study.declaration.study)
        outcomes = [outcome for test in claim.tests for outcome in test(study)]
        rows += [(*said, *outcome) for outcome in outcomes]
        if not outcomes:
            rows.append((*said, "", UNTESTED, f"needs {claim.needs}"))
    return pd.DataFrame(rows, columns=COLUMNS)


def over_studies(tables: Iterable[pd.DataFrame], claims: Sequence[Claim] = CLAIMS) -> pd.DataFrame:
    """Of the rows that `evaluate` gave for several studies those of each claim, in every study that tests it: evidence
    is not chosen. A claim that none of them tests is one row, not tested."""
    tables = list(tables)
    rows = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=COLUMNS)
    parts = []
    for number, claim in enumerate(claims, 1):
        mine = rows[rows["statement"] == claim.statement]
        tested = mine[mine["status"] != UNTESTED].assign(claim=number)
        said = (number, claim.statement, claim.source, claim.found, "", "", UNTESTED)
        needs = f"needs the results of {listing(claim.studies)}: {claim.needs}"
        parts.append(tested if len(tested) else pd.DataFrame([(*said, needs)], columns=COLUMNS))
    return pd.concat(parts, ignore_index=True)


def whole(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a claim: its status over all tasks (`outcomes.together`: fails where it fails on one, holds where it
    holds on all), the tasks on which it holds, fails and is undecided, and the studies that tested it."""
    several = rows.loc[rows["status"] != UNTESTED, "study"].nunique() > 1
    result = []
    for claim, found in rows.groupby("claim", sort=True):
        first, tested = found.iloc[0], found[found["status"] != UNTESTED]
        places = [f"{row.task} ({row.study})" if several else str(row.task) for row in tested.itertuples()]
        by_status = {
            status: listing(
                dict.fromkeys(p for p, s in zip(places, tested["status"], strict=True) if s == status)
            )
            if (tested["status"] == status).any()
            else ""
            for status in ("holds", "fails", "undecided")
        }
        result.append(
            {
                **{"claim": claim, "statement": first["statement"], "source": first["source"]},
                **{"found": first["found"], "status": together(found["status"]), **by_status},
                "studies": ", ".join(dict.fromkeys(tested["study"])),
            }
        )
    return pd.DataFrame(result, columns=WHOLE)
