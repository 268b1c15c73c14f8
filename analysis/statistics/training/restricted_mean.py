"""Steps to solve, of which some are only known to be more than so many: Kaplan and Meier's restricted mean.

A seed that had not solved its task when it stopped would have done so later, or never: it is censored there, counts
until then as unsolved, and is never left out. One that diverged or failed will not solve anything any more. Censored
where it broke it would count as one that might have solved soon after, and a cell that breaks often would look fast;
so it counts as unsolved to the end of the longest budget of its task.

    S(t) = Π (1 - d_i / Y_i) over t_i <= t        d_i of Y_i seeds still unsolved solve at t_i  (Kaplan & Meier 1958)
    restricted mean   m = ∫ S up to the horizon L  (Irwin 1949; Royston & Parmar 2013)
    variance          v = n/(n-1) Σ A_i² d_i / (Y_i (Y_i - d_i))       A_i = ∫ S from t_i to L       (Greenwood)

Time is log₂ of the updates: half as many are worth the same on a fast task and on a slow one. L is as far as all cells
of a task were followed; a cell that never solves has m = L. Without censoring before L, m is the plain mean of
min(t, L) and v its usual variance. Where a cell is lumpy (`pairs.bounded_means`: none solved, or all at one
evaluation) v says too little, and the interval covers Gaffke's bounds, too, with the earliest and the latest times
that censored seeds allow.
"""

import numpy as np
import pandas as pd
from scipy import stats

from analysis.statistics.pairs import bounded_means
from analysis.statistics.pairs.melded import POWER, SEED, melded

MEAN, DIFFERENCE = (
    "Kaplan-Meier restricted mean of log2 steps",
    "difference of restricted means of log2 steps",
)
MARGIN = 0.25  # of log2 steps, in telling lumps


def times(trials: pd.DataFrame) -> pd.DataFrame:
    """One row per trial: task, cell, seed, time (log₂ of updates), solved (else censored at that time), horizon and
    first (the soonest that a trial can solve) of its task."""
    planned = trials["steps"] if "steps" in trials else trials["steps_done"]
    longest = planned.astype(float).groupby(trials["task"]).transform("max")
    solved = trials["solved"].astype(bool)
    stopped = trials["steps_done"].astype(float).where(trials["status"] == "finished", longest)
    at = trials["solved_step"].astype(float).fillna(trials["steps_done"].astype(float)).where(solved, stopped)
    every = trials["evaluate_every"].astype(float) if "evaluate_every" in trials else at * 0 + 1
    frame = trials[["task", "cell", "seed"]].assign(
        time=np.log2(np.maximum(at, 1.0)), solved=solved, first=np.log2(every.fillna(1.0))
    )
    reach = frame["time"].where(~frame["solved"]).groupby([frame["task"], frame["cell"]]).transform("max")
    horizon = reach.groupby(frame["task"]).transform("min")  # a cell that always solves is known for ever
    latest = frame.groupby("task")["time"].transform("max")
    first = frame.groupby("task")["first"].transform("min")
    return frame.assign(horizon=horizon.fillna(latest), first=first).reset_index(drop=True)


def restricted_mean(time: np.ndarray, solved: np.ndarray, horizon: float) -> tuple[float, float]:
    """m and its variance, of one group."""
    n = len(time)
    at = np.unique(time[solved & (time <= horizon)])
    unsolved = np.array([(time >= t).sum() for t in at], float)
    events = np.array([(solved & (time == t)).sum() for t in at], float)
    survival = np.cumprod(1 - events / unsolved)
    pieces = np.diff(np.concatenate([at, [horizon]])) * survival
    mean = (at[0] if len(at) else horizon) + pieces.sum()
    rest = pieces[::-1].cumsum()[::-1]
    left = unsolved - events
    terms = np.where(left > 0, rest**2 * events / (unsolved * np.maximum(left, 1)), 0.0)
    return float(mean), float(terms.sum() * n / (n - 1)) if n > 1 else np.nan


