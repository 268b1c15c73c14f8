"""Adding problem: remember two marked numbers, give their sum at the end.

Hochreiter & Schmidhuber 1997, experiment 4, in the form of Arjovsky, Shah & Bengio 2016: values
uniform on [0, 1], one marker in each half of the sequence, target the plain sum. Example, length 6:

    value   0.2  0.9  0.5  0.1  0.7  0.3
    marker   0    1    0    0    1    0        target 0.9 + 0.7 = 1.6

Always saying the mean, 1, has mean squared error 1/6 = Var(U + U) (the 0.1767 seen in the literature
is a slip); knowing one addend 1/12. Wrong: off by more than 0.08, which is the tolerance 0.04 of
Hochreiter & Schmidhuber, and of Sutskever 2013, on the mean of the two numbers.
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp

from experiments.tasks.contract import Batch, Measures, whole


@dataclass(frozen=True, kw_only=True)
class Adding:
    """length: steps T, at least 4. The lag that has to be bridged is T/2 on average, T at most."""

    reference: ClassVar[str] = "Hochreiter & Schmidhuber 1997, exp. 4; Arjovsky et al. 2016"
    axes: ClassVar[tuple[str, ...]] = ("length",)
    inputs: ClassVar[int] = 2
    outputs: ClassVar[int] = 1
    scored: ClassVar[int] = 1
    baseline: ClassVar[float] = 1 / 6

    length: int = 50

    def __post_init__(self) -> None:
        if self.length < 4:
            raise ValueError(f"Adding needs length >= 4 to hold two halves; got length={self.length}.")

    @property
    def steps(self) -> int:
        return self.length

    def sample(self, key: jax.Array, batch: int) -> Batch:
        half = self.length // 2
        u = jax.random.uniform(key, (self.length + 2, batch))
        values, first, second = u[2:], whole(u[0], 0, half), whole(u[1], half, self.length)
        step = jnp.arange(self.length)[:, None]
        marker = ((step == first) | (step == second)).astype(values.dtype)
        return Batch(jnp.stack([values, marker], axis=-1), (values * marker).sum(0)[None, :, None])

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        off = outputs - batch.targets
        loss = (off**2).mean()
        return Measures(loss, (jnp.abs(off) > 0.08).mean(), 1 - loss / self.baseline)
