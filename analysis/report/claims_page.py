"""The page on all claims, over the shipped studies; `make claims` writes it."""

import sys
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from analysis.claims.evaluation import over_studies, whole
from analysis.claims.outcome import UNTESTED
from analysis.report.markdown import escape, table
from analysis.words import listing
from sweeps.errors import InputError

HEAD = """# Claims, tested

What the literature claims about recurrent cells and about tuning them. Each claim is a small declaration in
[claims/literature.py](../analysis/claims/literature.py) and is evaluated on the results in this folder. A claim
holds if it holds on every task that it concerns, and fails if it fails on one. A failure here does not refute
the source, which used other tasks: the finding does not carry over to these. More seeds could decide undecided claims.

To hold, a claim must pass every test, so the level of 5 % needs no correction. To fail, one task is enough: each
verdict is wrong with a probability of at most 5 %, one of T tasks with up to 1 - 0.95^T (19 % with four).

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
        found.append(pd.read_csv(path, keep_default_na=False))
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
        ["", "claim", "source", "here", "studies"],
        (
            [row.claim, row.statement, f"{row.source}: {row.found}", row.status, row.studies]
            for row in summary.itertuples()
        ),
    )
    parts = [HEAD.format(folders=" ".join(f"docs/{folder.name}" for folder in folders))]
    parts.append(f"Of {len(summary)} claims {said}.\n{overview}\n## The evidence\n")
    for number, found in rows.groupby("claim", sort=True):
        parts.append(f"**{number}. {escape(found['statement'].iloc[0])}**\n")
        parts.append("\n".join(line(row) for row in found.itertuples()) + "\n")
    return "\n".join(parts)


def line(row) -> str:
    where = f" on {escape(row.task)} ({escape(row.study)})" if row.task else ""
    return f"- {row.status}{where}: {escape(row.evidence)}"


if __name__ == "__main__":
    out, *folders = sys.argv[1:]
    Path(out).write_text(page(Path(folder) for folder in folders), encoding="utf-8")
