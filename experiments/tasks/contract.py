"""The contract of a task: data made on the device from a key, and a measure with two fixed points.

Time comes first: T steps, B sequences, n inputs, k outputs, S scored steps (the last S of the T). The score is 0 for
the task's naive baseline, a predictor that ignores the past, and 1 for a perfect one. (It sees the step's own input.
Where `naive` states it, it also has a clock and knows the step; to learn to count steps is already memory, so that
elsewhere it has none.) A trial counts as solved when fewer than `TOLERANCE` of the fresh validation items are wrong,
the criterion of Sutskever 2013 and Pascanu et al. 2013 (1 % of sequences).

Sequences of different lengths share one structure, and so one compilation: all have T steps, of which
`Batch.mask` says which exist. Where the answer is asked for at the end, the padding comes first (every
sequence ends at step T - 1, and S stays small); where every step is judged, it comes last.
"""

import dataclasses
from typing import Any, ClassVar, NamedTuple, Protocol, Self, TypeVar, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np

Array = jax.Array
TOLERANCE = 0.01
Task = TypeVar("Task", bound="TaskSpec")


class Batch(NamedTuple):
    """inputs (T, B, n); targets (S, B) integer classes or (S, B, k) values, for the last S steps.

    mask: (T, B) bool, False at padded steps; None: there are none. counts: (S, B) bool, the scored steps whose
    outputs are judged; None: all of them. What the inputs of padded steps and the targets of steps that do not
    count hold is arbitrary.
    """

    inputs: Array
    targets: Array
    mask: Array | None = None
    counts: Array | None = None


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

    reference: definition's source, one line. inputs, outputs: sizes n and k. steps: T, the longest sequence.
    scored: S. axes: integer fields that make the task harder when they grow. objective: what the loss is, in
    words. baseline: loss of the naive predictor, which `naive` describes. best: loss of a perfect predictor,
    not 0 where the targets cannot be known. wrong: when an item counts as wrong, for `Measures.error`.

    A task that has but one sequence says `single = True`: what is measured on it is exact. One over data that may not
    be installed has a method `ready()`, which raises SpecError where they are not, and can say everything but its
    sequences without them; whether these have a mask, as `padded`.

    For people, `show` writes sequences by names: `symbols` of the n lines, of which one is on at each step, or
    `lines`, names of n lines of numbers; `answers` of the k classes.

    For those who look into a network, `quantities(batch)` says what a solver has to remember, by name: `Quantity`.
    """

    reference: ClassVar[str]
    axes: ClassVar[tuple[str, ...]]
    objective: ClassVar[str]
    naive: ClassVar[str]
    wrong: ClassVar[str]

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
    @property
    def best(self) -> float: ...

    def sample(self, key: Array, batch: int) -> Batch:
        """Draw `batch` fresh sequences. The first ones are the same whatever the batch size."""
        ...

    def measure(self, outputs: Array, batch: Batch) -> Measures:
        """Judge outputs `(S, B, k)`."""
        ...

    def longer(self, factor: int) -> Self:
        """The same task, same inputs and outputs, with sequences (or lags) `factor` >= 2 times as long as the
        longest that this one draws; where lengths vary, none of them is as short as this one's."""
        ...


def drawable(task: Task) -> Task:
    """The task itself, if its sequences can be drawn here. Raises SpecError where the data it needs are not there."""
    ready = getattr(task, "ready", None)
    if ready is not None:
        ready()
    return task


def part(task: Task, name: str) -> Task:
    """The task over its "train", "validation" or "test" items.

    Only a task over a finite set of recorded items has parts, in a field `part`; what is generated is fresh.
    """
    fields: Any = task
    names = {field.name for field in dataclasses.fields(fields)}
    return dataclasses.replace(fields, part=name) if "part" in names else task


def draws(key: Array, count: int, batch: int) -> Array:
    """Uniform draws in [0, 1), `(count, batch)`; each sequence's are the same whatever the batch size.

    One call a sample, cut up with `whole` and `normal`, compiles several times faster than a call a quantity.
    """
    return jax.random.uniform(key, (batch, count)).T


