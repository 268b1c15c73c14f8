"""Claims evaluated: task by task in one study, as a whole in one or over several, and as published facts."""

from collections.abc import Iterable, Sequence
from itertools import chain

import pandas as pd

from analysis.claims.claim import Claim
from analysis.claims.literature import CLAIMS
from analysis.claims.outcome import HOLDS, UNTESTED, Outcome, together
from analysis.study.tables import Analysed
from analysis.words import listing

COLUMNS = ["claim", "statement", "source", "found", "study", "task", "status", "evidence"]
PUBLISHED = ["statement", "source", "published", "conditions", "measured", "status", "reason"]
WHOLE = ["claim", "statement", "source", "found", "status", "holds", "fails", "undecided", "studies"]


def tested(study: Analysed, claim: Claim) -> tuple[list[Outcome], list[Outcome]]:
    """The outcomes of a claim's checks, and of those beside them; none where it is not tested."""
    checks, beside = ([check(study) for check in some] for some in (claim.checks, claim.beside))
    if claim.complete and not all([*checks, *beside]):
        return [], []
    return list(chain(*checks)), list(chain(*beside))


def evaluate(study: Analysed, claims: Sequence[Claim] = CLAIMS) -> pd.DataFrame:
    """One row per claim and task on which it can be tested in this study: see COLUMNS. claim: its number, from 1.

    A claim that can not be tested here is one row, not tested; its evidence says what it would need.
    """
    rows = []
    for number, claim in enumerate(claims, 1):
        said = (number, claim.statement, claim.source, claim.found, study.declaration.study)
        outcomes = tested(study, claim)
        rows += [(*said, *outcome) for outcome in chain(*outcomes)]
        if not any(outcomes):
            rows.append((*said, "", UNTESTED, f"needs {claim.needs}"))
    return pd.DataFrame(rows, columns=COLUMNS)


def facts(study: Analysed, claims: Iterable[Claim]) -> pd.DataFrame:
    """One row per claim: what was published beside what is measured here, see PUBLISHED; one that is not tested says in
    `measured` what it would need. There is no correction over claims: each is asked for itself."""
    rows = []
    for claim in claims:
        checks, beside = tested(study, claim)
        status = together(outcome.status for outcome in checks)
        evidence = [outcome.evidence for outcome in (*checks, *beside)] or [f"needs {claim.needs}"]
        reason = "" if status in (HOLDS, UNTESTED) else claim.reason
        said = (claim.statement, claim.source, claim.found, claim.conditions)
        rows.append((*said, "; ".join(evidence), status, reason))
    return pd.DataFrame(rows, columns=PUBLISHED)


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
    """One row per claim: its status over all tasks (`outcome.together`: fails where it fails on one, holds where it
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
