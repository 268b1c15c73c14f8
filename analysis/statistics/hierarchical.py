"""Effects that vary from task to task: what the tasks that ran say about a task that did not.

    d_t ~ N(θ_t, s_t²)        measured with error (s_t² times ν_t/(ν_t - 2), the variance of Student's distribution)
    θ_t ~ N(μ, τ²)            effects of the tasks

With a flat prior on μ and a half-Cauchy one on τ whose median is the margin (Gelman 2006), μ given τ is normal
and only τ is integrated, over quantiles of its prior:

    p(τ | d) ∝ p(τ) √V Π N(d_t; m, s_t² + τ²)       m = V Σ d_t/(s_t² + τ²)       1/V = Σ 1/(s_t² + τ²)
    μ | τ, d ~ N(m, V)                              θ_new | τ, d ~ N(m, V + τ²)

The effect on a new task like these is what a reader with a task of their own wants to know; Corani et al. (2017) and
Benavoli et al. (2017, "Time for a change") ask so of classifiers over data sets. Two or three tasks say little about
it, and the heavy prior admits that.
"""

import numpy as np
import pandas as pd
from scipy import special

NODES = 400  # of the prior of τ


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
    variance = np.where(there, s, 1.0) ** 2 * freedom / (freedom - 2)
    tau = margin * np.tan(np.pi / 2 * (np.arange(NODES) + 0.5) / NODES)  # (pairs, nodes), equally probable
    total = variance[:, None, :] + tau[:, :, None] ** 2
    precision = there[:, None, :] / total
    v = 1 / np.maximum(precision.sum(axis=2), 1e-300)
    known = np.where(there, d, 0.0)[:, None, :]
    m = v * (precision * known).sum(axis=2)
    squares = (precision * (known - m[:, :, None]) ** 2).sum(axis=2)
    log = 0.5 * (np.log(v) - (there[:, None, :] * np.log(total)).sum(axis=2) - squares)
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
