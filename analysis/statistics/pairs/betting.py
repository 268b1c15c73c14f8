"""What is proven of each pair at a fixed number of seeds: e-values, for any distribution (`sweeps.evidence.bets`).

The seeds of two cells are paired in their order and their differences bet on. Over the pairs of a task stands e-Holm.
A verdict that the e-values reach holds whatever the scores' distribution; one that only tests reach is likely: these
assume that the seeds show every possible outcome. How much can be unseen is `unseen_a`, `unseen_b`: the largest rate at
which trainings may end in a way that none of n seeds did, with confidence 1 - α: 1 - α^(1/n).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from sweeps.evidence import bets
from sweeps.evidence.closed import decided
from sweeps.evidence.race import BETTER, EQUIVALENT, UNDECIDED, WORSE, seeds_to_decide

COLUMNS = ("log_e_equal", "log_e_better", "log_e_worse", "bet", "unseen_a", "unseen_b")


def betting(
    values: pd.DataFrame, pairs: pd.DataFrame, *, margin: float, alpha: float, bounds: tuple[float, float]
) -> pd.DataFrame:
    """task, a, b of each pair with COLUMNS. Higher is better.

    values: one row per seed, as `statistics.scores` makes them. bounds: of a score; where one is infinite, nothing can
    be proven, and all but `unseen` is missing. log_e_better: logarithm of the evidence that a has the larger mean. bet:
    equivalent, better (a), worse or undecided.
    """
    rows = []
    for task, a, b, x, y in sides(values, pairs):
        d, width = differences(x, y, bounds)
        found = [np.nan] * 3
        if len(d) > 1 and margin < width:
            found = [float(e[-1]) for e in (bets.equal(d, margin / width), bets.better(d), bets.worse(d))]
        rows.append((task, a, b, *found, *(unseen(len(side), alpha) for side in (x, y))))
    names = ["task", "a", "b", "log_e_equal", "log_e_better", "log_e_worse", "unseen_a", "unseen_b"]
    table = pd.DataFrame(rows, columns=names)
    return table.assign(bet=words(table, alpha))[["task", "a", "b", *COLUMNS]]


def intervals(
    values: pd.DataFrame, pairs: pd.DataFrame, *, alpha: float, bounds: tuple[float, float]
) -> pd.DataFrame:
    """low, high of each pair, of confidence 1 - 2 alpha, from the same bets; missing as the e-values are."""
    found = []
    for *_, x, y in sides(values, pairs):
        d, width = differences(x, y, bounds)
        low, high = bets.interval(d, alpha) if len(d) > 1 else (np.nan, np.nan)
        found.append((low * width, high * width))
    return pd.DataFrame(found, columns=["low", "high"], index=pairs.index)


def further(
    values: pd.DataFrame, pairs: pd.DataFrame, *, margin: float, alpha: float, bounds: tuple[float, float]
) -> np.ndarray:
    """Further seeds per cell after which bets should decide each pair, were they like those seen, even were it the last
    of its family; missing where no number would do."""
    family = pairs.groupby("task", sort=False)["a"].transform("size").to_numpy(float)
    found = np.full(len(pairs), np.nan)
    for k, (*_, x, y) in enumerate(sides(values, pairs)):
        d, width = differences(x, y, bounds)
        if len(d) > 1 and margin < width:
            found[k] = seeds_to_decide(d, margin / width, equal=family[k] / alpha, differ=family[k] / alpha)
    return np.where(np.isfinite(found), np.maximum(found, 1.0), np.nan)


def sides(
    values: pd.DataFrame, pairs: pd.DataFrame
) -> Iterator[tuple[Any, Any, Any, np.ndarray, np.ndarray]]:
    """task, a, b of each pair and the scores of both in the order of their seeds."""
    seeds = {
        key: some.sort_values("seed", kind="stable")["score"].to_numpy(float)
        for key, some in values.groupby(["task", "cell"], sort=False, observed=True)
    }
    none = np.zeros(0)
    for task, a, b in pairs[["task", "a", "b"]].itertuples(index=False):
        yield task, a, b, seeds.get((task, a), none), seeds.get((task, b), none)


def differences(x: np.ndarray, y: np.ndarray, bounds: tuple[float, float]) -> tuple[np.ndarray, float]:
    """Of paired scores, as shares of the range; and the range. None where it has no end."""
    low, high = bounds
    width, n = high - low, min(len(x), len(y))
    if not np.isfinite(width):
        return np.zeros(0), width
    return np.clip((np.clip(x[:n], low, high) - np.clip(y[:n], low, high)) / width, -1, 1), width


def unseen(n: int, alpha: float) -> float:
    """The largest rate of something that none of n seeds has shown."""
    return float(1 - alpha ** (1 / n)) if n else 1.0


def most_unseen(table: pd.DataFrame) -> float:
    """The largest rate of failure that the seeds of some cell do not exclude. table: with unseen_a and unseen_b."""
    return float(table[["unseen_a", "unseen_b"]].to_numpy().max())


def words(table: pd.DataFrame, alpha: float) -> pd.Series:
    """The word of each pair, by e-Holm over the pairs of its task; a pair without e-values is undecided and takes no
    part."""
    word = pd.Series(UNDECIDED, index=table.index)
    known = table[table["log_e_equal"].notna()]
    for _, rows in known.groupby("task", sort=False):
        better, worse = np.exp(np.minimum(rows[["log_e_better", "log_e_worse"]].to_numpy(), 700.0)).T
        equal = np.exp(np.minimum(rows["log_e_equal"].to_numpy(), 700.0))
        differ = decided(np.maximum(better, worse), alpha)
        word[rows.index[differ]] = np.where(better >= worse, BETTER, WORSE)[differ]
        word[rows.index[decided(equal, alpha)]] = EQUIVALENT
    return word
