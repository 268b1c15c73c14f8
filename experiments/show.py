"""A task's sequences as text, one row per line of the input or of the target, padding left out.

>>> from experiments import TemporalOrder
>>> print(show(TemporalOrder(length=10), seed=1))
input   E Y a b X d a X b   B
target  · · · · · · · · · YXX
"""

from typing import Any

import jax
import numpy as np

from experiments.streams import stream
from experiments.tasks.contract import TaskSpec

SILENT = "·"


def show(task: TaskSpec, *, seed: int = 0, sequence: int = 0) -> str:
    """One of the sequences that `seed` draws: inputs by name, and the target where the task judges it.

    A dot stands for a step that is not judged. A set of names side by side is a set of symbols, all of them right.
    """
    draw = jax.jit(lambda key: task.sample(key, sequence + 1))
    batch = jax.tree.map(np.asarray, draw(stream(seed, "data")))
    T, S = task.steps, task.scored
    there = np.ones(T, bool) if batch.mask is None else batch.mask[:, sequence]
    judged = np.zeros(T, bool)
    judged[T - S :] = True if batch.counts is None else batch.counts[:, sequence]
    rows = input_rows(task, batch.inputs[:, sequence])
    answers = answer_rows(task, batch.targets[:, sequence])
    silent = [SILENT] * (T - S)
    rows |= {
        name: [text if j else SILENT for text, j in zip(silent + texts, judged, strict=True)]
        for name, texts in answers.items()
    }
    kept = np.flatnonzero(there)
    widths = [max(len(texts[t]) for texts in rows.values()) for t in kept]
    head = max(map(len, rows)) + 2
    lines = [
        name.ljust(head) + " ".join(texts[t].rjust(w) for t, w in zip(kept, widths, strict=True))
        for name, texts in rows.items()
    ]
    return "\n".join(line.rstrip() for line in lines)


def input_rows(task: Any, inputs: np.ndarray) -> dict[str, list[str]]:
    if hasattr(task, "symbols"):
        return {
            "input": [
                task.symbols[i] if x.any() else SILENT for x, i in zip(inputs, inputs.argmax(-1), strict=True)
            ]
        }
    names = getattr(task, "lines", None) or tuple(f"input {i}" for i in range(task.inputs))
    return {name: [short(x) for x in inputs[:, i]] for i, name in enumerate(names)}


def answer_rows(task: Any, targets: np.ndarray) -> dict[str, list[str]]:
    answers = getattr(task, "answers", None) or tuple(map(str, range(task.outputs)))
    if np.issubdtype(targets.dtype, np.integer):
        return {"target": [answers[i] for i in targets]}
    if hasattr(task, "answers"):
        return {"target": ["".join(answers[i] for i in np.flatnonzero(x)) or SILENT for x in targets]}
    names = ("target",) if task.outputs == 1 else tuple(f"target {i}" for i in range(task.outputs))
    return {name: [short(x) for x in targets[:, i]] for i, name in enumerate(names)}


def short(x: float) -> str:
    """At most two decimals; no minus before a zero."""
    return f"{round(float(x), 2) + 0.0:g}"
