"""Noisy frames: several features are on or off for stretches of time; say at every frame which are on.

In the spirit of framewise phoneme classification (Graves & Schmidhuber 2005; Greff et al. 2017, on TIMIT), with data
of which everything is known. Each feature is a Markov chain of two states, both equally likely at first, that changes
before a frame with probability 1 / d, d being its mean duration; features are independent. A frame has a number for
each, +1 (on) or -1 (off) plus Gaussian noise, whose standard deviation is 1 in half of the frames and 4 in the others,
drawn at random; the line `static` says which (0: the noise is 1).

    >>> print(show(NoisyFrames(length=10, durations=(4, 16))))
    a        0.2  -1.8  1.89  5.59 -3.65  3.2 -1.4 -3.94  2.93 2.21
    b       1.13 -2.65 -5.12 -0.09  0.04 0.28 0.42  5.62 -4.74 -4.7
    static     1     1     1     1     1    1    1     1     1    1
    target     a     ·     ·     ·     ·   ab    b     b     b    b

The target is a bit a feature and frame. The best predictor is the forward algorithm (Rabiner 1989): with m the log
odds of a feature before the frame, a = 1 / d and y the frame's number,

    L = g(m) + 2 y / noise²      g(m) = log ((1 - a) eᵐ + a) - log (a eᵐ + 1 - a)      m = 0 at the first frame, then L

It integrates over long stretches, and has to trust a static frame sixteen times less than it would otherwise. The
naive predictor sees the frame alone: L = 2 y / noise². The loss is the cross-entropy summed over the bits, mean over
frames. Its expectation is exact for both: the naive predictor's is an integral, the best one's the same integral over
the density of L, which is carried from frame to frame on a grid. With the defaults 1.529 and 0.779.

The score is one minus the mean divergence of the probabilities from those of the best predictor, over that of the
naive one: what the loss says, without the luck of the draw. A sequence is wrong if at any frame a probability is off by
more than 0.25 from the best predictor's.
"""

import functools
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from experiments.tasks.contract import (
    Array,
    Batch,
    Measures,
    all_right,
    binary_cross_entropy,
    draws,
    normal,
)

NOISE = (1.0, 4.0)  # standard deviations of clear frames and of static ones, each half of all
TOLERATED = 0.25
ALPHABET = "abcdefghijklmnopqrstuvwxyz"
GRID = np.linspace(-24, 24, 1201)  # of log odds; no density is left at its ends


def prior(odds: np.ndarray, change: float) -> np.ndarray:
    """g: log odds at the next frame, before it is seen."""
    stay = np.log1p(-change)
    return np.logaddexp(stay + odds, np.log(change)) - np.logaddexp(np.log(change) + odds, stay)


def seen(before: np.ndarray) -> np.ndarray:
    """Density on the grid of the log odds after a frame of a feature that is on, `(grid, len(before))`, for each of
    the log odds before it: 2 y / noise² is Gaussian with mean 2 / noise² and standard deviation 2 / noise."""
    parts = [
        np.exp(-(((GRID[:, None] - before - 2 / s**2) * s / 2) ** 2) / 2) * s / (2 * np.sqrt(2 * np.pi))
        for s in NOISE
    ]
    return np.asarray(np.mean(parts, axis=0) * (GRID[1] - GRID[0]))


@functools.cache
def best_loss(length: int, duration: int) -> tuple[float, float]:
    """Nats a frame that a feature costs: the naive predictor, and the forward algorithm.

    All is symmetric between on and off: the log odds of a feature that is off are those of one that is on, negated.
    """
    change, cost = 1 / duration, np.logaddexp(0, -GRID)
    density = seen(np.zeros(1))[:, 0]
    naive = float(cost @ density)
    step, paid = seen(prior(GRID, change)), 0.0
    for _ in range(length):
        paid += float(cost @ density)
        density = step @ ((1 - change) * density + change * density[::-1])
    return naive, paid / length


