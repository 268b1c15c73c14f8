"""Marginal curves: the mean score that a forest predicts against one number, all other settings averaged.

The forest and the half-samples behind the bands are those of `search.importance`: a curve is the mean, plus the
main effect of the factor, and for one cell plus the cell's main effect and the interaction of the two,

    value(x)    = m + a_j(x)                                 low, high = value ± t_{R-1}(1 - α/2) s
    value(x, c) = m + a_j(x) + a_cell(c) + a_{j,cell}(x, c)

with s the standard deviation over R half-samples at each point, all within the scores' 0 to 1.
"""

import numpy as np
import pandas as pd
from scipy import stats

from analysis.statistics.search.anova import Effects
from analysis.statistics.search.factors import CELL, LABELS, Factor
from analysis.statistics.search.importance import Explained

EVERY = "all cells"
COLUMNS = [
    *("task", "factor", "scale", "cell", "at", "value", "low", "high", "n", "fewest", "lost"),
    *("explained", "meaningful", "method"),
]


def marginals(explained: Explained, *, confidence: float = 0.95) -> pd.DataFrame:
    """Predicted mean score against each numeric factor, the others averaged over their range: a curve for the mean
    of all cells (cell = EVERY) and one for each cell.

    Columns: task, factor, scale, cell, at (the factor's value), value, low, high, n (trials), fewest, lost,
    explained, meaningful, method; no rows where there is no analysis.
    """
    if explained.whole is None:
        return pd.DataFrame(columns=COLUMNS)
    names = [f.name for f in explained.factors]
    frames = []
    for j, f in enumerate(explained.factors):
        if f.scale == LABELS:
            continue
        frames.append(line(explained, f, EVERY, j, None, None, confidence))
        if CELL in names:
            c = names.index(CELL)
            for k, cell in enumerate(explained.factors[c].points):
                frames.append(line(explained, f, str(cell), j, c, k, confidence))
    if not frames:
        return pd.DataFrame(columns=COLUMNS)
    method = f"mean of a random forest; {confidence:.0%} by half-samples of settings"
    table = pd.concat(frames, ignore_index=True)
    return table.assign(task=explained.task, method=method, **explained.told)[COLUMNS]


def line(
    explained: Explained, f: Factor, cell: str, j: int, c: int | None, k: int | None, confidence: float
) -> pd.DataFrame:
    """One curve over factor j; of the k-th point of factor c where these are given."""
    assert explained.whole is not None

    def curve(e: Effects) -> np.ndarray:
        if c is None:
            return e.mean + e.main[j]
        joint = e.pair[j, c] if j < c else e.pair[c, j].T
        return e.mean + e.main[j] + e.main[c][k] + joint[:, k]

    value = curve(explained.whole)
    parts = np.array([curve(e) for e in explained.halves])
    half = stats.t.ppf((1 + confidence) / 2, len(parts) - 1) * parts.std(axis=0, ddof=1)
    return pd.DataFrame(
        {
            "factor": f.name,
            "scale": f.scale,
            "cell": cell,
            "at": np.asarray(f.points, float),
            "value": np.clip(value, 0, 1),
            "low": np.clip(value - half, 0, 1),
            "high": np.clip(value + half, 0, 1),
        }
    )
