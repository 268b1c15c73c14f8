"""The evidence on each pair: tests, interval, posterior, and the number of seeds that would decide it.

Two methods, because neither is right for all scores:

- Welch's (`pairs.welch`), widened for skewness near a bound, where the scores of both sides are spread.
- Where a side is tied or clustered (`pairs.bounded_means`), also melded bounds (`pairs.melded`): the larger of the
  two p-values counts, and the interval covers both. Welch's test then has its plain form, since the bounds allow for
  tails themselves. Where some seeds of the clustered side lie apart from the others, so may unseen ones of
  the other side, and both have Gaffke's bounds; where its seeds are all close, a spread side keeps Student's.

Clusters need bounds on the score. Without them nothing is known of what a clustered side has not shown, and such a pair
is never equivalent.
"""

import numpy as np
import pandas as pd

from analysis.statistics.pairs import bayes
from analysis.statistics.pairs.bounded_means import Step, shapes, step
from analysis.statistics.pairs.melded import POWER, melded
from analysis.statistics.pairs.power import seeds_to_decide
from analysis.statistics.pairs.reasons import UNBOUNDED
from analysis.statistics.pairs.welch import METHOD, SIDED, sides, tails, welch

WIDENED = f"{METHOD}, widened for skewed scores"
MELDED = "melded Gaffke bounds"


def evidence(
    members: pd.DataFrame,
    seeds: dict[tuple[object, object], np.ndarray],
    pairs: pd.DataFrame,
    *,
    margin: float,
    alpha: float,
    bounds: tuple[float, float],
    plain: bool = False,
    sided: bool = False,
) -> pd.DataFrame:
    """One row per pair: the columns of `welch`, lumpy, tied_a, tied_b, pairs (in its task), those of `bayes`, and
    seeds_to_decide, whatever the verdict. Higher is better. plain: Welch's own test for all pairs. sided: also
    `welch.SIDED`.

    members: as `pairs.groups` makes them; seeds: the sorted scores of each, as `lumps.samples` does.
    """
    steps = grids(seeds, bounds)
    if not plain:
        members = coarse(members, steps)
    table, n, _, floored = sides(members, pairs)
    keys = [list(zip(table["task"], table[name], strict=True)) for name in ("a", "b")]
    order = {key: i for i, key in enumerate(seeds)}
    place = np.array([[order.get(key, -1) for key in side] for side in keys], int).reshape(2, len(table))
    scores = list(seeds.values())
    known = shapes(scores, margin, [steps[task] for task, _ in seeds])
    most, rough, split = (np.append(part, 0)[place] for part in known)  # 0: without seeds
    rough = rough.astype(bool)
    lump = rough.any(axis=0) & (n > 1).all(axis=0) & (not plain)
    gaffke = rough | (rough & (split > 0)).any(axis=0)
    bounded = bool(np.isfinite(bounds).all())
    melt = lump if bounded else np.zeros_like(lump)

    means = np.stack([table["mean_a"], table["mean_b"]]).astype(float)
    allowed = np.zeros_like(means) if plain else tails(means, floored, n, bounds)
    melted = np.where(melt, 0.0, allowed)
    found = welch(members, pairs, margin=margin, alpha=alpha, tails=melted, sided=sided)
    wide = ~melt & (melted > 0).any(axis=0)
    found.loc[wide, "method"] = found["method"].str.replace(METHOD, WIDENED, regex=False)
    found = found.assign(lumpy=lump, tied_a=most[0], tied_b=most[1])
    found["pairs"] = found.groupby("task", sort=False)["a"].transform("size")
    level = alpha / found["pairs"].to_numpy(float)
    value = found["value"].to_numpy(float)
    found[bayes.COLUMNS] = bayes.behrens_fisher(value, floored / n, n, margin=margin, tails=allowed)

    if melt.any():
        power = max(POWER, int(np.ceil(np.log2(4 / level.min()))))  # so that p can be small enough
        rows = np.flatnonzero(melt)
        kind = gaffke[:, rows]
        exact = melded(scores, place[:, rows], kind, margin=margin, alpha=alpha, bounds=bounds, power=power)
        found = together(found, exact.set_axis(found.index[rows]))
    if not bounded:
        against_margin = [name for name in SIDED if name in found and not name.endswith("zero")]
        found.loc[lump, ["p_equivalence", *bayes.COLUMNS, *against_margin]] = np.nan
        found.loc[lump & found["p_difference"].notna(), "method"] = UNBOUNDED

    room = np.stack([means - bounds[0], bounds[1] - means], axis=1) if bounded else np.zeros((2, 2, 1))
    room = np.where(melt & gaffke[:, None], room, 0.0)
    more = seeds_to_decide(value, floored, n, level, margin=margin, tails=melted, room=room)
    return found.assign(seeds_to_decide=np.where(found["p_equivalence"].isna(), np.nan, more))


def grids(seeds: dict[tuple[object, object], np.ndarray], bounds: tuple[float, float]) -> dict[object, Step]:
    """The steps of each task's scores."""
    of: dict[object, list[np.ndarray]] = {}
    for (task, _), scores in seeds.items():
        of.setdefault(task, []).append(scores)
    return {task: step(np.concatenate(scores), bounds) for task, scores in of.items()}


def coarse(members: pd.DataFrame, steps: dict[object, Step]) -> pd.DataFrame:
    """Of scores in steps the resolution is half a step at least: what lies between two steps cannot be seen."""
    # Not by `map`, which asks for the categories that a column has and no row is of.
    half = pd.Series([steps[task].width / 2 for task in members["task"]], members.index, dtype=float)
    return members.assign(resolution=np.fmax(members["resolution"], half.where(half > 0)))


def together(found: pd.DataFrame, exact: pd.DataFrame) -> pd.DataFrame:
    """Welch's numbers with the melded ones of some rows: the more cautious of both, where there are both."""
    larger = {"low": np.fmin, **dict.fromkeys(("high", "p_difference", "p_equivalence", *SIDED), np.fmax)}
    for name, of in ((name, of) for name, of in larger.items() if name in found):
        found.loc[exact.index, name] = of(found.loc[exact.index, name], exact[name])
    found.loc[exact.index, bayes.COLUMNS] = exact[bayes.COLUMNS]
    found.loc[exact.index, "method"] = MELDED + " and " + found.loc[exact.index, "method"]
    return found