@dataclass(frozen=True, kw_only=True)
class NoisyFrames:
    """length: frames. durations: mean number of frames before a feature changes, one a feature, each at least 2."""

    reference: ClassVar[str] = "Graves & Schmidhuber 2005, framewise classification (generated features)"
    axes: ClassVar[tuple[str, ...]] = ("length",)
    objective: ClassVar[str] = "binary cross-entropy, summed over the features, mean over frames"
    naive: ClassVar[str] = "knows the current frame, and how it is distributed"
    wrong: ClassVar[str] = "at any frame a probability off by more than 0.25 from the best predictor's"

    length: int = 100
    durations: tuple[int, ...] = (8, 32, 128)

    def __post_init__(self) -> None:
        if self.length < 2 or not 1 <= len(self.durations) <= len(ALPHABET) or min(self.durations) < 2:
            raise ValueError(
                "NoisyFrames needs length >= 2 and 1 to 26 durations of at least 2 frames each; got "
                f"length={self.length}, durations={self.durations}."
            )

    @property
    def lines(self) -> tuple[str, ...]:
        return (*self.answers, "static")

    @property
    def answers(self) -> tuple[str, ...]:
        return tuple(ALPHABET[: len(self.durations)])

    @property
    def inputs(self) -> int:
        return len(self.durations) + 1

    @property
    def outputs(self) -> int:
        return len(self.durations)

    @property
    def steps(self) -> int:
        return self.length

    @property
    def scored(self) -> int:
        return self.length

    @property
    def baseline(self) -> float:
        return sum(best_loss(self.length, d)[0] for d in self.durations)

    @property
    def best(self) -> float:
        return sum(best_loss(self.length, d)[1] for d in self.durations)

    def sample(self, key: Array, batch: int) -> Batch:
        T, k = self.length, len(self.durations)
        u = draws(key, T * (2 * k + 1), batch)
        changes = jnp.tile(1 / jnp.array(self.durations, u.dtype), (T, 1)).at[0].set(0.5)
        on = (u[: T * k].reshape(T, k, batch) < changes[..., None]).cumsum(0) % 2
        static = (u[2 * T * k :] < 0.5)[:, None]
        values = (
            2 * on
            - 1
            + jnp.where(static, NOISE[1], NOISE[0]) * normal(u[T * k : 2 * T * k]).reshape(on.shape)
        )
        inputs = jnp.concatenate([values, static.astype(values.dtype)], axis=1).swapaxes(1, 2)
        return Batch(inputs, on.swapaxes(1, 2).astype(values.dtype))

    def filtered(self, inputs: Array) -> Array:
        """Log odds (T, B, k) of the forward algorithm."""
        change = 1 / jnp.array(self.durations, inputs.dtype)
        stay, change = jnp.log1p(-change), jnp.log(change)
        news = 2 * inputs[..., :-1] * jnp.where(inputs[..., -1:] > 0, NOISE[1] ** -2, NOISE[0] ** -2)

        def frame(odds: Array, news: Array) -> tuple[Array, Array]:
            odds = jnp.logaddexp(stay + odds, change) - jnp.logaddexp(change + odds, stay) + news
            return odds, odds

        return jax.lax.scan(frame, jnp.zeros_like(news[0]), news)[1]

    def measure(self, outputs: Array, batch: Batch) -> Measures:
        known = self.filtered(batch.inputs)
        p = jax.nn.sigmoid(known)
        divergence = (binary_cross_entropy(outputs, p) - binary_cross_entropy(known, p)).mean()
        right = (jnp.abs(jax.nn.sigmoid(outputs) - p) <= TOLERATED).all(-1)
        return Measures(
            binary_cross_entropy(outputs, batch.targets).mean(),
            1 - all_right(right, None),
            1 - divergence / (self.baseline - self.best),
        )

    def longer(self, factor: int) -> Self:
        return replace(self, length=self.length * factor)
