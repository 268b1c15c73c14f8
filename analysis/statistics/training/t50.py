"""T50: the difficulty that half of the seeds still solve, by logistic regression on its logarithm.

    P(solved) = σ( β (log2 T50 - log2 d) ),   β ≥ 0

Fitted by penalised likelihood ℓ* = ℓ + ½ log |I| (Firth 1993; Heinze & Schemper 2002, "A solution to the problem of
separation in logistic regression"), which stays finite also where the seeds separate: all solve the easy and
none the hard ones, which is the rule here. The interval holds every T50 with 2 (max ℓ* - ℓ*(T50)) ≤ χ²(1), ℓ*(T50)
being the best over β.

Nothing is claimed outside of the difficulties that ran. An end of the interval beyond them is 0 or infinity, a T50
beyond them is missing, and so it is where all or none solved.
"""

import numpy as np
import pandas as pd
from scipy import special, stats

METHOD = "penalised logistic regression on log2, profile likelihood"
INSIDE, OUTSIDE, SLOPES = 161, 40, 120
REACH = 2.0  # how far beyond the tested difficulties the best fit is sought, in their range


def t50(
    difficulty: np.ndarray, n: np.ndarray, solved: np.ndarray, *, confidence: float = 0.95
) -> pd.DataFrame:
    """One row per sample: value, low, high, slope (per doubling), centre (T50 of the fit, wherever it lies), note.

    difficulty, n: (levels,), rising, above 0. solved: (samples, levels) counts of at most n.
    """
    x = np.log2(difficulty)
    span = x[-1] - x[0]
    beyond = np.linspace(0, REACH * span, OUTSIDE + 1)[1:]
    at = np.concatenate([x[0] - beyond[::-1], np.linspace(x[0], x[-1], INSIDE), x[-1] + beyond])
    slopes = np.concatenate([[0.0], np.geomspace(0.2, 400, SLOPES)]) / span
    z = slopes[None, :, None] * (at[:, None, None] - x)  # (T50, slope, level)
    weight = n * special.expit(z) * special.expit(-z)
    information = weight.sum(-1) * (weight * x**2).sum(-1) - (weight * x).sum(-1) ** 2
    penalty = 0.5 * np.log(np.maximum(information, 1e-300))
    yes, no = special.log_expit(z), special.log_expit(-z)
    base = penalty + no @ n
    rows = []
    limit = stats.chi2.ppf(confidence, 1) / 2
    for counts in np.asarray(solved):
        fit = base + (yes - no) @ counts
        profile = fit.max(axis=1)
        best = int(profile.argmax())
        inside = np.flatnonzero(profile >= profile[best] - limit)
        low, high = at[max(inside[0] - 1, 0)], at[min(inside[-1] + 1, len(at) - 1)]
        known = x[0] <= at[best] <= x[-1] and 0 < counts.sum() < n.sum()
        rows.append(
            (
                np.exp2(at[best]) if known else np.nan,
                0.0 if low < x[0] else min(np.exp2(low), difficulty[-1]),
                np.inf if high > x[-1] else max(np.exp2(high), difficulty[0]),
                slopes[fit[best].argmax()],
                np.exp2(at[best]),
                note(counts, n, at[best] > x[-1], known),
            )
        )
    return pd.DataFrame(rows, columns=["value", "low", "high", "slope", "centre", "note"])


def note(counts: np.ndarray, n: np.ndarray, above: bool, known: bool) -> str:
    """What the fit can say, in words."""
    if counts.sum() == n.sum():
        return "all seeds solved: above the hardest"
    if counts.sum() == 0:
        return "no seed solved: below the easiest"
    if not known:
        return f"{'above the hardest' if above else 'below the easiest'} that ran"
    return "within the difficulties that ran"
