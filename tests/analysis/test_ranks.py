"""Critical differences: Demšar's numbers, complete blocks, and no power claimed for a handful of tasks."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.statistics.over_tasks.ranks import (
    average_ranks,
    critical_difference,
    friedman,
    memberships,
    ranks,
    signed_rank,
    wilcoxon,
)

# Demšar 2006, table 5 (a): q at 0.05 for the two-tailed Nemenyi test
Q = {2: 1.960, 3: 2.343, 4: 2.569, 5: 2.728, 6: 2.850, 7: 2.949, 8: 3.031, 9: 3.102, 10: 3.164}


def values(scores):
    """A values frame from {(cell, task): scores}."""
    rows = [
        (task, cell, seed, "finished", False, float(score), 1 / 2048)
        for (cell, task), group in scores.items()
        for seed, score in enumerate(group)
    ]
    return pd.DataFrame(rows, columns=["task", "cell", "seed", "status", "solved", "score", "resolution"])


def random_values(cells=("a", "b"), tasks=("x", "y", "z"), n=8):
    generator = np.random.default_rng(0)
    return values({(cell, task): generator.random(n) for cell in cells for task in tasks})


def by_task(means):
    """A values frame of two seeds a cell with these means: {cell: one mean a task}."""
    return values({(cell, f"t{i}"): [m, m] for cell, row in means.items() for i, m in enumerate(row)})


@pytest.mark.parametrize("cells", Q)
def test_the_critical_difference_is_demsars(cells):
    expected = Q[cells] * np.sqrt(cells * (cells + 1) / (6 * 14))
    assert critical_difference(cells, 14) == pytest.approx(expected, rel=5e-4)


def test_the_best_score_has_rank_one_and_ties_share():
    table = ranks(by_task({"a": [0.9, 0.8, 0.7], "b": [0.9, 0.7, 0.6], "c": [0.1, 0.9, 0.5]}))
    assert list(table["cell"]) == ["a", "b", "c"]
    assert list(table["value"]) == pytest.approx([(1.5 + 2 + 1) / 3, (1.5 + 3 + 2) / 3, (3 + 1 + 3) / 3])
    assert (table["high"] - table["low"]).unique() == pytest.approx(table["critical_difference"].iloc[0])
    assert (table["n"] == 3).all()
    assert (table["seeds"] == 2).all()


def test_friedmans_test_is_scipys():
    frame = random_values(cells=("a", "b", "c"), tasks=tuple("vwxyz"), n=3)
    means = frame.groupby(["task", "cell"])["score"].mean().unstack()
    expected = stats.friedmanchisquare(*means.to_numpy().T).pvalue
    assert ranks(frame)["p_friedman"].iloc[0] == pytest.approx(expected)
    assert friedman(pd.DataFrame([[1.0, 1.0, 1.0]] * 3)) == 1.0
    assert np.isnan(friedman(means[["a", "b"]]))


def test_few_tasks_are_said_to_have_next_to_no_power():
    few = ranks(random_values(tasks=("x", "y")))
    assert few["method"].str.contains("2 tasks have next to no power").all()
    many = ranks(random_values(tasks=tuple("uvwxyz")))
    assert not many["method"].str.contains("power").any()


def test_five_tasks_can_not_tell_any_pair_apart_by_signed_ranks():
    clear = by_task(
        {
            cell: [base, base + 0.01, base + 0.02, base + 0.03, base + 0.04]
            for cell, base in (("a", 0.9), ("b", 0.5), ("c", 0.1))
        }
    )
    table = ranks(clear)
    assert set(table["wilcoxon"]) == {"a"}
    assert wilcoxon(clear.groupby(["task", "cell"])["score"].mean().unstack())["p"].min() == pytest.approx(
        2 / 2**5
    )


def test_signed_ranks_are_exact_with_ties_and_zeros():
    plain, tied = np.array([0.1, 0.2, 0.3, 0.4, -0.05]), np.array([0.1, 0.1, 0.0, 0.2, -0.1, 0.3])
    assert signed_rank(plain) == pytest.approx(stats.wilcoxon(plain, method="exact").pvalue)
    size = stats.rankdata(np.abs(tied)) * (tied != 0)
    signs = np.array(np.meshgrid(*[[-1, 1]] * 6)).reshape(6, -1).T
    observed = abs((np.sign(tied) * size).sum())
    assert signed_rank(tied) == pytest.approx((np.abs(signs @ size) >= observed - 1e-9).mean())


def test_groups_are_longest_runs_of_neighbours_without_a_pair_apart():
    assert memberships(["a", "b", "c", "d"], {("a", "c"), ("a", "d"), ("b", "d")}) == ["a", "ab", "bc", "c"]
    assert memberships(["a", "b", "c"], {("a", "b"), ("a", "c"), ("b", "c")}) == ["-", "-", "-"]
    assert memberships(["a", "b", "c"], set()) == ["a", "a", "a"]


def test_incomplete_tasks_are_left_out_by_name():
    frame = random_values(cells=("a", "b", "c"), tasks=tuple("wxyz"))
    table = ranks(frame[(frame["cell"] != "c") | (frame["task"] != "w")])
    assert (table["n"] == 3).all()
    assert (table["left_out"] == "w (without c)").all()


def test_one_task_gives_no_ranks():
    assert ranks(random_values(tasks=("x",))).empty


@pytest.mark.parametrize(("cells", "tasks"), [(3, 5), (6, 5), (14, 4)])
def test_equal_cells_are_rarely_told_apart(cells, tasks):
    generator = np.random.default_rng(8)
    average = average_ranks(generator.standard_normal((4000, tasks, cells)))
    worst = average.max(axis=-1) - average.min(axis=-1)
    rate = (worst > critical_difference(cells, tasks)).mean()
    assert rate <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 4000)


def test_the_rates_are_not_low_for_lack_of_power():
    clear = by_task({cell: 0.1 * rank + 0.001 * np.arange(12) for rank, cell in enumerate("abcd")})
    table = ranks(clear).set_index("cell")
    assert table["p_friedman"].iloc[0] < 1e-4
    assert not set(table.loc["d", "nemenyi"]) & set(table.loc["a", "nemenyi"])
    assert (table["wilcoxon"] == "-").all()
