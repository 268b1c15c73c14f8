"""Search spaces, and the two plain strategies: `grid` (every combination) and `sampled` (random search).

A space maps dotted paths of the trial's spec to values or distributions:

    sampled({"optimizer.learning_rate": log_uniform(1e-3, 3e-2), "cell.hidden": choice(16, 32)}, trials=8)
    grid({"optimizer.learning_rate": [1e-3, 1e-2]}, seeds=2)

Both are determined by the study's seed. Other strategies: see `sweeps.strategy`.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from sweeps.errors import InputError
from sweeps.strategy import RANDOM, Listed, Setting


class Distribution(Protocol):
    """What a field is drawn from: at random, or as the value below which a share u of all draws lies, 0 <= u < 1."""

    def draw(self, rng: np.random.Generator) -> Any: ...
    def quantile(self, u: float) -> Any: ...


@dataclass(frozen=True)
class LogUniform:
    low: float
    high: float

    def draw(self, rng: np.random.Generator) -> float:
        return rounded(math.exp(rng.uniform(math.log(self.low), math.log(self.high))))

    def quantile(self, u: float) -> float:
        return rounded(self.low * (self.high / self.low) ** u)


@dataclass(frozen=True)
class Uniform:
    low: float
    high: float

    def draw(self, rng: np.random.Generator) -> float:
        return rounded(rng.uniform(self.low, self.high))

    def quantile(self, u: float) -> float:
        return rounded(self.low + (self.high - self.low) * u)


@dataclass(frozen=True)
class Choice:
    values: tuple[Any, ...]

    def draw(self, rng: np.random.Generator) -> Any:
        return self.values[int(rng.integers(len(self.values)))]

    def quantile(self, u: float) -> Any:
        return self.values[min(int(u * len(self.values)), len(self.values) - 1)]


@dataclass(frozen=True)
class IntUniform:
    """Whole numbers from low to high, both included."""

    low: int
    high: int

    def draw(self, rng: np.random.Generator) -> int:
        return int(rng.integers(self.low, self.high + 1))

    def quantile(self, u: float) -> int:
        return self.low + int(u * (self.high - self.low + 1))


@dataclass(frozen=True)
class Quantised:
    """Draws of another distribution, rounded to multiples of a step: whole numbers where the step is one, as W&B has
    it, so that fields such as `cell.hidden` take them."""

    of: LogUniform | Uniform
    step: float

    def draw(self, rng: np.random.Generator) -> float:
        return self.near(self.of.draw(rng))

    def quantile(self, u: float) -> float:
        return self.near(self.of.quantile(u))

    def near(self, value: float) -> float:
        multiple = round(value / self.step) * self.step
        return multiple if isinstance(multiple, int) else float(f"{multiple:.12g}")


def rounded(value: float) -> float:
    """Three significant digits: enough for a knob, and short in a table."""
    return float(f"{value:.3g}")


def log_uniform(low: float, high: float) -> LogUniform:
    """Uniform in the logarithm, between `low` and `high`. Raises InputError unless 0 < low < high."""
    if not 0 < low < high:
        raise InputError(f"log_uniform needs 0 < low < high; got low={low!r}, high={high!r}.")
    return LogUniform(low, high)


def uniform(low: float, high: float) -> Uniform:
    """Uniform between `low` and `high`. Raises InputError unless low < high."""
    if not low < high:
        raise InputError(f"uniform needs low < high; got low={low!r}, high={high!r}.")
    return Uniform(low, high)


def int_uniform(low: int, high: int) -> IntUniform:
    """A whole number from `low` to `high`, all alike likely. Raises InputError unless low < high."""
    if not low < high:
        raise InputError(f"int_uniform needs low < high; got low={low!r}, high={high!r}.")
    return IntUniform(low, high)


def quantised(of: LogUniform | Uniform, step: float) -> Quantised:
    """Multiples of `step` near the draws of a distribution. Raises InputError unless step > 0."""
    if not step > 0:
        raise InputError(f"quantised needs step > 0; got step={step!r}.")
    return Quantised(of, step)


def choice(*values: Any) -> Choice:
    """One of the values, all alike likely. Raises InputError when there is none."""
    if not values:
        raise InputError("choice needs at least one value; got none.")
    return Choice(values)


@dataclass(frozen=True)
class Sampled(Listed):
    """`most` independent draws from the distributions of a space."""

    sampler: ClassVar[str] = RANDOM
    space: tuple[tuple[str, Distribution], ...]
    most: int

    def settings(self, rng: np.random.Generator) -> list[Setting]:
        return [{path: d.draw(rng) for path, d in self.space} for _ in range(self.most)]


@dataclass(frozen=True)
class Grid(Listed):
    """Every combination of the values of a space, `seeds` times."""

    sampler: ClassVar[str] = "grid"
    space: tuple[tuple[str, tuple[Any, ...]], ...]
    seeds: int

    @property
    def most(self) -> int:
        return self.seeds * math.prod(len(values) for _, values in self.space)

    def settings(self, rng: np.random.Generator) -> list[Setting]:
        combinations = itertools.product(*(values for _, values in self.space))
        once = [dict(zip((path for path, _ in self.space), c, strict=True)) for c in combinations]
        return [dict(setting) for _ in range(self.seeds) for setting in once]


def check_space(name: str, space: Mapping[str, Distribution], trials: int) -> None:
    """Raises InputError for fewer than one trial, and for what is no distribution."""
    if trials < 1:
        raise InputError(f"{name} needs trials >= 1; got trials={trials}.")
    for path, distribution in space.items():
        if not isinstance(distribution, LogUniform | Uniform | Choice | IntUniform | Quantised):
            raise InputError(
                f"{name} needs log_uniform, uniform or choice for '{path}'; got {distribution!r}. "
                "For fixed lists use grid."
            )


def sampled(space: Mapping[str, Distribution], *, trials: int) -> Sampled:
    """Random search with `trials` draws per cell and task. Raises InputError for what is no distribution."""
    check_space("sampled", space, trials)
    return Sampled(tuple(space.items()), trials)


def grid(space: Mapping[str, Sequence[Any]], *, seeds: int = 1) -> Grid:
    """Every combination of the lists, each with `seeds` seeds. Raises InputError for what is no list."""
    if seeds < 1:
        raise InputError(f"grid needs seeds >= 1; got seeds={seeds}.")
    for path, values in space.items():
        if not isinstance(values, list | tuple) or not values:
            raise InputError(f"grid needs a list of at least one value for '{path}'; got {values!r}.")
    return Grid(tuple((path, tuple(values)) for path, values in space.items()), seeds)
