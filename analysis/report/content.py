"""What a report says, as plain data, for all the forms that it is written in: HTML, Markdown, LaTeX.

`content(study)` computes everything once, `shown(drawn)` adds the figures; the templates only lay it out. Nothing in it
is escaped.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis import words
from analysis.claims import FAILS, HOLDS, OPEN, evaluate, facts, whole
from analysis.claims.classic_facts import FACTS
from analysis.figures import SECTIONS, ranks
from analysis.report.finding import finding
from analysis.report.grids import measures, protocol
from analysis.statistics.pairs.reasons import e_value
from analysis.statistics.pairs.seeds import decided
from analysis.study import provenance
from analysis.study.controls import passed
from analysis.study.method import method
from analysis.study.tables import Analysed
from analysis.study.verdicts import against
from sweeps.store import schema

FEW_CLAIMS = 3  # undecided ones that are shown beside those that hold and fail

CONTENTS = {  # the anchors of a page's parts; those that a study lacks are left out
    "facts": "Published and measured",
    "verdicts": "Verdicts",
    "tasks": "Over all tasks",
    "measures": "By measure",
    "bayes": "Bayesian counterpart",
    "protocol": "Greff et al.'s protocol",
    "importance": "What explains the scores",
    "frontier": "Where cells differ",
    "flow": "How far back cells look",
    "budget": "Effect of the search budget",
    "claims": "Claims",
    "seeds": "Every seed",
    "configurations": "Configurations",
    "cost": "Cost",
    "provenance": "Provenance",
}


def content(study: Analysed) -> dict[str, Any]:
    """All but the figures."""
    results, declaration = study.results, study.declaration
    claims, measured = evaluate(study), published(study)
    chosen, common = provenance.configurations(results)
    told: dict[str, Any] = {
        "declaration": declaration,
        "question": [part.strip() for part in declaration.doc.strip().split("\n\n") if part.strip()],
        "trust": study.trust,
        "controls": passed(declaration, study.verdicts),
        "reference": study.reference,
        "method": method(declaration, study.verdicts),
        "e_value": e_value,
        "finding": finding(study, claims),
        "tasks": tasks(study),
        "over": over(study),
        "ranks": average_ranks(study),
        "measures": measures(study),
        "disagreements": disagreements(study),
        "protocol": protocol(study),
        "flow": looking_back(study),
        "looked": LOOKED,
        "facts": list(measured.itertuples()),
        "published": measured,
        "checks": claims,
        "claims": [
            {"whole": row, "checks": list(claims[claims["claim"] == row.claim].itertuples())}
            for row in whole(claims).itertuples()
        ],
        "short": in_short(whole(claims)),
        "chosen": chosen,
        "common": common,
        "costs": {by: provenance.cost(results, by) for by in ("stage", "cell")},
        "provenance": provenance.provenance(results),
        "statuses": [name for name in schema.STATUSES if name != schema.STOPPED or results.halved],
    }
    absent = {
        "facts": "facts",
        "tasks": "over",
        "measures": "measures",
        "protocol": "protocol",
        "flow": "flow",
    }
    missing = {anchor for anchor, key in absent.items() if not told[key]}
    missing |= set() if told["disagreements"]["pairs"] else {"bayes"}
    return told | {"contents": {a: title for a, title in CONTENTS.items() if a not in missing}}


def shown(drawn: Mapping[str, Any]) -> dict[str, Any]:
    """drawn: figures by name, as `pictures.pictures` makes them."""
    sections = {name: [drawn[f] for f in figures if f in drawn] for name, figures in SECTIONS.items()}
    return {"figures": drawn, "sections": sections}


def published(study: Analysed) -> pd.DataFrame:
    """The published facts of this study, held against its runs; no rows for a study without any."""
    return facts(study, FACTS.get(study.declaration.study, ()))


def tasks(study: Analysed) -> dict[str, dict[str, Any]]:
    """Per task: the rows against the reference, all pairs, their counts, lost seeds by cell."""
    confirm, table = study.results.stage("confirm"), study.verdicts
    rows = against(table, study.reference)
    found = {}
    for task in study.declaration.tasks:
        mine, pairs = rows[rows["task"] == task], table[table["task"] == task]
        found[task] = {
            "rows": list(mine.itertuples()),
            "told": words.listing(counted(mine["standing"], ("equivalent", "better", "worse", "undecided"))),
            "pairs": list(pairs.itertuples()),
            "counts": words.listing(counted(pairs["verdict"], ("equivalent", "different", "undecided"))),
            "lost": lost(confirm[confirm["task"] == task]),
        }
    return found


def counted(values: pd.Series, kinds: tuple[str, ...]) -> list[str]:
    """`3 equivalent`, for each of the kinds that there is."""
    return [f"{n} {kind}" for kind in kinds if (n := int((values == kind).sum()))]


def lost(confirm: pd.DataFrame) -> dict[str, str]:
    """`1 diverged and 2 failed`, of the cells that lost seeds on a task."""
    bad = confirm[confirm["status"] != "finished"]
    return {
        str(cell): words.listing(f"{n} {status}" for status, n in group["status"].value_counts().items())
        for cell, group in bad.groupby("cell")
    }


def over(study: Analysed) -> list[Any]:
    """Rows of the verdicts over all tasks against the reference; none where there is one task."""
    if study.verdicts["task"].nunique() < 2:
        return []
    return list(against(study.over_tasks, study.reference).itertuples())


def looking_back(study: Analysed) -> dict[str, dict[str, list[str]]]:
    """By task and cell how far back its networks look after training, in words, in the order of LOOKED; nothing where
    it was not measured."""
    found: dict[str, dict[str, list[str]]] = {}
    for (task, cell), rows in study.flow.groupby(["task", "cell"], sort=False):
        at: list[Any] = list(rows.itertuples())
        *before, end = at
        shares = (end.shut, end.open, end.kept)
        found.setdefault(str(task), {})[str(cell)] = [
            ", ".join(words.compact(row.horizon) for row in before),
            f"{end.horizon:g} ({end.horizon_low:g} to {end.horizon_high:g})",
            f"{words.signed(end.exponent)} ({words.between(end.exponent_low, end.exponent_high)})",
            *("" if pd.isna(share) else words.percent(share) for share in shares),
            words.number(end.score, 2),
            str(end.networks),
        ]
    return found


LOOKED = (
    *("horizon before, halfway", "horizon after", "Lyapunov exponent", "gates shut", "gates open"),
    *("kept at the horizon", "score", "networks"),
)


def in_short(claims: pd.DataFrame) -> list[dict[str, Any]]:
    """The claims that are tested here, for the first page: those that fail and hold, then those that are undecided,
    folded where there are many. claims: of `analysis.claims.whole`."""
    parts: list[dict[str, Any]] = []
    for statuses, title in (((FAILS, HOLDS), "claim"), ((OPEN,), "undecided claim")):
        rows = [row for status in statuses for row in claims[claims["status"] == status].to_dict("records")]
        if rows:
            folded = bool(parts) and len(rows) > FEW_CLAIMS
            parts.append({"rows": rows, "title": words.count(len(rows), title), "folded": folded})
    return parts


def average_ranks(study: Analysed) -> dict[str, Any]:
    """Where there is no diagram of them: why not, and the rows of `figures.ranks`; empty where there is one."""
    why = ranks.absent(study)
    rows = list(ranks.data(study).itertuples()) if why else []
    return {"why": why, "rows": rows} if rows else {}


def disagreements(study: Analysed) -> dict[str, Any]:
    """All pairs: how many have both verdicts, how many agree, and the others."""
    rows = decided(study.verdicts)
    rows = rows[rows["posterior_equal"].notna()]
    apart = rows[~rows["agree"].astype(bool)]
    return {"pairs": len(rows), "agree": len(rows) - len(apart), "rows": list(apart.itertuples())}
