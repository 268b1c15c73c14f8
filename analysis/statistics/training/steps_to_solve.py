"""How long training must last: the share of seeds that have solved a task by each update, and its median.

Up to a budget that all seeds of a task had, nothing is censored before it, so Kaplan and Meier's estimate is the plain
share. Its median is the ⌈n/2⌉-th of the ordered steps, and the interval

    from the l-th to the (n+1-l)-th step,   l the largest with P(Binomial(n, ½) < l) ≤ α/2

covers the true one whatever the distribution (never less than 1 - α; the ends are counted in). Below 6 seeds
no two steps can do that and the interval is open. Who never solved, diverged or failed counts as not solved, and is
never left out. Solving is noticed at evaluations, so that steps are exact to `evaluate_every`.
"""

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

MEDIAN = "Kaplan-Meier median, binomial interval"
RATE = "share of seeds, Wilson interval"


def steps_to_solve(trials: pd.DataFrame) -> pd.DataFrame:
    """One row per trial: task, cell, seed, step (infinite if unsolved within the budget), budget.

    The budget is the smallest of the task's trials, from the column `steps` or what was done. A trial that solved but
    does not say when counts at the end.
    """
    planned = trials["steps"] if "steps" in trials else trials.groupby("task")["steps_done"].transform("max")
    step = trials["solved_step"].astype(float).fillna(trials["steps_done"].astype(float))
    frame = trials[["task", "cell", "seed"]].assign(
        step=step.where(trials["solved"].astype(bool), np.inf),
        budget=planned.astype(float),
    )
    frame["budget"] = frame.groupby("task")["budget"].transform("min")
    return frame.assign(step=frame["step"].where(frame["step"] <= frame["budget"], np.inf)).reset_index(
        drop=True
    )


def shares(trials: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Share of seeds that have solved by each step at which one did, and at the ends: task, cell, step, value, low,
    high, n, method."""
    parts = []
    for (task, cell), rows in steps_to_solve(trials).groupby(["task", "cell"], sort=False):
        budget, n = rows["budget"].iloc[0], len(rows)
        steps = np.unique([0.0, *rows["step"][np.isfinite(rows["step"])], budget])
        count = (rows["step"].to_numpy()[:, None] <= steps).sum(axis=0)
        low, high = proportion_confint(count, n, alpha=1 - confidence, method="wilson")
        line = pd.DataFrame({"step": steps, "value": count / n, "low": low, "high": high, "n": n})
        parts.append(line.assign(task=str(task), cell=str(cell)))
    columns = ["task", "cell", "step", "value", "low", "high", "n", "method"]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts, ignore_index=True).assign(method=f"{RATE}, {confidence:.0%}")[columns]


def medians(trials: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Step by which half of the seeds have solved: task, cell, value, low, high, n, solved, budget, method.

    value is missing where fewer than half solved within the budget; high is then infinite, and low the budget where not
    even the interval's lower end was reached.
    """
    rows = []
    for (task, cell), group in steps_to_solve(trials).groupby(["task", "cell"], sort=False):
        steps, n = np.sort(group["step"].to_numpy()), len(group)
        budget, solved = float(group["budget"].iloc[0]), int(np.isfinite(steps).sum())
        value, (low, high) = steps[(n + 1) // 2 - 1], order_interval(steps, confidence)
        told = f"{MEDIAN}, {confidence:.0%}"
        if not np.isfinite(value):
            told += f"; not reached: {solved} of {n} solved in {budget:g} updates"
        value = value if np.isfinite(value) else np.nan
        rows.append((task, cell, value, min(low, budget), high, n, solved, budget, told))
    columns = ["task", "cell", "value", "low", "high", "n", "solved", "budget", "method"]
    return pd.DataFrame(rows, columns=columns)


def order_interval(steps: np.ndarray, confidence: float) -> tuple[float, float]:
    """The interval of the median of sorted `steps`; 0 and infinity where there are too few."""
    n = len(steps)
    rank = int(stats.binom.ppf((1 - confidence) / 2, n, 0.5))  # smallest l with P(<= l) at least the tail
    return (float(steps[rank - 1]), float(steps[n - rank])) if rank > 0 else (0.0, np.inf)
