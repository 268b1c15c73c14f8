"""A scrambled Sobol' sequence instead of random draws: the same number of settings, spread more evenly.

I. M. Sobol', "On the distribution of points in a cube and the approximate evaluation of integrals" (1967); the
scrambling is Owen's (1995), as in SciPy. Each point u of the unit cube becomes a setting by the quantiles of the
space's distributions:

    sobol({"optimizer.learning_rate": log_uniform(1e-3, 3e-2), "cell.hidden": choice(16, 32)}, trials=8)

The first settings do not depend on the number of trials. Powers of two are spread best.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sweeps.errors import InputError
from sweeps.spaces import Distribution, check_space
from sweeps.strategy import Listed, Setting


@dataclass(frozen=True)
class Sobol(Listed):
    """`most` settings from a space, by its distributions' quantiles."""

    sampler: ClassVar[str] = "sobol"
    space: tuple[tuple[str, Distribution], ...]
    most: int

    def settings(self, rng: np.random.Generator) -> list[Setting]:
        from scipy.stats import qmc

        sequence = qmc.Sobol(len(self.space), scramble=True, rng=rng)
        points = sequence.random_base2((self.most - 1).bit_length())[: self.most]
        return [
            {path: d.quantile(float(u)) for (path, d), u in zip(self.space, point, strict=True)}
            for point in points
        ]


def sobol(space: Mapping[str, Distribution], *, trials: int) -> Sobol:
    """`trials` settings per cell and task. Raises InputError for an empty space, and for what is not a distribution."""
    if not space:
        raise InputError("sobol needs at least one distribution; got none.")
    check_space("sobol", space, trials)
    return Sobol(tuple(space.items()), trials)
