"""Search strategies: asked for one setting at a time, given the results of those before.

    class Strategy:
        sampler = "random"          # recorded in study.json; only `random` means independent draws
        most = 8                    # settings per cell and task, at most
        def ask(self, tried, seed): # the next setting, or None

A strategy is a frozen dataclass and a pure function: the same `tried` and `seed` give the same answer. That is enough
to resume from the store alone. It answers None when it has no more to ask for *now*. Once everything that it
has asked for is in, it is asked again with the results; when it then answers None at once, the search is complete.
What it asked for since it last answered None is *pending* and stays so, whatever is in the store already: so the
order in which workers finish cannot matter. `sweeps.strategies.sobol` is a strategy in one file.

A strategy may have settings stop on the way, at *rungs*, and train on those alone that promise most:

    class Strategy:
        rungs = (1/9, 1/3)          # fractions of a trial's updates at which it stops
        def ask(self, tried, seed): # may also answer GoOn(i): train the i-th on, to its next rung or to its end

`sweeps.strategies.halving` is one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np

Setting = dict[str, Any]  # dotted path of the trial's spec to value
Seed = tuple[int, ...]  # for numpy.random.default_rng

RANDOM = "random"
PENDING = "pending"


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A setting that was asked for, and its result.

    status: pending, finished, diverged, failed, or stopped at a rung. score, loss: on validation at the end, or where
    it was stopped; None where there is none. rungs: score and loss at every rung that it was stopped at.
    """

    setting: Setting
    status: str = PENDING
    score: float | None = None
    loss: float | None = None
    rungs: tuple[tuple[float | None, float | None], ...] = ()


@dataclass(frozen=True)
class GoOn:
    """Train the i-th of those asked for, which was stopped at a rung, on."""

    i: int


@runtime_checkable
class Strategy(Protocol):
    """sampler: how settings are drawn: random (independent draws), grid, sobol, or a name of your own.
    most: the largest number of settings per cell and task. rungs (optional): fractions of a trial's updates, in
    increasing order, at which settings stop."""

    @property
    def sampler(self) -> str: ...
    @property
    def most(self) -> int: ...

    def ask(self, tried: Sequence[Tried], seed: Seed) -> "Setting | GoOn | None":
        """The next setting, `GoOn` for one that goes on, None to wait for what is pending, or to end where nothing is.

        tried: all that was asked for, in order. seed: of every draw; one for all cells and one for the alias.
        """
        ...


@dataclass(frozen=True)
class Listed:
    """A strategy that needs no results: all its settings are known from the start. Subclasses say which."""

    _known: dict[Seed, list[Setting]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def settings(self, rng: np.random.Generator) -> list[Setting]:
        """All settings in order; nothing but the generator may decide them."""
        raise NotImplementedError

    def ask(self, tried: Sequence[Tried], seed: Seed) -> Setting | None:
        if seed not in self._known:
            self._known[seed] = self.settings(np.random.default_rng(seed))
        settings = self._known[seed]
        return settings[len(tried)] if len(tried) < len(settings) else None
