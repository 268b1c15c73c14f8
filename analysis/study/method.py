"""How the verdicts of a study were reached, in sentences for its pages."""

import numpy as np
import pandas as pd

from analysis.statistics.pairs.betting import most_unseen
from analysis.statistics.pairs.seeds import decided, fewer
from analysis.words import count, listing
from sweeps.evidence.bets import interval
from sweeps.store.declaration import Declaration

ROUNDING = 1e-9  # of a product: far below a step between two margins
SHARES = (0.4, 0.6, 0.8, 1.0, 1.2, 1.6, 2.0)  # of the margin, which are told side by side


def method(declaration: Declaration, verdicts: pd.DataFrame) -> str:
    """What equivalent, better, worse and undecided mean here, and how much so many seeds can have missed. verdicts: of
    every pair on every task."""
    margin, level = f"±{declaration.margin:g}", f"level {declaration.alpha:g}"
    if declaration.race:
        look, most = declaration.race["look"], declaration.race["most"]
        return (
            f"Seeds were added, {look} at a time and at most {most} per cell, until e-values decided. Equivalent: "
            f"proven to lie within {margin}; better or worse: proven to differ; for any distribution of scores, at "
            f"{level} over the declared comparisons of a task and all looks together; otherwise undecided."
        )
    return (
        f"Equivalent: two one-sided Welch tests within {margin}; better or worse: Welch's t-test; both, and the "
        f"intervals, widened for skewness near the bounds; at {level} after Holm over all pairs of a task; otherwise "
        f"undecided. Tied or saturated scores have distribution-free bounds. Proven: e-values reach the verdict too, "
        f"whatever the distribution of the scores; likely: the tests alone do.{missed(declaration, verdicts)}"
    )


def missed(declaration: Declaration, verdicts: pd.DataFrame) -> str:
    """The largest rate of failure that the seeds of a cell do not exclude; nothing before there are two a side."""
    rows = decided(verdicts)
    if rows.empty:
        return ""
    return (
        f" These assume that the seeds show every possible outcome: up to {most_unseen(rows):.0%} of trainings may "
        f"fail unseen ({fewer(rows).min()} seeds, confidence {1 - declaration.alpha:.0%})."
    )


def margins(declaration: Declaration, rows: pd.DataFrame) -> str:
    """How many comparisons of a race would be equivalent at smaller and larger margins, in two sentences. rows: the
    comparisons, with their smallest_margin; nothing where none has been looked at, or nothing raced."""
    if not declaration.race or not (rows["looked"] > 0).any():
        return ""
    reached, most = rows["smallest_margin"], declaration.race["most"]
    told = [
        f"{int((reached <= share * declaration.margin * (1 + ROUNDING)).sum())} at ±{share * declaration.margin:g}"
        + (" (the study's)" if share == 1 else "")
        for share in SHARES
    ]
    least = -interval(np.zeros(most), declaration.alpha)[0]
    return (
        f"How many of {count(len(rows), 'comparison')} these seeds prove equivalent depends on the margin: "
        f"{listing(told)}; each margin holds by itself. Seeds stop where the study's margin is decided, and {most} of "
        f"a cell can prove none below ±{least:.2g}, whatever they score."
    )


def adjusted(declaration: Declaration) -> str:
    """Over what the level is kept."""
    if declaration.race:
        return "e-Holm over the declared comparisons of a task, at every look"
    return "Holm over all pairs of a task"
