"""Successive halving: many settings train for a while, the best of them for longer, the best of these to the end.

    halving({"optimizer.learning_rate": log_uniform(1e-3, 3e-2)}, trials=48, eta=3, rungs=(1 / 3,))

48 settings train to a third of their updates; the third of them with the best validation trains on to the end, from
where it stopped. The settings are those that `sampled` draws. What a stopped one is worth at the end nobody knows: its
row has status `stopped`, the validation scores of its rung, and no test scores.

K. Jamieson & A. Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization" (AISTATS 2016),
algorithm 1, with rungs that are chosen.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from sweeps.errors import InputError
from sweeps.spaces import Distribution, Sampled, check_space
from sweeps.store.declaration import HALVING
from sweeps.strategy import PENDING, GoOn, Seed, Setting, Tried


@dataclass(frozen=True, kw_only=True)
class Halving:
    """drawn: the settings. eta: one in so many goes on at a rung. rungs: as in `Strategy`."""

    sampler: ClassVar[str] = HALVING
    drawn: Sampled
    eta: int
    rungs: tuple[float, ...]

    @property
    def most(self) -> int:
        return self.drawn.most

    @property
    def space(self) -> tuple[tuple[str, Distribution], ...]:
        return self.drawn.space

    def ask(self, tried: Sequence[Tried], seed: Seed) -> Setting | GoOn | None:
        if len(tried) < self.most:
            return self.drawn.ask(tried, seed)
        left = list(range(self.most))
        for rung in range(len(self.rungs)):
            if any(tried[i].status == PENDING and len(tried[i].rungs) <= rung for i in left):
                return None
            left = best(tried, left, rung, -(-len(left) // self.eta))
            for i in left:
                if tried[i].status == "stopped" and len(tried[i].rungs) == rung + 1:
                    return GoOn(i)
        return None


def best(tried: Sequence[Tried], among: Sequence[int], rung: int, number: int) -> list[int]:
    """The best of those that trained up to a rung, in their order. One that came to its end before counts by its end;
    one that diverged or failed comes last and never goes on."""

    def place(i: int) -> tuple[bool, float, float, int]:
        t = tried[i]
        there = len(t.rungs) > rung
        score, loss = t.rungs[rung] if there else (t.score, t.loss)
        sound = there or t.status == "finished"
        return not sound, math.inf if score is None else -score, math.inf if loss is None else loss, i

    return sorted(sorted(among, key=place)[:number])


def halving(
    space: Mapping[str, Distribution], *, trials: int, eta: int = 3, rungs: Sequence[float] = (1 / 3,)
) -> Halving:
    """`trials` random settings per cell and task, of which one in `eta` goes on at each rung.

    rungs: fractions of a trial's updates. Raises InputError for what is no distribution, for eta < 2, and for rungs
    that are not increasing between 0 and 1.
    """
    check_space("halving", space, trials)
    if isinstance(eta, bool) or not isinstance(eta, int) or eta < 2:
        raise InputError(f"halving needs an integer eta >= 2 (one setting in eta goes on); got eta={eta!r}.")
    inside = all(isinstance(r, float) and 0 < r < 1 for r in rungs)
    if not rungs or not inside or list(rungs) != sorted(set(rungs)):
        raise InputError(
            "halving needs rungs as increasing fractions of a trial's updates, such as (1/9, 1/3); "
            f"got rungs={tuple(rungs)!r}."
        )
    return Halving(drawn=Sampled(tuple(space.items()), trials), eta=eta, rungs=tuple(rungs))
