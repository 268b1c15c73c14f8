"""Anybody's results: a tidy table, from any framework, to the values that verdicts are made of.

    cell,task,seed,status,test_score          one row per run; status may be left out
    lstm,adding,0,finished,0.981
    gru,adding,0,diverged,

Nothing is left out and nothing is guessed. A run that diverged or failed says so in `status` and counts as the
worst that the measure can be; a finished one without a value is an error. Whatever is wrong is said before anything
is computed. What is not wrong but should be known (unequal numbers of seeds, assumed bounds) becomes a note.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.statistics.pairs.compare import BETTING, CAUTIOUS, METHODS
from analysis.statistics.scores import COLUMNS
from analysis.user_table.columns import keyed, labels, lookalikes, numbers, refuse, statuses, text
from analysis.words import count, listing
from sweeps.errors import InputError

APART = 10  # times the scale of another task
SCALES = "Tasks differ in scale"
Bounds = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What verdicts are asked for: the column, its margin, the level, what a value can be (None: see `assumed`), and
    the method by which they are reached (`pairs.compare`).

    Raises InputError for a margin, level, bounds or method that make no sense.
    """

    measure: str
    margin: float
    alpha: float = 0.05
    bounds: Bounds | None = None
    better: str = "higher"
    method: str = CAUTIOUS

    def __post_init__(self) -> None:
        if not 0 < self.margin < math.inf:
            raise InputError(
                f"The margin, the smallest difference that matters, must be > 0 in units of {self.measure}; got "
                f"{self.margin:g}."
            )
        if not 0 < self.alpha < 0.5:
            raise InputError(f"alpha must lie between 0 and 0.5, such as 0.05; got {self.alpha:g}.")
        if self.method not in METHODS:
            raise InputError(f"Verdicts are reached by method {' or '.join(METHODS)}; got '{self.method}'.")
        if self.better not in ("higher", "lower"):
            raise InputError(f"A measure is better when it is 'higher' or 'lower'; got '{self.better}'.")
        if self.bounds is not None:
            low, high = self.bounds
            if not low < high:
                raise InputError(f"Bounds need LOW < HIGH; got {low:g} and {high:g}.")
            if self.margin >= high - low:
                raise InputError(
                    f"A margin of {self.margin:g} is as wide as the bounds {low:g} to {high:g}: everything would be "
                    f"equivalent. Choose the smallest difference that matters, in the unit of the values: perhaps "
                    f"it is in per cent and they are fractions."
                )


@dataclass(frozen=True, kw_only=True)
class External:
    """A table that was found right. values: one row per run, as `statistics.scores` makes them. bounds: of a value.
    balanced: every cell has as many seeds, on every task. notes: what a reader should know, a sentence each."""

    asked: Asked
    values: pd.DataFrame
    bounds: Bounds
    balanced: bool
    notes: list[str]

    @property
    def cells(self) -> list[str]:
        return list(dict.fromkeys(self.values["cell"]))

    @property
    def tasks(self) -> list[str]:
        return list(dict.fromkeys(self.values["task"]))


def taken(table: pd.DataFrame, asked: Asked) -> External:
    """The table's runs as values. Raises InputError for what is wrong with it, naming the rows."""
    measure, told = asked.measure, [*table.attrs.get("notes", [])]
    table, renamed = keyed(table.reset_index(drop=True), measure)
    keys = labels(table, measure)
    status, said = statuses(table, keys, measure)
    number = numbers(table, keys, measure)
    told += [*renamed, *said, *lookalikes(keys)]
    finished = status == "finished"
    refuse(
        finished & ~np.isfinite(number),
        keys,
        f"No finite {measure} in",
        "No run is left out silently: mark in a column status which ones diverged or failed (they count as the worst "
        "value), or remove the row.",
    )
    bounds, notes = asked.bounds, told
    if bounds is None:
        bounds, sentence = assumed(number[finished], asked)
        notes.append(sentence)
    elif asked.margin >= 1 and not np.isfinite(bounds).all() and number[finished].between(0, 1).all():
        notes.append(
            f"All values of {measure} lie between 0 and 1, and the margin is {asked.margin:g}: is it in per cent?"
        )
    if asked.method == BETTING and not np.isfinite(bounds).all():
        raise InputError(
            f"Bets need the worst and the best possible {measure}: give --bounds LOW HIGH, or another "
            "--method."
        )
    low, high = bounds
    beyond = finished & ((number < low) | (number > high))
    given = table[measure].map(text)
    refuse(beyond, keys, f"A value of {measure} lies beyond the bounds {low:g} to {high:g} in", shown=given)
    worst = low if asked.better == "higher" else high
    if not finished.all():
        if not math.isfinite(worst):
            raise InputError(
                f"{ended_badly(status)}, and how bad that is, is unknown: give the worst possible {measure} "
                f"with --bounds LOW HIGH (none for a side without a bound)."
            )
        notes.append(f"{ended_badly(status)} and count {worst:g}, the worst {measure}.")
    score = number.where(finished, worst).astype(float)
    values = keys.assign(status=status, solved=False, score=score, resolution=np.nan)[COLUMNS]
    if values.groupby("task")["cell"].nunique().max() < 2:
        raise InputError(
            f"No task has two cells to compare; cells: {listing(values['cell'].unique())}, tasks: "
            f"{listing(values['task'].unique())}."
        )
    uneven = imbalance(values)
    notes += [*uneven, *single(values), *scales(values[finished], bounds, asked)]
    return External(asked=asked, values=values, bounds=bounds, balanced=not uneven, notes=notes)


