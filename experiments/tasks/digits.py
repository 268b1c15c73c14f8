"""Digits: an image arrives pixel by pixel; say at the end which digit it shows.

The 1,797 handwritten digits of 8 x 8 pixels of the UCI repository that scikit-learn carries, read row by row, after
Le et al. 2015's pixel-by-pixel MNIST; `permuted`: in another order, always the same. Every image is in one part, at
random but with equal shares of the classes: 1,097 to train, 300 to validate, 400 to test; a batch is drawn from its
part with replacement.

    >>> for line in show(Digits()).splitlines():
    ...     print(line[:50], "...", line[-50:])
    pixel   0 0.06 0.5 0.75 1 1 0.44 0 0 0.44 1 0.75 0 ... 1 0.69 0.81 0.75 0 0 0 0 0.31 0.81 0.75 0.31 0 0 0
    target  ·    ·   ·    · · ·    · · ·    · ·    ·   ... ·    ·    ·    · · · · ·    ·    ·    ·    · · · 5

After the last pixel come `blank` steps of 0; the answer is asked for at the last, so that no pixel is in sight of it
(the last pixel alone would score up to 0.044). Knowing how frequent the classes are: loss their entropy, 2.302 in
each part, right as often as the most frequent one occurs, 0.102 in training, 0.103 in validation and test.
The common criterion of 1 % wrong is about the best that is known for so few images (a support vector machine: 0.7 %
of the validation images, 2.3 % of the test images), so that trials do not count as solved: read the score.
"""

from dataclasses import dataclass, replace
from functools import cache
from typing import ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from experiments.tasks.contract import Batch, Measures, draws, judge_symbols, whole

PIXELS, CLASSES = 64, 10
PARTS = ("train", "validation", "test")
ORDER = np.random.default_rng(0).permutation(PIXELS)  # of the pixels, when permuted


@cache
def images(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (images, 64) in [0, 1], float32, and classes (images,), int32, of a part."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    pixels, classes = load_digits(return_X_y=True)
    rest, test = train_test_split(np.arange(len(classes)), test_size=400, stratify=classes, random_state=0)
    train, validation = train_test_split(rest, test_size=300, stratify=classes[rest], random_state=0)
    chosen = dict(zip(PARTS, (train, validation, test), strict=True))[part]
    return (pixels[chosen] / 16).astype(np.float32), classes[chosen].astype(np.int32)


@cache
def frequencies(part: str) -> np.ndarray:
    """Share of each class among the images of a part."""
    _, classes = images(part)
    return np.bincount(classes, minlength=CLASSES) / len(classes)


@dataclass(frozen=True, kw_only=True)
class Digits:
    """permuted: pixels in another order. blank: empty steps after the last pixel, at least 1.

    part: "train", "validation" or "test"; trials are validated and tested on theirs whatever stands here.
    """

    reference: ClassVar[str] = "UCI handwritten digits (Alpaydin & Kaynak 1998); Le et al. 2015"
    axes: ClassVar[tuple[str, ...]] = ("blank",)
    objective: ClassVar[str] = "cross-entropy of the class"
    naive: ClassVar[str] = "knows how frequent the classes are"
    wrong: ClassVar[str] = "another class"
    lines: ClassVar[tuple[str, ...]] = ("pixel",)
    inputs: ClassVar[int] = 1
    outputs: ClassVar[int] = CLASSES
    scored: ClassVar[int] = 1
    best: ClassVar[float] = 0.0

    permuted: bool = False
    blank: int = 1
    part: str = "train"

    def __post_init__(self) -> None:
        if self.blank < 1 or self.part not in PARTS:
            raise ValueError(
                "Digits needs blank >= 1, a step at which to answer, and part = 'train', 'validation' or 'test'; "
                f"got blank={self.blank}, part={self.part!r}."
            )

    @property
    def baseline(self) -> float:
        p = frequencies(self.part)
        return float(-(p * np.log(p)).sum())

    @property
    def steps(self) -> int:
        return PIXELS + self.blank

    def sample(self, key: jax.Array, batch: int) -> Batch:
        pixels, classes = images(self.part)
        chosen = whole(draws(key, 1, batch)[0], 0, len(classes))
        lines = jnp.asarray(pixels[:, ORDER] if self.permuted else pixels)[chosen].T
        inputs = jnp.concatenate([lines, jnp.zeros((self.blank, batch))])
        return Batch(inputs[..., None], jnp.asarray(classes)[chosen][None])

    def measure(self, outputs: jax.Array, batch: Batch) -> Measures:
        return judge_symbols(outputs, batch, float(frequencies(self.part).max()))

    def longer(self, factor: int) -> Self:
        return replace(self, blank=self.blank + self.steps * (factor - 1))
