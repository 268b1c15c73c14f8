"""The factors of a search: which settings varied, over which range and scale, and the grid that stands for it.

A factor is a field of the trials' specs that varies within a cell and task, or the cell itself. Its measure is
uniform over the search space, as a grid of equally likely points:

    log, linear   a range, cut into 32 equal bins on the scale on which the tried values are spread more evenly
                  (by Kolmogorov and Smirnov's distance), so that log-uniform draws are found to be such
    levels        at most 10 different numbers, each a point, in their order
    labels        no order at all: cells, and every field that is not a number

A field has its path in the spec as name of its column. Cells inside `Layers` have theirs one level down; both are
one factor here. A field that a cell does not have is missing in its rows, and such a factor is left out of a
task's analysis, by name.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from sweeps.store import schema

LOG, LINEAR, LEVELS, LABELS = "log", "linear", "levels", "labels"
BINS = 32
FEW = 10
CELL = "cell"
NAMES = {
    "cell.hidden": "hidden size",
    "cell.noise": "input noise",
    "optimizer.b1": "momentum (b1)",
    "optimizer.b2": "second moment (b2)",
    "optimizer.clip": "gradient clip",
}


@dataclass(frozen=True, kw_only=True)
class Factor:
    """name: as people read it, and its column. scale: LOG, LINEAR, LEVELS or LABELS. points: the grid, ascending
    numbers (of a range: the middle of each bin) or labels. low, high: the range."""

    name: str
    scale: str
    points: tuple
    low: float = np.nan
    high: float = np.nan

    def codes(self, values: pd.Series) -> np.ndarray:
        """Position in `points` of each value."""
        if self.scale in (LOG, LINEAR):
            low, high = scaled([self.low, self.high], self.scale)
            share = (scaled(values, self.scale) - low) / (high - low)
            return np.clip((share * len(self.points)).astype(int), 0, len(self.points) - 1)
        return values.map({point: k for k, point in enumerate(self.points)}).to_numpy(int)

    def encoded(self) -> np.ndarray:
        """`(points, columns)`: what a tree sees of each point; labels as one column each, so without order."""
        n = len(self.points)
        return np.eye(n) if self.scale == LABELS else np.arange(n, dtype=float)[:, None]


def scaled(values, scale: str) -> np.ndarray:
    numbers = np.asarray(values, float)
    return np.log(numbers) if scale == LOG else numbers


def factor(name: str, values: pd.Series) -> Factor:
    """The factor with these tried values; missing ones do not count."""
    known = values.dropna()
    if not pd.api.types.is_numeric_dtype(known) or pd.api.types.is_bool_dtype(known):
        return Factor(name=name, scale=LABELS, points=tuple(dict.fromkeys(known)))
    different = np.unique(known.to_numpy(float))
    if len(different) <= FEW:
        return Factor(name=name, scale=LEVELS, points=tuple(different))
    scale, (low, high) = evener(different), (different[0], different[-1])
    ends = scaled([low, high], scale)
    middles = ends[0] + (ends[1] - ends[0]) * (np.arange(BINS) + 0.5) / BINS
    points = tuple(np.exp(middles) if scale == LOG else middles)
    return Factor(name=name, scale=scale, points=points, low=float(low), high=float(high))


def evener(different: np.ndarray) -> str:
    """The scale, LOG or LINEAR, on which these numbers are nearer to uniform between their ends."""
    if different[0] <= 0:
        return LINEAR
    distance = {}
    for scale in (LOG, LINEAR):
        z = scaled(different, scale)
        distance[scale] = stats.kstest((z - z[0]) / (z[-1] - z[0]), "uniform").statistic
    return min(distance, key=lambda scale: distance[scale])


def searched(trials: pd.DataFrame, score: Iterable[float]) -> tuple[pd.DataFrame, list[Factor]]:
    """The table of a search and its factors, the cell last; no factors where no setting varies within a cell.

    trials: rows of the trials table with the columns of their specs. score: of each, in their order. The table has
    the columns task, cell, status, score, setting (rows with equal numbers were tried with the same values, so
    that they stand or fall together when trials are resampled) and one column per factor under its readable name.
    """
    table = trials[["task", CELL, "status"]].assign(score=np.asarray(list(score), float))
    fields: dict[str, pd.Series] = {}
    for column in trials.columns:
        if column in schema.TRIAL_COLUMNS or re.fullmatch(r"(test_\w+_x\d+|stage)", column):
            continue
        path = re.sub(r"^(cell\.)+", "cell.", str(column))
        fields[path] = fields[path].combine_first(trials[column]) if path in fields else trials[column]
    arms = [table["task"], table[CELL]]
    varying = {p: v for p, v in fields.items() if (v.groupby(arms, sort=False).nunique() > 1).any()}
    names = readable(list(varying))
    for path, values in varying.items():
        table[names[path]] = values
    found = [factor(names[path], table[names[path]]) for path in varying]
    if found:
        found.append(Factor(name=CELL, scale=LABELS, points=tuple(dict.fromkeys(table[CELL]))))
    return table.assign(setting=settings(table, list(names.values()), trials)), found


def settings(table: pd.DataFrame, names: list[str], trials: pd.DataFrame) -> np.ndarray:
    """A number for each different combination of values. Where these are few (a grid), its seeds tell settings
    apart, too: the points of a grid were not drawn, its seeds were."""
    keys = ["task", *names]
    number = table.groupby(keys, sort=False, dropna=False).ngroup()
    if number.groupby(table["task"]).nunique().min() < 2 * FEW and "seed" in trials:
        number = table.assign(seed=trials["seed"]).groupby([*keys, "seed"], sort=False, dropna=False).ngroup()
    return number.to_numpy()


def readable(paths: list[str]) -> dict[str, str]:
    """`optimizer.learning_rate` as `learning rate`; with more of the path where two would share a name."""
    short = {path: NAMES.get(path, path.rpartition(".")[2].replace("_", " ")) for path in paths}
    taken = [*short.values(), "task", CELL, "status", "score", "setting"]
    return {p: n if taken.count(n) == 1 else p.replace("_", " ").replace(".", ", ") for p, n in short.items()}