def whole(u: Array, low: Array | int, high: Array | int) -> Array:
    """Whole numbers in [low, high) from uniform draws `u` in [0, 1), int32.

    23 random bits make the numbers uniform to (high - low) / 2**23.
    """
    return (low + jnp.floor(u * (high - low))).astype(jnp.int32)


def normal(u: Array) -> Array:
    """Standard normal numbers from uniform draws `u` in [0, 1): all finite, at most 5.3 in size."""
    return jax.scipy.special.ndtri(u + 2.0**-24)


def distinct(u: Array, count: int) -> Array:
    """`count` different places in random order out of `u.shape[0]`, `(count, B)`, from one draw a place.

    Those of the smallest draws. (`top_k` over rows; sorting all 4,096 places took 80 times as long.)
    """
    return jax.lax.top_k(-u.T, count)[1].T


def cross_entropy(outputs: Array, targets: Array) -> Array:
    """Negative log-likelihood in nats `(S, B)` of integer targets under logits `(S, B, k)`."""
    log_p = jax.nn.log_softmax(outputs, axis=-1)
    return -jnp.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]


def binary_cross_entropy(outputs: Array, targets: Array) -> Array:
    """Negative log-likelihood in nats `(S, B)`, summed over k independent bits, under logits `(S, B, k)`."""
    return (jnp.logaddexp(outputs, 0.0) - outputs * targets).sum(-1)


def mean_counted(values: Array, counts: Array | None, expected: float) -> Array:
    """Sum of `values` (S, B) over the steps that count, divided by how many are expected in B sequences.

    The divisor is the task's exact expectation and no count of this batch, so that means over equal batches are
    means over all.
    """
    total = values if counts is None else jnp.where(counts, values, 0)
    return total.sum() / (expected * values.shape[1])


def all_right(right: Array, counts: Array | None) -> Array:
    """Share of sequences that are right (S, B) at every step that counts."""
    return (right if counts is None else right | ~counts).all(0).mean()


def judge_symbols(outputs: Array, batch: Batch, naive: float, judged: int | None = None) -> Measures:
    """Measures of integer targets (S, B) under logits (S, B, k), all of which count.

    loss: mean cross-entropy. Over the last `judged` steps (None: all): error, the share of sequences with any of
    these symbols wrong; score, the accuracy, rescaled so that `naive` is 0.
    """
    right = (outputs.argmax(-1) == batch.targets)[-(judged or len(outputs)) :]
    loss = cross_entropy(outputs, batch.targets).mean()
    return Measures(loss, 1 - right.all(0).mean(), above(right.mean(), naive))


def judge_numbers(outputs: Array, batch: Batch, tolerance: float, baseline: float) -> Measures:
    """Measures of real targets (S, B, 1), all of which count.

    loss: mean squared error. error: share of sequences that are off by more than `tolerance` at any step. score:
    share of the naive predictor's loss that is gone.
    """
    off = (outputs - batch.targets)[..., 0]
    loss = (off**2).mean()
    return Measures(loss, 1 - all_right(jnp.abs(off) <= tolerance, None), 1 - loss / baseline)


def above(accuracy: Array, naive: Array | float) -> Array:
    """Accuracy rescaled so that the naive predictor's scores 0 and no error scores 1."""
    return (accuracy - naive) / (1 - naive)


def above_chance(accuracy: Array, classes: int) -> Array:
    """Accuracy rescaled so that guessing among `classes` scores 0 and no error scores 1."""
    return above(accuracy, 1 / classes)


def guessing(chances: np.ndarray) -> tuple[float, float]:
    """Cross-entropy and accuracy of the best predictor that knows one thing of each sequence. chances: of every answer
    given that, `(thing, answer)`; all things are alike likely."""
    entropy = -(chances * np.log(np.where(chances > 0, chances, 1))).sum(1).mean()
    return float(entropy), float(chances.max(1).mean())


class Quantity(NamedTuple):
    """Something that there is to remember, at every step. values: (T, B), integers for what is one of several classes,
    else numbers. known: (T, B) bool, the steps at which it is determined by what came; None: all."""

    values: Array | np.ndarray
    known: Array | np.ndarray | None = None
