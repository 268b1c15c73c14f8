"""What a study with k search trials per cell would have concluded: its verdict as a function of k.

Most comparisons give each cell k trials, keep the best by validation and compare the two test scores. Of all
the studies that could have been drawn from the n trials that ran, the share in which the cell's selected score
comes out *above* the reference's by more than the margin, *within* it or *below*, is computed exactly. Cells
that searched the same settings with the same seeds (as those of a study do) get the same k of them; others (an alias)
draw their own. See `search.selection`. Ties are broken at random.

Interval: the share is an average over ways to cut the n trials into n/k studies without a trial in common, so its
variance is at most that of n/k independent ones (Hoeffding 1948), and Wilson's interval of so many covers at least
what it says. `conclusion` is what at least 95 % of the studies conclude where the interval shows that most do; else
undecided, and unknown where fewer than ENOUGH of them fit into n, so that not even all of them could show it. These
are comparisons of one seed per cell; verdicts come from the confirm stage.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from analysis.statistics.search.budget import OCTAVE, budgets, ranked
from analysis.statistics.search.selection import independent, paired, untied

OUTCOMES = ("below", "within", "above")
CONCLUSIONS = ("worse", "equivalent", "better")
UNKNOWN = "unknown"
SURE, ENOUGH, DRAWS = 0.95, 4, 16
METHOD = "share of k-trial studies"
COLUMNS = ["task", "cell", "reference", "k", "outcome", "value", "low", "high", "n", "conclusion"]
COLUMNS += ["margin", "method"]


@dataclass(frozen=True)
class Pair:
    """Two cells on one task. a, b: places of their trials, ties alike; kind[i, j]: outcome when trial i is selected for
    the cell and j for the reference. together: trial i of both has the same settings and seed. tied: it matters which
    of some trials that tie is selected."""

    a: np.ndarray
    b: np.ndarray
    kind: np.ndarray
    together: bool
    tied: bool

    @staticmethod
    def of(cell: pd.DataFrame, reference: pd.DataFrame, margin: float) -> "Pair":
        """Of two groups of `budget.ranked`; by seed where they have seeds in common."""
        together = cell["seed"].is_unique and reference["seed"].is_unique
        seeds = np.intersect1d(cell["seed"], reference["seed"]) if together else np.array([])
        if len(seeds):
            cell, reference = (side.set_index("seed").loc[seeds] for side in (cell, reference))
        difference = cell["test"].to_numpy()[:, None] - reference["test"].to_numpy()
        kind = 1 + (difference > margin).astype(int) - (difference < -margin)
        tied = any((side.groupby("place")["test"].nunique() > 1).any() for side in (cell, reference))
        return Pair(cell["place"].to_numpy(), reference["place"].to_numpy(), kind, len(seeds) > 0, tied)

    @property
    def n(self) -> int:
        return min(len(self.a), len(self.b))

    def chances(self, ks: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Chance of each outcome for every k (k, outcome), ties broken at random once."""
        how = paired if self.together else independent
        return how(untied(self.a, generator), untied(self.b, generator), self.kind, ks)

    def table(self, generator: np.random.Generator, confidence: float, octave: int) -> pd.DataFrame:
        """k, outcome, value, low, high, n, conclusion, method."""
        ks = budgets(self.n, octave)
        draws = [self.chances(ks, generator) for _ in range(DRAWS if self.tied else 1)]
        chance = np.mean(draws, axis=0).clip(0, 1)
        studies = (self.n / ks)[:, None]
        low, high = proportion_confint(chance * studies, studies, alpha=1 - confidence, method="wilson")
        said = np.array(CONCLUSIONS)[chance.argmax(axis=1)]
        said[(chance.max(axis=1) < SURE - 1e-9) | (low.max(axis=1) <= 0.5)] = "undecided"
        said[ks * ENOUGH > self.n] = UNKNOWN
        how = "same settings for both" if self.together else "independent searches"
        return pd.DataFrame(
            {
                "k": ks.repeat(len(OUTCOMES)),
                "outcome": np.tile(OUTCOMES, len(ks)),
                "value": chance.ravel(),
                "low": low.ravel(),
                "high": high.ravel(),
                "n": self.n,
                "conclusion": said.repeat(len(OUTCOMES)),
                "method": f"{METHOD}, {how}; Wilson interval of n/k studies, {confidence:.0%}",
            }
        )


def budget_verdicts(
    search: pd.DataFrame,
    reference: str,
    *,
    margin: float,
    generator: np.random.Generator,
    measure: str = "test_score",
    confidence: float = 0.95,
    octave: int = OCTAVE,
) -> pd.DataFrame:
    """One row per task, cell but the reference, k of `budgets(n, octave)` and outcome: see COLUMNS.

    n: the trials that cell and reference have in common, or the fewer of the two.
    """
    parts = []
    for task, rows in ranked(search, measure=measure).groupby("task", sort=False):
        cells = {str(cell): group for cell, group in rows.groupby("cell", sort=False)}
        if reference in cells:
            for cell in cells:
                if cell != reference:
                    pair = Pair.of(cells[cell], cells[reference], margin)
                    table = pair.table(generator, confidence, octave).assign(task=task, cell=cell)
                    most = max(len(cells[cell]), len(cells[reference]))
                    mark = "" if pair.n == most else f"; {pair.n} of {most} trials"
                    parts.append(table.assign(method=table["method"] + mark))
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    return pd.concat(parts, ignore_index=True).assign(reference=reference, margin=margin)[COLUMNS]
