"""Average ranks over tasks and critical differences, as benchmarks of classifiers are compared.

Demšar (2006, "Statistical Comparisons of Classifiers over Multiple Data Sets"). On each of N tasks the k cells
are ranked by their mean score, the best 1, ties shared. R is a cell's average rank.

    Friedman          are the ranks more unequal than chance makes them?
    Nemenyi           two cells differ where |R_a - R_b| > CD,   CD = q_α √(k(k+1) / 6N),
                      q_α the studentised range's quantile for k groups over √2
    Wilcoxon-Holm     signed ranks of each pair's N differences, Holm over all pairs (Benavoli et al. 2016, "Should
                      We Really Use Post-Hoc Tests Based on Mean-Ranks?": Nemenyi's depends on who else takes part)

The sample is the *tasks*: seeds only make their means finer. With N < 5 it has next to no power, and with N < 6 the
signed-rank test cannot reach 0.05 at all (its least p-value is 2/2^N). Ranks know no margin, either: a lead
of 0.0001 counts as much as one of 0.5. That is why verdicts do not come from here.
"""

import string
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from analysis.statistics.holm import holm
from analysis.statistics.over_tasks.complete_blocks import Blocks, complete

METHOD = "average rank ± CD/2 (Nemenyi)"
FEW, MOST = 5, 12
COLUMNS = ["cell", "value", "low", "high", "n", "critical_difference", "p_friedman", "nemenyi", "wilcoxon"]
COLUMNS += ["alpha", "seeds", "left_out", "method"]


def mean_scores(blocks: Blocks) -> pd.DataFrame:
    """Mean score by task (rows) and cell (columns)."""
    wide = blocks.values.pivot_table(index="task", columns="cell", values="score", aggfunc="mean", sort=False)
    # equal scores have equal means only up to the order of the sum
    return wide.reindex(index=blocks.tasks, columns=blocks.cells).round(12)


def average_ranks(means: np.ndarray) -> np.ndarray:
    """Ranks within tasks, averaged over them: means (..., tasks, cells) to (..., cells); the best is 1."""
    return stats.rankdata(-means, axis=-1).mean(axis=-2)


def critical_difference(cells: int, tasks: int, alpha: float = 0.05) -> float:
    """Nemenyi's; for alpha 0.05 and 2, 3, 4... cells q is 1.960, 2.343, 2.569..."""
    q = stats.studentized_range.ppf(1 - alpha, cells, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(cells * (cells + 1) / (6 * tasks)))


def ranks(values: pd.DataFrame, *, alpha: float = 0.05) -> pd.DataFrame:
    """One row per cell, the best first: see COLUMNS. n: tasks; seeds: fewest of a mean. Fewer than 2 tasks: no rows.

    nemenyi, wilcoxon: the letters of the groups that the cell is in, as `ab`; cells that share a letter are not
    distinguished, and one with `-` is distinguished from all others. p_friedman is missing for 2 cells.
    """
    blocks = complete(values)
    means = mean_scores(blocks)
    n, k = means.shape
    if n < 2 or k < 2:
        return pd.DataFrame(columns=COLUMNS)
    rank = (
        pd.Series(average_ranks(means.to_numpy()), index=means.columns)
        .sort_index()
        .sort_values(kind="stable")
    )
    cd = critical_difference(k, n, alpha)
    apart = wilcoxon(means)
    told = set(apart.loc[apart["p_holm"] <= alpha, ["a", "b"]].itertuples(index=False, name=None))
    by_rank = {(a, b) for a, b in combinations(rank.index, 2) if rank[b] - rank[a] > cd}
    method = METHOD + blocks.unbalanced + (f"; {n} tasks have next to no power" if n < FEW else "")
    return pd.DataFrame(
        {
            "cell": rank.index,
            "value": rank.to_numpy(),
            "low": rank.to_numpy() - cd / 2,
            "high": rank.to_numpy() + cd / 2,
            "n": n,
            "critical_difference": cd,
            "p_friedman": friedman(means),
            "nemenyi": memberships(list(rank.index), by_rank),
            "wilcoxon": memberships(list(rank.index), told),
            "alpha": alpha,
            "seeds": blocks.values.groupby(["task", "cell"]).size().min(),
            "left_out": blocks.left_out,
            "method": method,
        }
    )[COLUMNS]


def friedman(means: pd.DataFrame) -> float:
    """p-value of Friedman's test; missing for fewer than 3 cells, 1 where all cells tie on all tasks."""
    if means.shape[1] < 3:
        return np.nan
    if (means.nunique(axis=1) == 1).all():
        return 1.0
    return float(stats.friedmanchisquare(*means.to_numpy().T).pvalue)


def wilcoxon(means: pd.DataFrame) -> pd.DataFrame:
    """Signed-rank test of every pair of cells: a, b, p, p_holm. Cells that tie on all tasks have p = 1."""
    rows = []
    for a, b in combinations(means.columns, 2):
        difference = (means[a] - means[b]).to_numpy()
        rows.append((a, b, signed_rank(difference) if difference.any() else 1.0))
    table = pd.DataFrame(rows, columns=["a", "b", "p"])
    return table.assign(p_holm=holm(table["p"], pd.Series(0, index=table.index)))


def signed_rank(difference: np.ndarray) -> float:
    """p-value of the signed-rank test; tasks on which both tie keep their rank but have no sign (Pratt).

    Up to MOST tasks it is exact, also with ties: all signs are gone through, which SciPy does for minutes.
    """
    if len(difference) > MOST:
        return float(stats.wilcoxon(difference, zero_method="pratt", method="asymptotic").pvalue)
    size = stats.rankdata(np.abs(difference)) * (difference != 0)
    signs = 1 - 2 * (np.arange(2 ** len(size))[:, None] >> np.arange(len(size)) & 1)
    observed = abs(np.sign(difference) @ size)
    return float((np.abs(signs @ size) >= observed - 1e-9).mean())


def memberships(cells: list[str], apart: set[tuple[str, str]]) -> list[str]:
    """Letters of the groups of each cell: longest runs of neighbours in rank of which no two are apart."""
    different = apart | {(b, a) for a, b in apart}
    ends: list[tuple[int, int]] = []
    for first in range(len(cells)):
        last = first
        while last + 1 < len(cells) and all(
            (c, cells[last + 1]) not in different for c in cells[first : last + 1]
        ):
            last += 1
        if last > first and (not ends or last > ends[-1][1]):
            ends.append((first, last))
    names = string.ascii_lowercase + string.ascii_uppercase
    return [
        "".join(names[g] for g, (a, b) in enumerate(ends) if a <= i <= b) or "-" for i in range(len(cells))
    ]
