"""What flows through many networks of a cell, as rows: medians, where the middle half lies, and intervals.

The interval of a median is that between two of the sorted values, whatever their distribution: of n networks the k-th
from either end, with the largest k at which it holds the median in at least 95 % of all samples. Below six networks no
two values do; then it is all of their range, and `level` says how sure it is.
"""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from experiments.flow import Moment, horizon

LEVEL = 0.95
CURVES = ("cell", "moment", "step", "lag", "networks", "norm", "share", "share_q25", "share_q75", "kept")
SUMMARY = (
    *("cell", "moment", "step", "networks", "horizon", "horizon_low", "horizon_high", "level"),
    *("exponent", "exponent_low", "exponent_high", "shut", "open", "kept", "score"),
)


def curves(cell: str, moments: Iterable[Moment]) -> list[dict[str, Any]]:
    """One row a moment and lag. norm: median of the norm of dL/ds. share: median of that norm relative to lag 1, with
    quartiles. kept: median of the mean product of what is kept of c."""
    rows = []
    for moment in moments:
        norms = np.asarray(moment.measured.norms, np.float64)
        shares = relative(norms)
        low, middle, high = np.quantile(shares, (0.25, 0.5, 0.75), axis=0)
        kept = np.median(moment.measured.kept, axis=0)
        for k in range(norms.shape[1]):
            values = (cell, moment.name, moment.step, k + 1, len(norms), np.median(norms[:, k]))
            rest = (middle[k], low[k], high[k], plain(kept[k]))
            rows.append(dict(zip(CURVES, (*values, *rest), strict=True)))
    return rows


def relative(norms: np.ndarray) -> np.ndarray:
    """Norms relative to that of lag 1, (networks, T); 0 where nothing flows."""
    start = norms[:, :1]
    return np.divide(norms, start, out=np.zeros_like(norms), where=start > 0)


def summary(cell: str, moments: Iterable[Moment]) -> list[dict[str, Any]]:
    """One row a moment: medians over the networks, with their intervals. kept: the product at the horizon."""
    rows = []
    for moment in moments:
        m = moment.measured
        reach = np.array([horizon(norms) for norms in np.asarray(m.norms, np.float64)])
        low, high, level = interval(reach)
        slow, fast, _ = interval(np.asarray(m.exponent, np.float64))
        middle = float(np.median(reach))
        kept = np.median(m.kept, axis=0)[max(0, int(middle) - 1)]
        one = [float(np.median(values)) for values in (m.exponent, m.shut, m.open, m.score)]
        values = (cell, moment.name, moment.step, len(reach), middle, low, high, level)
        rest = (one[0], slow, fast, plain(one[1]), plain(one[2]), plain(kept), one[3])
        rows.append(dict(zip(SUMMARY, (*values, *rest), strict=True)))
    return rows


def plain(value: float) -> float | None:
    """A number, None for NaN."""
    return None if math.isnan(value) else float(value)


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


def text(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> bytes:
    """Rows as CSV, numbers to six digits."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(
            [f"{v:.6g}" if isinstance(v, float) else "" if v is None else v for v in row.values()]
        )
    return buffer.getvalue().encode()
