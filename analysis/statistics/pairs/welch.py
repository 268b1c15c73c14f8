"""Difference and equivalence of two means with unequal variances.

    d  = m_a - m_b                    s² = v_a/n_a + v_b/n_b
    ν  = s⁴ / ( (v_a/n_a)²/(n_a - 1) + (v_b/n_b)²/(n_b - 1) )

    difference   (Welch 1947)         p = 2 P(T_ν > |d| / s)
    equivalence  (Schuirmann 1987)    p = max( P(T_ν > (d + Δ)/s), P(T_ν < (d - Δ)/s) )

The second is two one-sided tests against the margin Δ: significant at α exactly when the interval
d ± t_ν(1 - α) s, of confidence 1 - 2α, lies inside (-Δ, Δ).

Seeds that all score the same have variance 0, and a test would then claim certainty from a handful of
them. But a score was measured on a finite sample, and two numbers closer than one sequence in it are not
known to be equal: no group's variance is taken smaller than its resolution squared.

**Tails.** Scores that end at a best value are skewed, and a seed that does badly is easily missed: of 8 seeds that lie
exponentially below 1, the interval's upper end is too low in 14 % of all samples instead of 5 % (16 % of 4 seeds,
12 % of 16), if the other side hardly varies; if both vary alike the errors cancel. The sample's own skewness does not
help, as it is small just when the tail was missed. So with `tails` = γ both limits are moved out for a skewness
that was not seen, after the first term of Cornish and Fisher's expansion (Johnson 1978; Zhou & Dinh 2005), in which one
t has become the normal quantile z of the same probability, since the expansion's t² grows too fast for few seeds:

    d ± s ( t + A (1 + 2 t z)/6 )     A = γ max over sides of √(w³/(n - 1.5))       w = (v/n) / s²
    z = (8ν+1)/(8ν+3) √(ν log(1 + t²/ν))     (Wallace 1959)

γ = 4, twice the skewness of the exponential, and 1.5 make up for the further terms of the expansion at n = 3 to 64 and
for what the sample misses of w: one limit is then wrong in at most about 5 % (n = 4: 6 %) of samples from an
exponential, for every ratio of spreads, and as rarely as it should at the smaller levels that Holm's procedure asks
for (tests/analysis/test_calibration.py). The cost, for normal scores: limits 1.4 times as far out at n = 8, 1.2
times at n = 32, if both sides vary alike. Tails longer than the exponential's cannot be detected with so few seeds.

So the limits are widened only where needed: a tail belongs to scores that pile up against a bound. Of an exponential
that ends at the bound the mean is one standard deviation away from it. `tails` gives γ up to `NEAR` of them, less
beyond, and nothing from `FAR` on, where the bound is too far away to shape the scores; the standard deviation is the
largest that the seeds allow (χ², confidence 0.9). Without bounds, γ is always 4.
"""

import numpy as np
import pandas as pd
from scipy import stats

METHOD = "Welch t and TOST"
BORDERS = {"low": -1, "zero": 0, "high": 1}  # what the means' difference is held against, in margins
SIDED = [f"p_{side}_{border}" for border in BORDERS for side in ("above", "below")]
FLOORED = "Welch t and TOST; variance not below (1/test_sequences)²"
NONE = "none: fewer than 2 seeds a side"
BLIND = "none: no variance and unknown resolution"
EXPONENTIAL = 4.0
NEAR, FAR = 3.0, 6.0  # standard deviations between mean and bound


