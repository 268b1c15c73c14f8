"""The page on all claims, over the shipped studies; `make claims` writes it."""

import sys
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from analysis.claims.evaluation import NUMBERS, over_studies, whole
from analysis.claims.outcome import UNTESTED
from analysis.report.markdown import escape, table
from analysis.words import listing
from sweeps.errors import InputError

HEAD = """# Claims, tested

What the literature claims about recurrent cells and about tuning them. Each claim is a small declaration in
[claims/literature.py](../analysis/claims/literature.py) and is evaluated on the results in this folder. What kind of
statement it is stands under *asked*: what a source calls significant is asked without a margin, what it calls the same
or far apart with the margin of the study. A failure here does not refute the source, which used other tasks: the
finding does not carry over to these.

A claim **holds** when the evidence suffices for every cell and every task, or for as many tasks as it names; as all of
them must pass, the level of 5 % needs no correction. It **fails** when the evidence to the contrary reaches that level
after a correction for the number of cells and tasks among which it was found. Otherwise it is **undecided**, with the
number of further seeds that should decide it, if any would. A task on which neither cell has learnt anything decides
nothing. The evidence is p-values where the number of seeds was fixed, and e-values where seeds were added after
looking; *proven* means that e-values suffice, which assume nothing about the distribution of scores, and *likely*
that only the p-values do ([verdicts](verdicts.md)). Further seeds are those after which e-values should suffice. The
words in the last part are for each task alone; how they come together is in
[claims/weight.py](../analysis/claims/weight.py). Intervals of differences have 90 %, those of shares 95 %.

This page is generated from the results by

    python -m analysis.report.claims_page docs/claims.md {folders}
"""


def read(folders: Iterable[Path]) -> list[pd.DataFrame]:
    """The claims.csv that `analysis.report.publish` wrote into each folder. Raises InputError where one is missing."""
    found = []
    for folder in folders:
        path = folder / "claims.csv"
        if not path.is_file():
            raise InputError(
                f"There is no {path}; write the folder with `python -m analysis.report.publish` first."
            )
        table = pd.read_csv(path, keep_default_na=False)
        found.append(table.assign(**{c: pd.to_numeric(table[c], errors="coerce") for c in NUMBERS}))
    return found


def page(folders: Iterable[Path]) -> str:
    """The page's text."""
    folders = list(folders)
    rows = over_studies(read(folders))
    summary = whole(rows)
    counts = summary["status"].value_counts()
    said = listing(
        f"{n} {word}"
        for status, word in (
            ("holds", "hold"),
            ("fails", "fail"),
            ("undecided", "are undecided"),
            (UNTESTED, "are not tested"),
        )
        if (n := int(counts.get(status, 0)))
    )
    overview = table(
        ["", "claim", "source", "asked", "here", "evidence", "studies"],
        (
            [
                *(row.claim, row.statement, f"{row.source}: {row.found}", row.says, word(row)),
                *(row.evidence if row.studies else "", row.studies),
            ]
            for row in summary.itertuples()
        ),
    )
    parts = [HEAD.format(folders=" ".join(f"docs/{folder.name}" for folder in folders))]
    parts.append(f"Of {len(summary)} claims {said}.\n{overview}\n## The evidence\n")
    for number, found in rows.groupby("claim", sort=True):
        parts.append(f"**{number}. {escape(found['statement'].iloc[0])}**\n")
        several = found["says"].nunique() > 1
        for says, check in found.groupby("says", sort=False):
            parts.extend([f"{escape(str(says).capitalize())}:\n"] if several else [])
            parts.append("\n".join(line(row) for row in check.itertuples()) + "\n")
    return "\n".join(parts)


def word(row) -> str:
    """The status with its grade: `holds, proven`."""
    return f"{row.status}, {row.grade}" if row.grade else str(row.status)


def line(row) -> str:
    where = f" on {escape(row.task)} ({escape(row.study)})" if row.task else ""
    return f"- {word(row)}{where}: {escape(row.evidence)}"


if __name__ == "__main__":
    out, *folders = sys.argv[1:]
    Path(out).write_text(page(Path(folder) for folder in folders), encoding="utf-8")
