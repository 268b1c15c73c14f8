"""All tasks at once: interquartile means, performance profiles, probability of improvement.

Agarwal et al. (2021, "Deep Reinforcement Learning at the Edge of the Statistical Precipice"). Every task has
the same weight, whatever its number of seeds.

    interquartile mean   mean of the middle half of all scores of a cell, over tasks and seeds
    profile              share of them above τ, for every τ
    improvement          P(cell > reference) + ½ P(cell = reference) for two random seeds, mean over tasks

Intervals. Interquartile mean: bootstrap, seeds resampled within tasks, percentiles read further out for few seeds
(see `statistics.bootstrap`); never narrower than what the size of the test sample allows to know, since twenty
scores of exactly 1 are not known to be equal. Profile: Wilson's, as if all runs were of one task; tasks that
differ only make it cover more. Improvement: Newcombe's score interval for the Mann-Whitney probability (2006,
"Confidence intervals for an effect size measure based on the Mann-Whitney statistic", method 5), which does not
shrink to a point where every seed of one cell is better, as the bootstrap does.
"""

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from analysis.statistics.over_tasks.complete_blocks import Blocks, complete

MEAN = "interquartile mean, stratified bootstrap (expanded percentile)"
FLOORED = f"{MEAN}, not narrower than the test sample allows"
SHARE = "share of runs, Wilson interval"
IMPROVEMENT = "Mann-Whitney, Newcombe's score interval"
KEYS = ["value", "low", "high", "n", "tasks", "left_out", "method"]


