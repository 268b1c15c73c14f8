"""What the tests know of a task beside the task: how to solve it, and what a predictor without memory does."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.compiler import QUICK, compile_with
from experiments.streams import stream
from experiments.tasks.contract import Measures

SIZE = 400  # sequences in a batch of the tests: all the same, so that little is compiled


@dataclass(frozen=True)
class Case:
    """task: small enough for a test. solve(task, inputs, mask): outputs (S, B, k) of a program written by hand
    in NumPy, from the inputs alone; it reads no target. naive(task, batch): outputs of the predictor that the
    task calls naive. It may know the position and the step's own input; of the batch it uses no more than that.
    """

    task: Any
    solve: Callable[[Any, np.ndarray, np.ndarray | None], Any]
    naive: Callable[[Any, Any], Any]


def sure(classes: Any, k: int) -> np.ndarray:
    """Logits (..., k) that leave no doubt about integer classes (...)."""
    return 50.0 * np.eye(k, dtype=np.float32)[np.asarray(classes)]


def constant(value: Any) -> Callable[[Any, Any], Any]:
    """A naive predictor that says the same k numbers at every scored step."""

    def outputs(task: Any, batch: Any) -> Any:
        S, B = batch.targets.shape[:2]
        return jnp.broadcast_to(jnp.asarray(value, jnp.float32), (S, B, task.outputs))

    return outputs


@functools.cache
def compiled(kind, task, *, size=SIZE):
    """`task.sample` for a key, or `task.measure`, quickly compiled, once for all tests."""
    key = jax.eval_shape(lambda: stream(0, "data"))
    draw = jax.jit(lambda key: task.sample(key, size))
    if kind == "sample":
        return compile_with(draw.lower(key), QUICK)
    outputs = jax.ShapeDtypeStruct((task.scored, size, task.outputs), jnp.float32)
    return compile_with(jax.jit(task.measure).lower(outputs, jax.eval_shape(draw, key)), QUICK)


def sampled(task, seed, name="data", index=0, *, size=SIZE):
    """A batch, as NumPy arrays."""
    return jax.tree.map(np.asarray, compiled("sample", task, size=size)(stream(seed, name, index)))


def judged(task, outputs, batch):
    """Loss, error and score, as floats."""
    size = batch.targets.shape[1]
    return Measures(*map(float, compiled("measure", task, size=size)(np.asarray(outputs, np.float32), batch)))
