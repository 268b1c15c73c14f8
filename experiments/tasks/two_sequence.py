"""Two-sequence problem (latch): the first numbers say the class, many noisy ones follow.

Hochreiter & Schmidhuber 1997, experiments 3a, 3b and 3c, after Bengio, Simard & Frasconi 1994. One input line:
the first N = `informative` numbers are +1 (class 1) or -1 (class 2), all others Gaussian with mean 0 and variance
0.2; lengths are uniform in T to 1.1 T. At the end a single number is asked for:

    a   1 or 0
    b   1 or 0; the informative numbers carry noise of variance 0.2, too
    c   0.2 or 0.8; the target that is trained on carries Gaussian noise of variance 0.1, the informative
        numbers none (or the 0.0044 wrong that the paper reports with N = 1 would be impossible)

    >>> print(show(TwoSequence(length=9)))
    value   -1 -1 -1 0.12 0.03 0.01 0 -0.41 0.02
    target   ·  ·  ·    ·    ·    · ·     ·    0

Wrong: off by more than 0.2 (c: 0.1) from the target without noise, from which the score's mean squared error is
taken, too. The naive predictor predicts the targets' mean: loss 0.25, in c 0.09 + 0.1. In b noise hides the class:
of all sequences at least Φ(-√(N / 0.2)) are wrong, 0.0127 with N = 1 (the paper's networks: 0.0150, 0.0121), so
never fewer than the tolerance of 1 %, and 0.00005 with N = 3 (the paper: 0.0083). Shorter sequences are padded at
their beginning. In c, a step that does not count, the last but one, holds the target without noise.
"""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from experiments.tasks.contract import Batch, Measures, draws, normal, whole

NOISE, TARGET_NOISE = 0.2, 0.1  # variances
TARGETS = {"a": (0.0, 1.0), "b": (0.0, 1.0), "c": (0.8, 0.2)}  # of class 2 (-1) and class 1 (+1)
WRONG = {"a": 0.2, "b": 0.2, "c": 0.1}


def doubt(informative: int) -> float:
    """Mean squared error of the posterior probability of class 1, given N informative numbers with noise.

    Their sum is s ~ N(±N, 0.2 N), the posterior p = 1 / (1 + exp(-2 s / 0.2)); E[p (1 - p)] is the same for
    both classes. The trapezoidal rule is exact to rounding for so smooth an integrand.
    """
    z = np.linspace(-12, 12, 4801)
    odds = np.exp(-np.abs(2 * (informative + math.sqrt(NOISE * informative) * z) / NOISE))
    density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    return float((odds / (1 + odds) ** 2 * density).sum() * (z[1] - z[0]))


@dataclass(frozen=True, kw_only=True)
class TwoSequence:
    """length: shortest length T. informative: N, at least 1 and less than T. variant: a, b or c."""

    reference: ClassVar[str] = "Hochreiter & Schmidhuber 1997, exp. 3a, 3b, 3c"
    axes: ClassVar[tuple[str, ...]] = ("length",)
    objective: ClassVar[str] = "mean squared error"
    naive: ClassVar[str] = "predicts 0.5, the mean of the target"
    wrong: ClassVar[str] = "off by more than 0.2 (c: 0.1) from the target without noise"
    lines: ClassVar[tuple[str, ...]] = ("value",)
    inputs: ClassVar[int] = 1
    outputs: ClassVar[int] = 1

    length: int = 100
    informative: int = 3
    variant: str = "a"

    def __post_init__(self) -> None:
        if not 1 <= self.informative < self.length or self.variant not in TARGETS:
            raise ValueError(
                "TwoSequence needs 1 <= informative < length and variant a, b or c; got "
                f"informative={self.informative}, length={self.length}, variant={self.variant!r}."
            )

    @property
    def steps(self) -> int:
        return 11 * self.length // 10

    @property
    def scored(self) -> int:
        return 2 if self.variant == "c" else 1

    @property
    def variance(self) -> float:
        """Of the target without noise."""
        low, high = sorted(TARGETS[self.variant])
        return (high - low) ** 2 / 4

    @property
    def irreducible(self) -> float:
        """Mean squared error of the best predictor, from the target without noise."""
        return doubt(self.informative) if self.variant == "b" else 0.0

    @property
    def baseline(self) -> float:
        return self.variance + (TARGET_NOISE if self.variant == "c" else 0.0)

    @property
    def best(self) -> float:
        return self.irreducible + (TARGET_NOISE if self.variant == "c" else 0.0)

    def sample(self, key: jax.Array, batch: int) -> Batch:
        T = self.steps
        u = draws(key, T + 3, batch)
        first = whole(u[T + 1], 0, T - self.length + 1)
        bit = whole(u[T], 0, 2)
        step = jnp.arange(T)[:, None] - first
        noise = math.sqrt(NOISE) * normal(u[:T])
        told = (2 * bit - 1) + (noise if self.variant == "b" else 0.0)
        values = jnp.where(step < 0, 0.0, jnp.where(step < self.informative, told, noise))
        clean = jnp.asarray(TARGETS[self.variant], u.dtype)[bit]
        mask = step >= 0 if self.length < T else None
        if self.variant != "c":
            return Batch(values[..., None], clean[None, :, None], mask)
        noisy = clean + math.sqrt(TARGET_NOISE) * normal(u[T + 2])
        counts = jnp.broadcast_to(jnp.array([[False], [True]]), (2, batch))
        return Batch(values[..., None], jnp.stack([clean, noisy])[..., None], mask, counts)

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        said, clean, wanted = outputs[-1], batch.targets[0], batch.targets[-1]
        off = ((said - clean) ** 2).mean()
        return Measures(
            ((said - wanted) ** 2).mean(),
            (jnp.abs(said - clean) > WRONG[self.variant]).mean(),
            (self.variance - off) / (self.variance - self.irreducible),
        )

    def longer(self, factor: int) -> Self:
        return replace(self, length=self.length * factor)
