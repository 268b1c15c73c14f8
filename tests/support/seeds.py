"""Scores of seeds, and what `compare` says of them: judge({("lstm", "adding"): [0.9, 0.8], ...})."""

import math

import numpy as np
import pandas as pd

from analysis.statistics.pairs.compare import compare


def seeds(scores, resolution=math.nan, **values):
    """One row per seed from {(cell, task): scores}."""
    rows = [
        {"task": task, "cell": cell, "seed": k, "status": "finished", "solved": score > 0.95, "score": score}
        for (cell, task), group in scores.items()
        for k, score in enumerate(group)
    ]
    frame = pd.DataFrame(rows, columns=["task", "cell", "seed", "status", "solved", "score"])
    return frame.assign(resolution=resolution, **values)


def every(scores):
    cells, tasks = (list(dict.fromkeys(key[i] for key in scores)) for i in (0, 1))
    rows = [(t, a, b) for t in tasks for i, a in enumerate(cells) for b in cells[i + 1 :]]
    return pd.DataFrame(rows, columns=["task", "a", "b"])


def judge(scores, margin=0.05, resolution=math.nan, **settings):
    return compare(seeds(scores, resolution), every(scores), margin=margin, **settings)


def one(a, b, **settings):
    return judge({("a", "t"): a, ("b", "t"): b}, **settings).iloc[0]


def around(mean, spread=0.01, n=8):
    return (mean + spread * np.linspace(-1, 1, n)).tolist()


def solved(k, n):
    return [1.0] * k + [0.0] * (n - k)
