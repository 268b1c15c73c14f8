"""Tuning-budget curves: what the best of k trials of a random search scores, for every k up to the n that ran.

Put the n trials in the order in which a sweep selects (`statistics.search.order`), the worst first. Of k drawn from
them without replacement the r-th is the best with probability

    w_k(r) = C(r-1, k-1) / C(n, k)

    validation   Σ w_k(r) v(r)              expected validation score of the selected trial
    test         Σ w_k(r) t(r)              expected test score of that same trial
    gap          Σ w_k(r) (v(r) - t(r))     the winner's curse: what selection only seemed to gain

These are means over all C(n, k) subsets, so unbiased for a fresh search of k trials (Tang et al. 2020, "Showing
Your Work Doesn't Always Work"). Drawing with replacement (Dodge et al. 2019, "Show Your Work") is biased
downwards, since it may draw the same trial twice. Trials that tie share their weight.

Intervals cover the value that endless searches of k trials would have on average. The plain bootstrap does not:
it cannot draw a trial better than the best one seen, and its 95 % were 83 % at k = n/4 in our simulations. Instead
the chances U_1 < ... < U_n that a fresh trial stands below each of those seen are drawn as uniform order statistics
(a Bayesian bootstrap), with a perfect trial above all of them for the upper end and one of score 0 below all of
them for the lower (Gaffke 2005; Learned-Miller & Thomas 2020, "A New Confidence Interval for the Mean of a Bounded
Random Variable"). The gap has a t interval of n - 1 degrees with variance (k/n) Var(v - t of the selected), a bound by
Hoeffding (1948). Where fewer than RELIABLE searches of k fit into n there is none.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from analysis.statistics.scores import scores
from analysis.statistics.search.order import KEYS, keys
from analysis.statistics.search.selection import weights

QUANTITIES = ("validation", "test", "gap")
METHOD = "best of k without replacement"
INTERVALS = (*("Bayesian bootstrap over trials with extremes",) * 2, "t with Hoeffding's variance")
OCTAVE, RELIABLE = 32, 3
COLUMNS = ["task", "cell", "k", "quantity", "value", "low", "high", "n", "lost", "method"]


def ranked(search: pd.DataFrame, *, measure: str = "test_score") -> pd.DataFrame:
    """The search trials as selection sees them: task, cell, seed, lost, validation, test, place.

    place orders the trials of a task and cell, the worst 0; ties have the same place. A lost trial (diverged
    or failed) scores 0 in both and stands below every finished one.
    """
    frame = scores(search, measure="valid_score")[["task", "cell", "seed", "status"]].assign(
        validation=scores(search, measure="valid_score")["score"],
        test=scores(search, measure=measure)["score"],
    )
    frame["lost"] = frame.pop("status") != "finished"
    order = keys(search).set_axis(frame.index)
    order[frame["lost"]] = [False, -np.inf, -np.inf]
    order = frame[["task", "cell"]].join(order).sort_values(["task", "cell", *KEYS])
    new = order.ne(order.shift()).any(axis=1).cumsum()
    frame = frame.loc[order.index].assign(
        place=new - new.groupby([order["task"], order["cell"]]).transform("min")
    )
    return frame.reset_index(drop=True)


def budgets(n: int, octave: int = OCTAVE) -> np.ndarray:
    """The k that are worked out, up to n: at most `octave` of them from each power of 2 to the next, evenly, and n.

    octave = 2 gives 1, 2, 3, 4, 6, 8, 12, 16, 24...
    """
    starts = 2 ** np.arange(n.bit_length())
    each = [start + start * np.arange(octave) // octave for start in starts]
    return np.unique([k for ks in each for k in ks if k <= n] + [n])


def bounds(
    values: np.ndarray, ks: np.ndarray, generator: np.random.Generator, confidence: float, resamples: int
) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the intervals of scores in 0..1, (k, quantity); values: (n, quantities), the worst place first."""
    spacings = generator.standard_exponential((resamples, len(values) + 1))
    below = spacings.cumsum(axis=1) / spacings.sum(axis=1, keepdims=True)
    low, high = [], []
    for k in ks:
        weight = np.diff(below**k, axis=1, prepend=0)
        low.append(np.quantile(weight[:, 1:] @ values, (1 - confidence) / 2, axis=0))
        high.append(np.quantile(weight[:, :-1] @ values + weight[:, -1:], (1 + confidence) / 2, axis=0))
    return np.stack(low), np.stack(high)


def curve(
    group: pd.DataFrame, ks: np.ndarray, generator: np.random.Generator, confidence: float, resamples: int
) -> Iterator[pd.DataFrame]:
    """One frame a quantity, k by k, of one group of `ranked`: quantity, k, value, low, high."""
    n, values = len(group), group[["validation", "test"]].to_numpy(float)
    weight = weights(group["place"].to_numpy(), ks)
    value, gaps = weight @ values, values[:, 0] - values[:, 1]
    few = ks * RELIABLE <= n
    low, high = np.full((2, len(ks), 3), np.nan)
    if few.any():
        ends = bounds(values, ks[few], generator, confidence, resamples)
        low[few, :2], high[few, :2] = np.minimum(ends[0], value[few]), np.maximum(ends[1], value[few])
        gap = weight[few] @ gaps
        variance = np.clip(weight[few] @ gaps**2 - gap**2, 0, None) / (1 - ks[few] / n)
        half = stats.t.ppf((1 + confidence) / 2, n - 1) * np.sqrt(variance * ks[few] / n)
        low[few, 2], high[few, 2] = gap - half, gap + half
    value = np.column_stack([value, weight @ gaps])
    for q, (quantity, interval) in enumerate(zip(QUANTITIES, INTERVALS, strict=True)):
        table = pd.DataFrame({"k": ks, "value": value[:, q], "low": low[:, q], "high": high[:, q]})
        yield table.assign(
            quantity=quantity, method=f"{METHOD}; {interval}, {confidence:.0%}, up to k = n/{RELIABLE}"
        )


def budget(
    search: pd.DataFrame,
    *,
    generator: np.random.Generator,
    measure: str = "test_score",
    confidence: float = 0.95,
    resamples: int = 400,
    octave: int = OCTAVE,
) -> pd.DataFrame:
    """One row per task, cell, quantity and k of `budgets(n, octave)`: see COLUMNS and QUANTITIES.

    search: rows of the search stage. lost: trials that diverged or failed. A cell with fewer trials than another on the
    same task is marked in `method`.
    """
    parts = []
    for task, rows in ranked(search, measure=measure).groupby("task", sort=False):
        most = int(rows.groupby("cell").size().max())
        for cell, group in rows.groupby("cell", sort=False):
            n, mark = len(group), "" if len(group) == most else f"; {len(group)} of {most} trials"
            told = {"task": task, "cell": cell, "n": n, "lost": int(group["lost"].sum())}
            for table in curve(group, budgets(n, octave), generator, confidence, resamples):
                parts.append(table.assign(**told, method=table["method"] + mark))
    return pd.concat(parts, ignore_index=True)[COLUMNS] if parts else pd.DataFrame(columns=COLUMNS)