def welch(
    groups: pd.DataFrame,
    pairs: pd.DataFrame,
    *,
    margin: float,
    alpha: float = 0.05,
    tails: float | np.ndarray = 0.0,
    sided: bool = False,
) -> pd.DataFrame:
    """One row per pair, in the order of `pairs` (columns task, a, b); `groups` as `pairs.groups` makes.

    Adds value (mean of a less mean of b), low, high (confidence 1 - 2 alpha), n_a, n_b, mean_a, mean_b, df,
    p_difference, p_equivalence, method. A pair that cannot be tested has n 0 or 1 or missing numbers;
    its method says why. tails: 0 for Welch's own test, EXPONENTIAL to be right for skewed scores,
    too; one number, one a pair, or one a side and pair. sided: also SIDED, the one-sided p-values that the difference
    is above or below each of BORDERS.
    """
    table, n, raw, floored = sides(groups, pairs)
    enough = (n > 1).all(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = floored / n
        s = np.sqrt(part.sum(axis=0))
        s = np.where(enough & (s > 0), s, np.nan)
        df = satterthwaite(part, n)
        value = (table["mean_a"] - table["mean_b"]).to_numpy(float)
        skew = allowance(part, n, tails)
        half = limit(stats.t.ppf(1 - alpha, df), skew, df) * s
        p_difference = 2 * stats.t.sf(quantile(np.abs(value) / s, skew, df), df)
        p_equivalence = stats.t.sf(quantile((margin - np.abs(value)) / s, skew, df), df)
        over = [(value - at * margin) / s * sign for at in BORDERS.values() for sign in (1, -1)]
        one_sided = [stats.t.sf(quantile(y, skew, df), df) for y in over] if sided else []
    rough = enough & (floored > np.nan_to_num(raw, nan=np.inf)).any(axis=0)
    method = np.select([~enough, np.isnan(s), rough], [NONE, BLIND, FLOORED], METHOD)
    return table[["task", "a", "b"]].assign(
        value=value,
        low=value - half,
        high=value + half,
        n_a=n[0].astype(int),
        n_b=n[1].astype(int),
        mean_a=table["mean_a"],
        mean_b=table["mean_b"],
        df=np.where(np.isnan(s), np.nan, df),
        p_difference=np.minimum(p_difference, 1.0),
        p_equivalence=p_equivalence,
        method=method,
        **dict(zip(SIDED, one_sided, strict=False)),
    )


def sides(
    groups: pd.DataFrame, pairs: pd.DataFrame
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """The pairs with mean_a, mean_b; and (2, pairs) each: n, the variances as they are, and not below the floor."""
    columns = ["n", "mean", "variance", "resolution"]
    table = pairs[["task", "a", "b"]]
    for name in ("a", "b"):
        renamed = {"cell": name, **{c: f"{c}_{name}" for c in columns}}
        side = groups[["task", "cell", *columns]].rename(columns=renamed)
        table = table.merge(side, on=["task", name], how="left", validate="many_to_one")
    n = np.stack([table[f"n_{name}"].fillna(0).to_numpy(float) for name in ("a", "b")])
    raw, floor = (
        np.stack([table[f"{c}_{name}"].to_numpy(float) for name in ("a", "b")])
        for c in ("variance", "resolution")
    )
    return table, n, raw, np.fmax(raw, floor**2)  # fmax passes over a missing resolution


def tails(mean: np.ndarray, variance: np.ndarray, n: np.ndarray, bounds: tuple[float, float]) -> np.ndarray:
    """γ of each side and pair (2, pairs), from their means, variances and numbers of seeds."""
    if not np.isfinite(bounds).all():
        return np.full(mean.shape, EXPONENTIAL)
    away = np.minimum(mean - bounds[0], bounds[1] - mean)
    with np.errstate(divide="ignore", invalid="ignore"):
        largest = np.sqrt(variance * (n - 1) / stats.chi2.ppf(0.1, n - 1))
        share = (FAR - away / largest) / (FAR - NEAR)
    return np.asarray(EXPONENTIAL * np.clip(np.nan_to_num(share, nan=1.0), 0, 1))


def satterthwaite(part: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Degrees of freedom of a sum of variances `part` (of means) from n values each, along the first axis."""
    return part.sum(axis=0) ** 2 / (part**2 / (n - 1)).sum(axis=0)


def allowance(part: np.ndarray, n: np.ndarray, tails: float | np.ndarray) -> np.ndarray:
    """A: how far a skewness of `tails` in the side where it matters more would shift the distribution of d/s. tails: a
    number, one a pair, or one a side and pair."""
    share = part / part.sum(axis=0)
    return (tails * np.sqrt(share**3 / np.maximum(n - 1.5, 0.5))).max(axis=0)


def normal(t: np.ndarray, df: np.ndarray) -> np.ndarray:
    """z, the normal quantile of the probability at which Student's is t (t >= 0)."""
    return (8 * df + 1) / (8 * df + 3) * np.sqrt(df * np.log1p(t**2 / df))


def limit(t: np.ndarray, skew: np.ndarray, df: np.ndarray) -> np.ndarray:
    """Where the quantile t of Student's distribution (t >= 0) moves."""
    return t + skew * (1 + 2 * t * normal(t, df)) / 6


def quantile(y: np.ndarray, skew: np.ndarray, df: np.ndarray) -> np.ndarray:
    """The t for which limit(t) = y, by Newton's method from above; below limit(0), where nothing is significant,
    a straight line goes on."""
    over = y - skew / 6
    t = np.maximum(over, 0)
    for _ in range(100):
        z = normal(t, df)
        with np.errstate(invalid="ignore", divide="ignore"):
            rise = np.where(t > 0, t / ((1 + t**2 / df) * z), 0.0)  # of z
        step = (t + skew * t * z / 3 - over) / (1 + skew * (z + t * rise) / 3)
        far = (np.abs(step) > 1e-10 * (1 + t)) & (over > 0)
        if not far.any():
            break
        t = np.where(far, np.maximum(t - step, 0), t)  # each on its own, whatever the others need
    return np.where(over > 0, t, over)
