"""Claims evaluated: task by task in one study, as a whole in one or over several, and as published facts."""

import math
from collections.abc import Iterable, Sequence
from itertools import chain

import pandas as pd

from analysis.claims.claim import Check, Claim, Outcome
from analysis.claims.literature import CLAIMS
from analysis.claims.outcome import FAILS, HOLDS, OPEN, UNTESTED
from analysis.claims.weight import Weight, further, grade, said, status, together
from analysis.study.tables import Analysed
from analysis.words import listing

STATED = ["claim", "statement", "source", "found", "says"]
NUMBERS = list(Weight._fields)
COLUMNS = [*STATED, "study", "task", "status", "grade", "evidence", "check", "least", "complete", *NUMBERS]
PUBLISHED = ["statement", "source", "published", "conditions", "measured", "status", "reason"]
WHOLE = [*STATED, "status", "grade", "evidence", "holds", "fails", "undecided", "studies"]


def tested(study: Analysed, claim: Claim) -> tuple[list[list[Outcome]], list[list[Outcome]]]:
    """The outcomes of each of a claim's checks, and of those beside them; none where it is not tested."""
    checks, beside = ([check(study) for check in some] for some in (claim.checks, claim.beside))
    if claim.complete and not all([*checks, *beside]):
        return [], []
    return checks, beside


def evaluate(study: Analysed, claims: Sequence[Claim] = CLAIMS) -> pd.DataFrame:
    """One row per claim, check and task on which it can be tested in this study: see COLUMNS. claim: its number, from
    1; says: the kind of statement that the check makes; status, grade and evidence: of that task alone; the rest is
    what `whole` needs.

    A claim that can not be tested here is one row, not tested; its evidence says what it would need.
    """
    rows = []
    for number, claim in enumerate(claims, 1):
        stated = (number, claim.statement, claim.source, claim.found)
        checks, _ = tested(study, claim)
        for k, (check, outcomes) in enumerate(zip(claim.checks, checks, strict=False), 1):
            rows += [row(stated, study.declaration.study, k, check, outcome) for outcome in outcomes]
        if not any(checks):
            needs = f"needs {claim.needs}{no_search(study, claim)}"
            rows.append(untested((*stated, claim.says, study.declaration.study), needs))
    return pd.DataFrame(rows, columns=COLUMNS)


def row(stated: tuple, study: str, k: int, check: Check, outcome: Outcome) -> tuple:
    said = (outcome.task, outcome.status, outcome.grade, outcome.evidence)
    return (*stated, check.says, study, *said, k, check.least, outcome.complete, *outcome.weight)


def untested(stated: tuple, evidence: str) -> tuple:
    """The row of a claim that is not tested. stated: up to the study."""
    return (*stated, "", UNTESTED, "", evidence, 0, 0, False, *[math.nan] * len(NUMBERS))


def no_search(study: Analysed, claim: Claim) -> str:
    """Why a study that searched can not test a claim about the search, where that is the reason."""
    reason, ran = study.results.no_random_search.rstrip("."), set(study.declaration.cells)
    searched = any(check.searches and ran >= set(check.searches) for check in claim.checks)
    return f". {reason}" if reason and searched else ""


def facts(study: Analysed, claims: Iterable[Claim]) -> pd.DataFrame:
    """One row per claim: what was published beside what is measured here, see PUBLISHED; one that is not tested says in
    `measured` what it would need. There is no correction over claims: each is asked for itself."""
    rows = []
    for claim in claims:
        checks, beside = tested(study, claim)
        weight = settled([(check.least, found) for check, found in zip(claim.checks, checks, strict=False)])
        found = status(weight) if weight else UNTESTED
        evidence = [outcome.evidence for outcome in chain(*checks, *beside)] or [f"needs {claim.needs}"]
        reason = "" if found in (HOLDS, UNTESTED) else claim.reason
        stated = (claim.statement, claim.source, claim.found, claim.conditions)
        rows.append((*stated, "; ".join(evidence), found, reason))
    return pd.DataFrame(rows, columns=PUBLISHED)


def settled(checks: Sequence[tuple[int, Sequence[Outcome]]]) -> Weight | None:
    """A claim as a whole, from its checks' `least` and outcomes; nothing where it is not tested: nothing was, or what
    was is incomplete and does not contradict it."""
    made = [
        together(
            [o.weight for o in outcomes if o.complete],
            least,
            [o.weight for o in outcomes if not o.complete],
        )
        for least, outcomes in checks
        if outcomes
    ]
    if not made:
        return None
    weight, complete = together(made), any(o.complete for _, outcomes in checks for o in outcomes)
    return weight if complete or status(weight) == FAILS else None


def over_studies(tables: Iterable[pd.DataFrame], claims: Sequence[Claim] = CLAIMS) -> pd.DataFrame:
    """Of the rows that `evaluate` gave for several studies those of each claim, in every study that tests it: evidence
    is not chosen. A claim that none of them tests is one row, not tested."""
    tables = list(tables)
    rows = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=COLUMNS)
    parts = []
    for number, claim in enumerate(claims, 1):
        mine = rows[(rows["statement"] == claim.statement) & (rows["check"] > 0)].assign(claim=number)
        stated = (number, claim.statement, claim.source, claim.found, claim.says, "")
        needs = f"needs the results of {listing(claim.studies)}: {claim.needs}"
        parts.append(mine if len(mine) else pd.DataFrame([untested(stated, needs)], columns=COLUMNS))
    return pd.concat(parts, ignore_index=True)


def whole(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per claim: its status over all tasks and checks (`weight`), its grade, the numbers behind it and whether
    more seeds could decide it, the tasks on which it holds, fails and is undecided taken alone, and the studies that
    tested it."""
    several = rows.loc[rows["status"] != UNTESTED, "study"].nunique() > 1
    result = []
    for claim, found in rows.groupby("claim", sort=True):
        first, tested = found.iloc[0], found[found["status"] != UNTESTED]
        weight = settled([(int(some["least"].iloc[0]), outcomes(some)) for _, some in found.groupby("check")])
        places = [f"{r.task} ({r.study})" if several else str(r.task) for r in tested.itertuples()]
        numbers = "; ".join(filter(None, (said(weight), further(weight)))) if weight else first["evidence"]
        result.append(
            {
                **{name: first[name] for name in STATED[:-1]},
                "claim": claim,
                "says": "; ".join(dict.fromkeys(found["says"])),
                "status": status(weight) if weight else UNTESTED,
                "grade": grade(weight) if weight else "",
                "evidence": numbers,
                **{word: where(places, tested["status"], word) for word in (HOLDS, FAILS, OPEN)},
                "studies": ", ".join(dict.fromkeys(tested["study"])),
            }
        )
    return pd.DataFrame(result, columns=WHOLE)


def outcomes(rows: pd.DataFrame) -> list[Outcome]:
    """Of rows of `evaluate`; none of one that says that a claim is not tested."""
    return [outcome(r) for r in rows.itertuples() if r.check]


def outcome(row) -> Outcome:
    weight = Weight(*(getattr(row, name) for name in NUMBERS))
    return Outcome(row.task, row.evidence, weight._replace(n=int(row.n)), bool(row.complete))


def where(places: Sequence[str], found: Iterable[str], word: str) -> str:
    """The places at which that was found."""
    mine = [place for place, each in zip(places, found, strict=True) if each == word]
    return listing(dict.fromkeys(mine)) if mine else ""
