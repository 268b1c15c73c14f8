"""Kinds of statement about the means of a cell and its reference, and what speaks for one.

With δ the mean of the cell less that of the reference (the other way round where less is better), and Δ the margin:

    kind                    holds                fails
    equivalent              -Δ < δ < Δ           δ < -Δ or δ > Δ
    better, worse           δ > 0, δ < 0         δ < 0, δ > 0         significantly: Δ plays no part
    far better, far worse   δ > Δ, δ < -Δ        δ < Δ, δ > -Δ        by more than the margin
    not better, not worse   δ < Δ, δ > -Δ        δ > Δ, δ < -Δ        by the margin

So no statement can both hold and fail. `better` and `worse` are asked two-sided, as the sources ask. Between a
difference of 0 and none that anybody can see nothing decides: there such a statement stays undecided.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.claims.two_means import Difference
from analysis.claims.weight import ENOUGH, LEVEL, Weight, silent

Side = tuple[str, str]  # above or below, and a border: low (-Δ), zero, high (Δ)
ABOVE, BELOW = "above", "below"
LOW, ZERO, HIGH = "low", "zero", "high"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """says: of each cell, for people. holds: all of these are shown; fails: one of these is. two_sided: whether either
    direction was possible, which halves the e-value and doubles the p-value."""

    says: str
    holds: tuple[Side, ...]
    fails: tuple[Side, ...]
    two_sided: bool = False


KINDS = {
    "equivalent": Kind(
        says="equivalent within the margin",
        holds=((ABOVE, LOW), (BELOW, HIGH)),
        fails=((BELOW, LOW), (ABOVE, HIGH)),
    ),
    "better": Kind(
        says="significantly better", holds=((ABOVE, ZERO),), fails=((BELOW, ZERO),), two_sided=True
    ),
    "worse": Kind(says="significantly worse", holds=((BELOW, ZERO),), fails=((ABOVE, ZERO),), two_sided=True),
    "far better": Kind(says="better by more than the margin", holds=((ABOVE, HIGH),), fails=((BELOW, HIGH),)),
    "far worse": Kind(says="worse by more than the margin", holds=((BELOW, LOW),), fails=((ABOVE, LOW),)),
    "not better": Kind(
        says="not better by the margin or more", holds=((BELOW, HIGH),), fails=((ABOVE, HIGH),)
    ),
    "not worse": Kind(says="not worse by the margin or more", holds=((ABOVE, LOW),), fails=((BELOW, LOW),)),
}


def weigh(kind: Kind, difference: Difference, pairs: int = 1) -> Weight:
    """pairs: of how many the statement is made, which is what speaks against it has to reach."""
    ways = len(kind.fails) * (2 if kind.two_sided else 1)
    both = 2 if kind.two_sided else 1
    p, log_e, more = side(difference, kind.holds, max, min, both, ENOUGH)
    against, log_against, otherwise = side(difference, kind.fails, min, max, ways, ENOUGH + math.log(pairs))
    if p <= LEVEL:
        more = 0.0
    return Weight(p, against, log_e, log_against, difference.n, more, otherwise)


def side(difference: Difference, sides: Sequence[Side], of_p, of_e, ways: int, target: float):
    """p-value, logarithm of the e-value and further seeds for `target`, of all of some sides or of any of them."""
    raced = not difference.p
    p = [difference.p_value(*s) for s in sides]
    known = math.nan if raced else min(1.0, ways * of_p(1.0 if math.isnan(x) else x for x in p))
    log_e = of_e(difference.log_e(*s) for s in sides) - math.log(ways)
    more = of_p(difference.more(*s, target + math.log(ways)) for s in sides)
    return known, log_e, more


def unlearnt(difference: Difference, floor: float) -> bool:
    """Neither cell's mean reaches the floor."""
    return max(difference.mean, difference.mean_reference) < floor


def of_each(kind: Kind, difference: Difference, *, pairs: int = 1, floor: float = -math.inf) -> Weight:
    """The same, where a pair that learnt nothing says nothing. floor: the score below which that is so."""
    if not unlearnt(difference, floor):
        return weigh(kind, difference, pairs)
    nothing = silent(difference.n)
    return nothing if difference.p else nothing.in_a_race
