"""What is undecided and why: one line per reason, with its comparisons and the seeds that would decide them."""

from dataclasses import dataclass

import pandas as pd

from analysis.statistics.pairs.reasons import RACE, UNBOUNDED, UNDECIDED, unseen
from analysis.words import listing


@dataclass(frozen=True, kw_only=True)
class Open:
    """why: the reason. where: cells by task, as `adding: nig and nfg; copy: cifg`. count: comparisons. further: seeds
    per cell that should decide them, in words."""

    why: str
    where: str
    count: int
    further: str


def undecided(rows: pd.DataFrame) -> list[Open]:
    """The undecided among `rows` (cells against the reference, or against several), the commonest reason first."""
    several = rows["reference"].nunique() > 1
    rows = rows[rows["standing"] == UNDECIDED]
    if rows.empty:
        return []
    called = [
        f"{row.cell} against {row.reference}" if several else str(row.cell) for row in rows.itertuples()
    ]
    rows = rows.assign(reason=[reason(row) for row in rows.itertuples(index=False)], cell=called)
    found = [
        Open(why=str(why), where=where(some), count=len(some), further=further(some["seeds_to_decide"]))
        for why, some in rows.groupby("reason", sort=False)
    ]
    return sorted(found, key=lambda one: -one.count)


def reason(row) -> str:
    """Why one comparison is undecided, in the same words for all that are so for the same reason."""
    margin = f"±{row.margin:g}"
    if min(row.n_a, row.n_b) < 2 or (row.method == RACE and not row.looked):
        return "too few seeds yet"
    if row.method == RACE:
        if pd.isna(row.seeds_to_decide):
            return f"the difference is near the margin {margin}: no number of seeds like these would decide"
        return "the seeds ran out before the evidence was enough"
    if row.p_equivalence <= row.alpha:
        return f"within {margin} taken alone, not after Holm over all pairs"
    if row.p_difference <= row.alpha:
        return "significant taken alone, not after Holm over all pairs"
    if row.method.startswith(UNBOUNDED):
        return "tied seeds of a score without bounds"
    if unseen(row) and row.low <= 0 <= row.high:
        return "all seeds of a cell score the same, so rare failures cannot be excluded"
    return f"the interval reaches beyond {margin}, and the difference is not significant"


def where(rows: pd.DataFrame) -> str:
    """Cells by task."""
    return "; ".join(f"{task}: {listing(some['cell'])}" for task, some in rows.groupby("task", sort=False))


def further(seeds: pd.Series) -> str:
    """From the fewest to the most seeds that should decide, and for how many no number would."""
    known = seeds.dropna()
    if known.empty:
        return "no foreseeable number"
    low, high = f"{known.min():,.0f}", f"{known.max():,.0f}"
    text = low if low == high else f"{low} to {high}"
    return text + (
        f"; for {len(seeds) - len(known)} no foreseeable number" if len(known) < len(seeds) else ""
    )
