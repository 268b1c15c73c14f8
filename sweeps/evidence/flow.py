"""What flows through many networks of a cell, as rows: medians, where the middle half lies, and intervals.

The interval of a median is that between two of the sorted values, whatever their distribution: of n networks the k-th
from either end, with the largest k at which it holds the median in at least 95 % of all samples. Below six networks no
two values do; then it is all of their range, and `level` says how sure it is.

A network whose state grew beyond all numbers has an exponent of infinity and a score of minus infinity.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

LEVEL = 0.95
SHARE = 0.01  # of the influence at lag 1: what counts as remembered, as in `experiments.flow.influence`
CURVE = ("lag", "networks", "norm", "share", "share_q25", "share_q75", "kept")
SUMMARY = (
    *("networks", "horizon", "horizon_low", "horizon_high", "level"),
    *("exponent", "exponent_low", "exponent_high", "shut", "open", "kept", "score"),
)
WORDS = {
    "start": "before training",
    "halfway": "halfway",
    "end": "after training",
}  # of the moments, in order


def curve(norms: np.ndarray, kept: np.ndarray | None) -> list[dict[str, Any]]:
    """One row a lag. norms, kept: `(networks, T)`; no kept: None.

    norm: median of the norm of dL/ds. share: median of that norm relative to lag 1, with quartiles. kept: median of the
    mean product of what is kept of c.
    """
    shares = relative(norms)
    low, middle, high = np.quantile(shares, (0.25, 0.5, 0.75), axis=0)
    belt = [None] * norms.shape[1] if kept is None else np.median(kept, axis=0)
    rows = zip(np.median(norms, axis=0), middle, low, high, belt, strict=True)
    return [
        dict(zip(CURVE, (k + 1, len(norms), *map(plain, row)), strict=True)) for k, row in enumerate(rows)
    ]


def told(rows: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """`curve` and `summary` of networks as the store has them. rows: of one cell, task and moment, in any order."""
    norms = np.array([row["norms"] for row in rows], np.float64)
    kept = (
        None
        if any(row["kept"] is None for row in rows)
        else np.array([row["kept"] for row in rows], np.float64)
    )
    one = {
        name: np.array([row[name] for row in rows], np.float64)
        for name in ("exponent", "shut", "open", "score")
    }
    return curve(norms, kept), summary(np.array([row["horizon"] for row in rows]), kept, **one)


def relative(norms: np.ndarray) -> np.ndarray:
    """Norms relative to that of lag 1, `(networks, T)`; 0 where nothing flows."""
    start = norms[:, :1]
    return np.divide(norms, start, out=np.zeros_like(norms), where=start > 0)


def summary(
    horizon: np.ndarray,
    kept: np.ndarray | None,
    *,
    exponent: np.ndarray,
    shut: np.ndarray,
    open: np.ndarray,
    score: np.ndarray,
) -> dict[str, Any]:
    """Medians over the networks, with their intervals. kept: `(networks, T)`, of which the product at the horizon."""
    low, high, level = interval(horizon)
    exponent = np.where(np.isnan(exponent), np.inf, exponent)
    slow, fast, _ = interval(exponent)
    middle = float(np.median(horizon))
    belt = None if kept is None else np.median(kept, axis=0)[max(0, int(middle) - 1)]
    values = (len(horizon), middle, low, high, level, middle_of(exponent), slow, fast)
    rest = (np.median(shut), np.median(open), belt, middle_of(np.where(np.isnan(score), -np.inf, score)))
    return dict(zip(SUMMARY, (*values, *map(plain, rest)), strict=True))


def middle_of(values: np.ndarray) -> float:
    """The median, of infinite values too: of two in the middle that are opposite infinities the lower one."""
    low, high = np.quantile(values, 0.5, method="lower"), np.quantile(values, 0.5, method="higher")
    return float(low if low == high or math.isinf(low) else (low + high) / 2)


def plain(value: float | None) -> float | None:
    """A number, None for NaN."""
    return None if value is None or math.isnan(value) else float(value)


def interval(values: Sequence[float] | np.ndarray) -> tuple[float, float, float]:
    """(low, high, level) of an interval for the median; see above."""
    ordered = np.sort(np.asarray(values, np.float64))
    n = len(ordered)
    below, k = 0.0, 0  # probability that fewer than k + 1 values lie below the median
    while k < n // 2 and 1 - 2 * (below + math.comb(n, k) / 2**n) >= LEVEL:
        below += math.comb(n, k) / 2**n
        k += 1
    k = max(k, 1)
    level = 1 - 2 * sum(math.comb(n, j) for j in range(k)) / 2**n
    return float(ordered[k - 1]), float(ordered[n - k]), max(0.0, level)