def interquartile(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean of the middle half along the last axis, by weight (they sum to 1); runs on the cut count in part."""
    order = np.argsort(scores, axis=-1)
    weight = np.take_along_axis(np.broadcast_to(weights, scores.shape), order, -1)
    above = np.cumsum(weight, axis=-1)
    inner = np.clip(above, 0.25, 0.75) - np.clip(above - weight, 0.25, 0.75)
    return 2 * (inner * np.take_along_axis(scores, order, -1)).sum(axis=-1)


def interquartile_means(
    values: pd.DataFrame,
    *,
    generator: np.random.Generator,
    confidence: float = 0.95,
    resamples: int = 2000,
) -> pd.DataFrame:
    """One row per cell of the complete blocks: cell, value, low, high, n (runs), tasks, left_out, method."""
    blocks, rows = complete(values), []
    for cell in blocks.cells:
        mine = blocks.values[blocks.values["cell"] == cell]
        strata = [group.to_numpy(float) for _, group in mine.groupby("task", sort=False)["score"]]
        rows.append((cell, *resampled(strata, mine["resolution"].max(), generator, confidence, resamples)))
    table = pd.DataFrame(rows, columns=["cell", "value", "low", "high", "n", "method"])
    return told(table, blocks)[["cell", *KEYS]]


def told(table: pd.DataFrame, blocks: Blocks) -> pd.DataFrame:
    """With how many tasks were pooled, what was left out, and in the method whether seeds are unbalanced."""
    method = table["method"] + blocks.unbalanced if len(table) else ""
    return table.assign(tasks=len(blocks.tasks), left_out=blocks.left_out, method=method)


def resampled(strata: list[np.ndarray], resolution: float, generator, confidence: float, resamples: int):
    """value, low, high, n, method of one cell, whose scores come task by task."""
    sizes = np.array([len(scores) for scores in strata])
    weights = np.repeat(1 / (len(strata) * sizes), sizes)
    value, n = float(interquartile(np.concatenate(strata), weights)), int(sizes.sum())
    least = int(sizes.min())
    if least < 2:
        return value, np.nan, np.nan, n, f"{MEAN}: none, a task has 1 seed"
    drawn = np.concatenate([s[generator.integers(len(s), size=(resamples, len(s)))] for s in strata], axis=1)
    t = stats.t.ppf((1 + confidence) / 2, (sizes - 1).sum())
    tail = stats.norm.cdf(-np.sqrt(least / (least - 1)) * t)
    low, high = np.quantile(interquartile(drawn, weights), [tail, 1 - tail])
    if np.isnan(resolution):
        if low == high:
            return value, np.nan, np.nan, n, f"{MEAN}: none, no variance and unknown resolution"
        return value, low, high, n, f"{MEAN}, {confidence:.0%}"
    half = t * resolution / np.sqrt(n)
    method = MEAN if low <= value - half and high >= value + half else FLOORED
    return value, min(low, value - half), max(high, value + half), n, f"{method}, {confidence:.0%}"


def profiles(
    values: pd.DataFrame, *, taus: np.ndarray | None = None, confidence: float = 0.95
) -> pd.DataFrame:
    """One row per cell and τ: cell, tau, value (share of runs with score > τ), low, high, n, ..., method."""
    blocks = complete(values)
    taus = np.linspace(0, 1, 101) if taus is None else np.asarray(taus, float)
    parts = []
    for cell in blocks.cells:
        groups = [
            g.to_numpy(float)
            for _, g in blocks.values[blocks.values["cell"] == cell].groupby("task")["score"]
        ]
        share = np.mean([(scores[:, None] > taus).mean(axis=0) for scores in groups], axis=0)
        # as many runs of one task as give the same weight to each
        equal = len(groups) ** 2 / sum(1 / len(scores) for scores in groups)
        low, high = proportion_confint(share * equal, equal, alpha=1 - confidence, method="wilson")
        n = sum(len(scores) for scores in groups)
        parts.append(
            pd.DataFrame({"cell": cell, "tau": taus, "value": share, "low": low, "high": high, "n": n})
        )
    if not parts:
        return pd.DataFrame(columns=["cell", "tau", *KEYS])
    table = pd.concat(parts, ignore_index=True).assign(method=f"{SHARE}, {confidence:.0%}")
    return told(table, blocks)[["cell", "tau", *KEYS]]


def improvement(values: pd.DataFrame, reference: str, *, confidence: float = 0.95) -> pd.DataFrame:
    """One row per cell but the reference: cell, reference, value, low, high, n (fewest seeds of a side), ..., method.

    No rows where the reference is not in the complete blocks.
    """
    blocks, rows = complete(values), []
    scores = {key: g.to_numpy(float) for key, g in blocks.values.groupby(["cell", "task"])["score"]}
    for cell in blocks.cells if reference in blocks.cells else []:
        if cell != reference:
            pairs = [(scores[cell, task], scores[reference, task]) for task in blocks.tasks]
            value = float(np.mean([superiority(a, b) for a, b in pairs]))
            sizes = np.array([(len(a), len(b)) for a, b in pairs])
            rows.append((cell, value, *newcombe(value, sizes, confidence), sizes.min()))
    table = pd.DataFrame(rows, columns=["cell", "value", "low", "high", "n"]).assign(reference=reference)
    return told(table.assign(method=f"{IMPROVEMENT}, {confidence:.0%}"), blocks)[["cell", "reference", *KEYS]]


def superiority(a: np.ndarray, b: np.ndarray) -> float:
    """P(A > B) + ½ P(A = B) over all pairs of runs."""
    return float((np.sign(a[:, None] - b[None, :]).mean() + 1) / 2)


def newcombe(value: float, sizes: np.ndarray, confidence: float) -> tuple[float, float]:
    """All θ from which `value` is no further than z standard errors at θ. sizes: (tasks, 2) seeds.

    The variance of one task is θ(1-θ) (1 + M (1-θ)/(2-θ) + M θ/(1+θ)) / (m n) with M = (m+n)/2 - 1.
    """
    theta = np.linspace(0, 1, 2001)[:, None]
    m, n = sizes[:, 0], sizes[:, 1]
    more = (m + n) / 2 - 1
    each = theta * (1 - theta) * (1 + more * (1 - theta) / (2 - theta) + more * theta / (1 + theta)) / (m * n)
    error = np.sqrt(each.sum(axis=1)) / len(sizes)
    near = theta[np.abs(theta[:, 0] - value) <= stats.norm.ppf((1 + confidence) / 2) * error + 2.5e-4, 0]
    return float(near[0]), float(near[-1])
