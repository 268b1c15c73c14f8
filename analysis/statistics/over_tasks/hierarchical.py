"""Effects that vary from task to task: what the tasks that ran say about a task that did not.

    d_t ~ N(θ_t, s²)          measured with error
    θ_t ~ N(μ, τ²)            effects of the tasks

s² is the mean over the tasks of s_t² ν_t/(ν_t - 2), the variance of Student's distribution. If each task had its own,
those would weigh most whose seeds happened to show no failure. Where one cell fails now and then on each of ten tasks,
that made a certainty of the wrong answer in four studies of five; with one s² for all it is rare.

With a flat prior on μ and a half-Cauchy one on τ whose median is the margin (Gelman 2006), μ given τ is normal
and only τ is integrated, over a grid in log τ that reaches beyond the differences themselves:

    p(τ | d) ∝ p(τ) √V Π N(d_t; m, s² + τ²)         m = Σ d_t/T                   V = (s² + τ²)/T
    μ | τ, d ~ N(m, V)                              θ_new | τ, d ~ N(m, V + τ²)

The effect on a new task like these is what a reader with a task of their own wants to know; Corani et al. (2017) and
Benavoli et al. (2017, "Time for a change") ask so of classifiers over data sets. Two or three tasks say little about
it, and the heavy prior admits that.
"""

import numpy as np
import pandas as pd
from scipy import special

NODES = 400  # of τ
LEAST, MOST = 1e-3, 30.0  # of the margin, and of the largest difference: from where to where τ may lie


def hierarchical(
    d: np.ndarray, s: np.ndarray, df: np.ndarray, *, margin: np.ndarray, upward: np.ndarray
) -> pd.DataFrame:
    """mu_equal, mu_a, mu_b for μ, new_equal, new_a, new_b for a new task, and spread, the
    posterior median of τ, for each pair.

    d, s, df: (pairs, tasks) differences, standard errors and degrees of freedom, missing where a pair has fewer
    tasks. margin: (pairs,). upward: (pairs,) whether a higher value is better.
    """
    margin = margin[:, None]
    there = ~np.isnan(d)
    freedom = np.maximum(np.where(there, df, 10.0), 3.0)
    count = np.maximum(there.sum(axis=1, keepdims=True), 1)
    variance = np.where(there, s**2 * freedom / (freedom - 2), 0.0).sum(axis=1, keepdims=True) / count
    known = np.where(there, d, 0.0)
    far = np.maximum(np.abs(known).max(axis=1, keepdims=True) * MOST / margin, 1 / LEAST)
    power = np.linspace(0, 1, NODES)
    tau = margin * LEAST * (far / LEAST) ** power  # (pairs, nodes)
    total = variance + tau**2
    v = total / count
    m = known.sum(axis=1, keepdims=True) / count
    squares = (there * (known - m) ** 2).sum(axis=1, keepdims=True) / total
    log = 0.5 * (np.log(v) - count * np.log(total) - squares)
    log += np.log(tau) - np.log1p((tau / margin) ** 2)  # half-Cauchy, in log τ
    weight = np.exp(log - log.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    columns = {}
    for name, spread in (("mu", np.sqrt(v)), ("new", np.sqrt(v + tau**2))):
        above = (weight * special.ndtr((m - margin) / spread)).sum(axis=1)
        below = (weight * special.ndtr((-margin - m) / spread)).sum(axis=1)
        columns[f"{name}_equal"] = np.clip(1 - above - below, 0, 1)
        columns[f"{name}_a"] = np.where(upward, above, below)
        columns[f"{name}_b"] = np.where(upward, below, above)
    half = (weight.cumsum(axis=1) < 0.5).sum(axis=1)
    columns["spread"] = np.take_along_axis(tau, half[:, None], axis=1)[:, 0]
    return pd.DataFrame(columns)
