"""What there is to remember of a task: what its own `quantities` say, and of every task the past itself.

symbol 1 step ago, 2 steps ago, 4, 8, 16 ...    of tasks with symbols; of others the first of the numbers
the step's target, where it is a number, and the steps so far
"""

from typing import Any

import numpy as np

from experiments.tasks.contract import Batch, Quantity

LAGS = (1, 2, 4, 8, 16, 32)


def quantities(task: Any, batch: Batch) -> dict[str, Quantity]:
    """By name, as arrays of NumPy, `known` filled in and False where a step does not count."""
    inputs = np.asarray(batch.inputs)
    T, B, _ = inputs.shape
    there = np.ones((T, B), bool) if batch.mask is None else np.asarray(batch.mask)
    found: dict[str, Any] = dict(task.quantities(batch)) if hasattr(task, "quantities") else {}
    symbols = hasattr(task, "symbols")
    now = inputs.argmax(-1) if symbols else inputs[..., 0]
    what = "symbol" if symbols else task.lines[0] if hasattr(task, "lines") else "input"
    for lag in LAGS:
        if lag <= T // 2:
            before = np.concatenate([np.zeros_like(now[:lag]), now[:-lag]])
            heard = np.concatenate([np.zeros_like(there[:lag]), there[:-lag]])
            found[f"{what} {lag} step{'s' * (lag > 1)} ago"] = Quantity(before, heard)
    targets = np.asarray(batch.targets)
    if targets.shape == (T, B, 1) and np.issubdtype(targets.dtype, np.floating):
        found["target of the step"] = Quantity(targets[..., 0])
    found["steps so far"] = Quantity(there.cumsum(0).astype(np.float32))
    return {
        name: Quantity(np.asarray(q.values), there if q.known is None else there & np.asarray(q.known))
        for name, q in found.items()
    }
