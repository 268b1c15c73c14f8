"""What a task owes: data made on the device from a key, and a measure with two fixed points.

Time comes first: T steps, B sequences, n inputs, k outputs, S scored steps (the last S of the T).
The score is 0 for the task's naive baseline, a predictor that ignores the past, and 1 for a perfect
one. A trial counts as solved when fewer than `TOLERANCE` of the fresh validation items are wrong, the
criterion of Sutskever 2013 and Pascanu et al. 2013 (1 % of sequences).
"""

from typing import ClassVar, NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp

Array = jax.Array
TOLERANCE = 0.01


class Batch(NamedTuple):
    """inputs (T, B, n); targets (S, B) integer classes or (S, B, k) values, for the last S steps."""

    inputs: Array
    targets: Array


class Measures(NamedTuple):
    """Means over a batch, so that the mean over equal batches is the measure of all of them.

    loss: what training descends. error: fraction of items wrong. score: 0 baseline, 1 perfect.
    """

    loss: Array
    error: Array
    score: Array


@runtime_checkable
class TaskSpec(Protocol):
    """A frozen, keyword-only dataclass that makes data and judges outputs.

    reference: definition's source, one line. inputs, outputs: sizes n and k. steps: T. scored: S.
    baseline: loss of the naive predictor. axes: integer fields that make the task harder when they grow.
    """

    reference: ClassVar[str]
    axes: ClassVar[tuple[str, ...]]

    @property
    def inputs(self) -> int: ...
    @property
    def outputs(self) -> int: ...
    @property
    def steps(self) -> int: ...
    @property
    def scored(self) -> int: ...
    @property
    def baseline(self) -> float: ...

    def sample(self, key: Array, batch: int) -> Batch:
        """Draw `batch` fresh sequences."""
        ...

    def measure(self, outputs: Array, batch: Batch) -> Measures:
        """Judge outputs `(S, B, k)`."""
        ...


def whole(u: Array, low: Array | int, high: Array | int) -> Array:
    """Whole numbers in [low, high) from uniform draws `u` in [0, 1), int32.

    One call of the generator a sample, cut up with this, compiles several times faster than a call a
    quantity; 23 random bits make the numbers uniform to (high - low) / 2**23.
    """
    return (low + jnp.floor(u * (high - low))).astype(jnp.int32)


def cross_entropy(outputs: Array, targets: Array) -> Array:
    """Negative log-likelihood in nats `(S, B)` of integer targets under logits `(S, B, k)`."""
    log_p = jax.nn.log_softmax(outputs, axis=-1)
    return -jnp.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]


def above_chance(accuracy: Array, classes: int) -> Array:
    """Accuracy rescaled so that guessing among `classes` scores 0 and no error scores 1."""
    return (accuracy - 1 / classes) / (1 - 1 / classes)