def extremes(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Sorted times of one group up to the horizon, censored ones as soon and as late as they can be."""
    horizon = rows["horizon"].iloc[0]
    sooner = np.minimum(rows["time"], horizon)
    return np.sort(sooner), np.sort(sooner.where(rows["solved"], horizon))


def restricted_means(trials: pd.DataFrame, *, confidence: float = 0.90) -> pd.DataFrame:
    """One row per task and cell: task, cell, value, low, high (log₂ steps), n, solved, horizon, method."""
    table, rows = times(trials), []
    for (task, cell), group in table.groupby(["task", "cell"], sort=False):
        first, horizon = float(group["first"].iloc[0]), float(group["horizon"].iloc[0])
        value, variance = restricted_mean(group["time"].to_numpy(), group["solved"].to_numpy(), horizon)
        half = stats.t.ppf((1 + confidence) / 2, max(len(group) - 1, 1)) * np.sqrt(variance)
        low, high = value - half, value + half
        ends = extremes(group)
        if horizon > first and bounded_means.shapes(ends, MARGIN).lumpy.any():
            sure = within(ends, (first, horizon), confidence)
            low, high = min(low, sure[0]), max(high, sure[1])
        solved = int((group["solved"] & (group["time"] <= horizon)).sum())
        rows.append((task, cell, value, max(low, first), min(high, horizon), len(group), solved, horizon))
    columns = ["task", "cell", "value", "low", "high", "n", "solved", "horizon"]
    return pd.DataFrame(rows, columns=columns).assign(method=f"{MEAN}, {confidence:.0%}")


def within(
    ends: tuple[np.ndarray, np.ndarray], bounds: tuple[float, float], confidence: float
) -> tuple[float, float]:
    """Gaffke's two bounds of one mean."""
    steps = bounded_means.nodes(bounds, MARGIN)
    generator = np.random.default_rng(SEED)
    mass = bounded_means.gaffke(
        [np.clip(x, *bounds) for x in ends], bounds, steps=steps, generator=generator, power=POWER
    )
    at = np.linspace(*bounds, steps + 1)
    low = at[np.searchsorted(mass[bounded_means.LOWER, 0].cumsum(), (1 - confidence) / 2)]
    high = at[min(int(np.searchsorted(mass[bounded_means.UPPER, 1].cumsum(), (1 + confidence) / 2)), steps)]
    return float(low), float(high)


def restricted_differences(
    trials: pd.DataFrame, pairs: pd.DataFrame, *, confidence: float = 0.90
) -> pd.DataFrame:
    """One row per pair: task, a, b, value (m_a − m_b, below 0 where a is sooner), low, high, n_a, n_b, n, horizon,
    method. Welch's interval; with a lumpy side also the melded one. Missing where a side has fewer than 2 seeds."""
    parts = []
    of_tasks = dict(iter(times(trials).groupby("task", sort=False)))
    for task, wanted in pairs.groupby("task", sort=False):
        groups = dict(iter(of_tasks[task].groupby("cell", sort=False))) if task in of_tasks else {}
        sides = [wanted[name].map({cell: i for i, cell in enumerate(groups)}) for name in ("a", "b")]
        parts.append(of_task(wanted, np.stack(sides), list(groups.values()), confidence))
    columns = ["task", "a", "b", "value", "low", "high", "n_a", "n_b", "n", "horizon"]
    found = pd.concat(parts).loc[pairs.index] if parts else pd.DataFrame(columns=columns)
    return found[columns].reset_index(drop=True).assign(method=f"{DIFFERENCE}, {confidence:.0%}")


def of_task(
    wanted: pd.DataFrame, place: np.ndarray, groups: list[pd.DataFrame], confidence: float
) -> pd.DataFrame:
    """The same for one task; place: (2, pairs) of the cells in groups, missing where a cell has no seeds."""
    sizes = np.array([*(len(rows) for rows in groups), 0])
    place = np.where(np.isnan(place), len(groups), place).astype(int)
    n = sizes[place]
    horizon, first = groups[0][["horizon", "first"]].iloc[0] if groups else (np.nan, np.nan)
    means = [restricted_mean(g["time"].to_numpy(), g["solved"].to_numpy(), horizon) for g in groups]
    m, v = np.array([*means, (np.nan, np.nan)]).T
    enough, part = (n > 1).all(axis=0), v[place]
    value = np.where(enough, m[place[0]] - m[place[1]], np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        df = part.sum(axis=0) ** 2 / (part**2 / (n - 1)).sum(axis=0)
        half = stats.t.ppf((1 + confidence) / 2, df) * np.sqrt(part.sum(axis=0))
    half = np.where(part.sum(axis=0) > 0, half, 0.0)
    low, high = value - half, value + half
    ends = [np.clip(end, first, horizon) for rows in groups for end in extremes(rows)]
    lumpy = np.append(bounded_means.shapes(ends, MARGIN).lumpy.reshape(-1, 2).any(axis=1), False)
    rows = np.flatnonzero(enough & lumpy[place].any(axis=0))
    if len(rows) and horizon > first:
        a, b = 2 * place[:, rows]  # of each cell its times at the soonest; one further at the latest
        ordered = np.stack([np.append(a, a + 1), np.append(b + 1, b)])
        sure = melded(
            ends,
            ordered,
            np.ones_like(ordered, bool),
            margin=MARGIN,
            bounds=(float(first), float(horizon)),
            alpha=(1 - confidence) / 2,
        )
        low[rows] = np.minimum(low[rows], sure["low"][: len(rows)])
        high[rows] = np.maximum(high[rows], sure["high"][len(rows) :])
    return wanted[["task", "a", "b"]].assign(
        value=value, low=low, high=high, n_a=n[0], n_b=n[1], n=n.sum(axis=0), horizon=horizon
    )
