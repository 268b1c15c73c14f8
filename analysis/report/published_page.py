"""The page that sets tables of papers beside what is measured here; `make published` writes it.

python -m analysis.report.published_page docs/published.md docs
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from scipy import stats

from analysis.claims.published_table import LONGER, LOSS, MEASURES, SCORE, PublishedTable, Row
from analysis.claims.published_tables import TABLES
from analysis.report.markdown import escape, table
from analysis.study.results import load
from sweeps.store.schema import longer_column, longer_factors

LEVEL = 0.05
HEAD = """# Published tables, beside what is measured here

Left the number that the paper prints, right what the shipped results say of the nearest arm: the mean over the fresh
seeds of its chosen setting, its 95 % t interval, and the number of seeds. Empty: not printed there, or not run here.
Which cell is better is said by [verdicts](verdicts.md) and [claims](claims.md), not by these intervals. The language
models of the first two papers were not run.

This page is generated from the results by

    python -m analysis.report.published_page docs/published.md docs
"""


def values(runs: pd.DataFrame, measure: str, chance: float = 0.0) -> pd.Series:
    """A number a seed. Scores: one that did not finish scores 0, as everywhere; otherwise it has none. chance: as in
    `Row`."""
    finished = runs["status"] == "finished"
    match measure:
        case "score":
            return runs["test_score"].where(finished).fillna(0.0).clip(lower=0.0)
        case "accuracy":
            return 100 * (1 - runs["test_error"].where(finished).fillna(1.0))
        case "answers":
            return answers(runs[["test_score"]], finished, chance)
        case "longer":
            names = [longer_column("score", factor) for factor in longer_factors(map(str, runs))]
            return answers(runs[names], finished, chance)
        case _:
            return runs["test_loss"].where(finished)


def answers(scores: pd.DataFrame, finished: pd.Series, chance: float) -> pd.Series:
    """Right answers in per cent, the mean over columns of scores, which are shares of them above chance."""
    return 100 * (chance + (1 - chance) * scores.mean(axis="columns").where(finished).fillna(0.0))


def measured(row: Row, runs: pd.DataFrame | None, measure: str) -> str:
    """Mean, interval, seeds; empty for an arm that there is not."""
    if runs is None or not row.cell:
        return ""
    found = values(runs[(runs["task"] == row.task) & (runs["cell"] == row.cell)], measure, row.chance)
    if len(found) < 2:
        return ""
    missing = int(found.isna().sum())
    if missing:
        return f"{missing} of {len(found)} seeds without a loss"
    mean, half = found.mean(), float(stats.t.ppf(1 - LEVEL / 2, len(found) - 1) * stats.sem(found))
    digits = {SCORE: 3, LOSS: 4}.get(measure, 1)
    where = f" on {row.task}" if measure == LOSS else ""
    best = f", best {found.max():.{digits}f}" if measure == LONGER else ""
    interval = f"{mean - half:.{digits}f} to {mean + half:.{digits}f}"
    return f"{mean:.{digits}f} ({interval}; {len(found)} seeds of {row.cell}{where}{best})"


def section(told: PublishedTable, docs: Path) -> str:
    """One table of a paper. docs: the folder in which the published studies are."""
    folder = docs / told.study / "results"
    runs = load(folder, told.study).stage("confirm") if folder.is_dir() else None
    rows = [[row.network, row.printed, measured(row, runs, told.measure)] for row in told.rows]
    here = f"here: {MEASURES[told.measure]}, study {told.study}"
    missing = (
        "" if runs is not None else f"\nThe results of the study {escape(told.study)} are not shipped yet.\n"
    )
    return "\n".join(
        [
            f"## {escape(told.title)}",
            "",
            f"{escape(told.source)}.",
            table(["network", f"there: {told.printed}", here], rows),
            f"{escape(told.differs)}\n{missing}",
        ]
    )


def page(docs: Path, tables: Iterable[PublishedTable] = TABLES) -> str:
    """The page's text."""
    return "\n".join([HEAD, *(section(told, docs) for told in tables)]).rstrip("\n") + "\n"


if __name__ == "__main__":
    out, folder = sys.argv[1:]
    Path(out).write_text(page(Path(folder)), encoding="utf-8")