def assumed(number: pd.Series, asked: Asked) -> tuple[Bounds, str]:
    """Bounds where none are given, and the sentence that says so. Raises InputError for a margin as wide."""
    if len(number) and number.between(0, 1).all():
        if asked.margin >= 1:
            raise InputError(
                f"All values of {asked.measure} lie between 0 and 1, and a margin of {asked.margin:g} is as wide as "
                f"that: everything would be equivalent. Perhaps the margin is in per cent and the values are "
                f"fractions: then it is {asked.margin / 100:g}. If values beyond 1 are possible, give --bounds."
            )
        return (0.0, 1.0), (
            f"All values of {asked.measure} lie between 0 and 1, taken as its bounds (otherwise give --bounds)."
        )
    return (-math.inf, math.inf), (
        f"The bounds of {asked.measure} are unknown: if half of a cell's seeds are tied, or all form two "
        "clusters, no pair can be equivalent. Give --bounds."
    )


def ended_badly(status: pd.Series) -> str:
    counts = status[status != "finished"].value_counts()
    told = listing(f"{n} {name}" for name, n in counts.items())
    return f"{counts.sum()} of {count(len(status), 'run')} did not finish ({told})"


def imbalance(values: pd.DataFrame) -> list[str]:
    """A sentence for each task whose cells have unequal numbers of seeds, and for each that some cells lack."""
    notes = []
    cells = list(dict.fromkeys(values["cell"]))
    for task, members in values.groupby("task", sort=False):
        sizes = members.groupby("cell", sort=False).size()
        if sizes.nunique() > 1:
            told = ", ".join(f"{cell} {n}" for cell, n in sizes.items())
            notes.append(f"Unbalanced on {task}, seeds per cell: {told}.")
        if lacking := [cell for cell in cells if cell not in sizes]:
            notes.append(f"Unbalanced on {task}: no rows of {listing(lacking)}.")
    return notes


def single(values: pd.DataFrame) -> list[str]:
    """What cannot be tested, since there is one seed."""
    sizes = values.groupby(["task", "cell"], sort=False).size()
    if (sizes == 1).all():
        return [
            "One seed per cell: no test is possible. Add seeds: a test needs 2 per cell, and more to find anything."
        ]
    alone = sizes[sizes == 1].reset_index()
    return [
        f"One seed of {listing(some['cell'])} on {task}: its pairs cannot be tested. Add seeds."
        for task, some in alone.groupby("task", sort=False)
    ]


def scales(values: pd.DataFrame, bounds: Bounds, asked: Asked) -> list[str]:
    """A sentence where tasks differ so much in scale that one margin and one mean cannot serve them all. The scale of
    a task is the root mean square of its values; fractions and per cent are one scale whatever their size."""
    scale = values.groupby("task", sort=False)["score"].apply(lambda x: float(np.sqrt(np.mean(np.square(x)))))
    scale = scale[scale > 0].sort_values()
    if len(scale) < 2 or bounds[1] - bounds[0] <= 100 or scale.iloc[-1] < APART * scale.iloc[0]:
        return []
    small, large = scale.index[0], scale.index[-1]
    least, most = (f"{x:,.0f}" if x >= 1000 else f"{x:.3g}" for x in (scale.iloc[0], scale.iloc[-1]))
    return [
        f"{SCALES} in {asked.measure}, from about {least} ({small}) to {most} ({large}), and share one margin of "
        f"{asked.margin:g}. The result over all tasks is the mean of raw differences, which the largest dominates: to "
        f"compare over tasks, put them on one scale, such as from a baseline to the best known value."
    ]
