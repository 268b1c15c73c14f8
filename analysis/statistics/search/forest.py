"""A random forest on a grid of points, as leaves: what `search.anova` takes apart.

A forest (Breiman 2001) is the mean of regression trees, each grown on a bootstrap sample. A tree is constant on
leaves, and a leaf is a product of sets of grid points, one set a factor.

A forest flattens what it has seen few values of, which a search's learning rates are beside its cells: of an
interacting truth with cell 25 % and learning rate 50 % a plain forest made 34 and 45. So a second forest is grown
on what the first leaves over of rows that it has not seen, and added (the one-step boosted forest: Ghosal & Hooker
2021): 28 and 47, at the same R². The sum is made of leaves again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.tree import DecisionTreeRegressor

ROUNDS = 2


@dataclass(frozen=True, eq=False, kw_only=True)
class Forest:
    """values: `(leaves,)` numbers, of all `trees` one after the other, whose sum over the leaves that hold a point
    is the forest's prediction. inside: for each factor `(leaves, points)`, whether a point lies in a leaf.
    explained: share of the variance of rows that a tree has not seen which the forest predicts (R² out of bag)."""

    trees: int
    values: np.ndarray
    inside: list[np.ndarray]
    explained: float


def grow(
    codes: np.ndarray,
    score: np.ndarray,
    clusters: np.ndarray,
    grids: Sequence[np.ndarray],
    *,
    generator: np.random.Generator,
    trees: int = 32,
    leaf: int = 0,
) -> Forest:
    """A forest of `trees` trees, and as many for what they leave over, that predicts `score` `(n,)` from `codes`
    `(n, factors)`, positions on the grids of the factors.

    clusters: `(n,)` numbers; rows of equal number are in a tree's bootstrap sample together or not at all, so that
    out of bag means: never seen with these settings. grids: for each factor `(points, columns)`, what trees see.
    leaf: fewest rows in a leaf; 0: a 200th of all, and at least 3, so that trees stay small and details of few
    trials are not believed.
    """
    leaf = leaf or max(3, len(score) // 200)
    seen = np.hstack([grid[codes[:, j]] for j, grid in enumerate(grids)]).astype(np.float32)
    _, cluster = np.unique(clusters, return_inverse=True)
    grown, left, known = [], np.ascontiguousarray(score, np.float64), np.ones(len(score), bool)
    for _ in range(ROUNDS):
        more, guess = bagged(seen, left, cluster, generator=generator, trees=trees, leaf=leaf)
        grown += more
        known &= ~np.isnan(guess)
        left = left - np.where(np.isnan(guess), left, guess)
    around = score[known] - score[known].mean()
    explained = 1 - np.sum(left[known] ** 2) / np.sum(around**2) if np.any(around) else np.nan
    values, low, high = leaves(grown, seen.shape[1])
    inside, first = [], 0
    for grid in grids:
        columns = slice(first, first + grid.shape[1])
        within = (low[:, None, columns] < grid) & (grid <= high[:, None, columns])
        inside.append(np.asarray(within.all(axis=2), np.float32))
        first += grid.shape[1]
    return Forest(trees=len(grown), values=values / trees, inside=inside, explained=float(explained))


def bagged(
    seen: np.ndarray,
    target: np.ndarray,
    cluster: np.ndarray,
    *,
    generator: np.random.Generator,
    trees: int,
    leaf: int,
) -> tuple[list, np.ndarray]:
    """Trees, each on a bootstrap sample of clusters, and of every row the mean prediction of those that have not
    seen it; missing where all have."""
    n, grown = cluster.max() + 1, []
    total, votes = np.zeros(len(target)), np.zeros(len(target))
    for _ in range(trees):
        weight = np.bincount(generator.integers(n, size=n), minlength=n)[cluster].astype(float)
        tree = DecisionTreeRegressor(min_samples_leaf=leaf, random_state=int(generator.integers(2**31)))
        tree.fit(seen, target, sample_weight=weight, check_input=False)
        out = weight == 0
        if out.any():
            total[out] += tree.predict(seen[out], check_input=False)
            votes += out
        grown.append(tree.tree_)
    with np.errstate(invalid="ignore"):
        return grown, total / votes


def leaves(trees: Sequence, columns: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Value `(leaves,)` and box of every leaf: low < x ≤ high, both `(leaves, columns)`."""
    sizes = [tree.node_count for tree in trees]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    shift = np.repeat(roots, sizes)
    left, right = (
        np.concatenate([getattr(tree, f"children_{side}") for tree in trees]) for side in ("left", "right")
    )
    feature, threshold, value = (
        np.concatenate([getattr(tree, name).ravel() for tree in trees])
        for name in ("feature", "threshold", "value")
    )
    low = np.full((len(shift), columns), -np.inf, np.float32)
    high = np.full((len(shift), columns), np.inf, np.float32)
    nodes = roots
    while len(nodes := nodes[left[nodes] >= 0]):  # one level of all trees at a time
        below, above = left[nodes] + shift[nodes], right[nodes] + shift[nodes]
        for child in (below, above):
            low[child], high[child] = low[nodes], high[nodes]
        high[below, feature[nodes]] = threshold[nodes]
        low[above, feature[nodes]] = threshold[nodes]
        nodes = np.concatenate([below, above])
    ends = left < 0
    return value[ends], low[ends], high[ends]
