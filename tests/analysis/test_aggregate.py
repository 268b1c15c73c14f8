"""Pooled over tasks: blocks are complete, numbers are the published formulas', intervals cover what they promise."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.statistics.over_tasks.complete_blocks import complete
from analysis.statistics.over_tasks.profiles import (
    improvement,
    interquartile,
    interquartile_means,
    newcombe,
    profiles,
    resampled,
    superiority,
)


def values(scores, resolution=1 / 2048):
    """A values frame from {(cell, task): scores}."""
    rows = [
        (task, cell, seed, "finished", score > 0.95, float(score), resolution)
        for (cell, task), group in scores.items()
        for seed, score in enumerate(group)
    ]
    return pd.DataFrame(rows, columns=["task", "cell", "seed", "status", "solved", "score", "resolution"])


def random_values(cells=("a", "b"), tasks=("x", "y", "z"), n=8, seed=0):
    generator = np.random.default_rng(seed)
    return values({(cell, task): generator.random(n) for cell in cells for task in tasks})


def test_a_control_on_few_tasks_is_left_out_before_any_task_is():
    frame = random_values(tasks=("x", "y", "z"))
    control = values({("rnn", "x"): [0.1, 0.2]})
    blocks = complete(pd.concat([frame, control]))
    assert blocks.cells == ["a", "b"]
    assert blocks.tasks == ["x", "y", "z"]
    assert blocks.left_out == "rnn (on 1 of 3 tasks)"


def test_a_task_that_one_cell_lacks_is_left_out_by_name():
    frame = random_values(cells=("a", "b", "c"))
    blocks = complete(frame[(frame["cell"] != "b") | (frame["task"] != "y")])
    assert blocks.tasks == ["x", "z"]
    assert blocks.left_out == "y (without b)"
    assert not (blocks.values["task"] == "y").any()


def test_seeds_that_differ_in_number_are_said():
    frame = random_values().iloc[:-3]
    assert complete(random_values()).unbalanced == ""
    table = interquartile_means(frame, generator=np.random.default_rng(0))
    assert table["method"].str.contains("unbalanced: 5 to 8 seeds").all()


def test_cells_without_a_common_task_are_not_pooled():
    apart = values({("a", "x"): [1, 1], ("b", "y"): [1, 1]})
    assert complete(apart).cells == []
    assert interquartile_means(apart, generator=np.random.default_rng(0)).empty
    assert profiles(apart).empty
    assert improvement(apart, "a").empty


def test_the_interquartile_mean_is_the_trimmed_mean_where_the_cut_falls_between_runs():
    scores = np.random.default_rng(1).random(24)
    weights = np.full(24, 1 / 24)
    assert interquartile(scores, weights) == pytest.approx(stats.trim_mean(scores, 0.25))
    assert interquartile(np.array([0.0, 0.0, 1.0]), np.full(3, 1 / 3)) == pytest.approx(
        1 / 6
    )  # of the third run a quarter


def test_tasks_have_the_same_weight_whatever_their_seeds():
    few, many = (
        values({("a", "x"): [0.0] * 2, ("a", "y"): [1.0] * 2}),
        {("a", "x"): [0.0] * 20, ("a", "y"): [1.0] * 2},
    )
    other = values({("b", "x"): [0.0] * 2, ("b", "y"): [1.0] * 2})
    for frame in (few, values(many)):
        table = interquartile_means(pd.concat([frame, other]), generator=np.random.default_rng(0))
        assert table.set_index("cell").loc["a", "value"] == pytest.approx(0.5)
        row = profiles(pd.concat([frame, other]), taus=[0.5]).set_index("cell").loc["a"]
        assert row["value"] == pytest.approx(0.5)


def test_the_bootstrap_uses_the_generator_and_nothing_else():
    frame = random_values()
    first, again, other = (
        interquartile_means(frame, generator=np.random.default_rng(seed), resamples=200) for seed in (3, 3, 4)
    )
    pd.testing.assert_frame_equal(first, again)
    assert (first["low"] != other["low"]).any()


def test_saturated_scores_keep_an_interval_as_wide_as_the_test_sample_allows():
    ones = values({(cell, task): [1.0] * 8 for cell in "ab" for task in "xyz"})
    row = interquartile_means(ones, generator=np.random.default_rng(0)).iloc[0]
    assert row["low"] < 1.0 < row["high"]
    assert row["high"] - row["low"] == pytest.approx(2 * stats.t.ppf(0.975, 21) / 2048 / np.sqrt(24))
    assert "not narrower" in row["method"]
    unknown = interquartile_means(ones.assign(resolution=np.nan), generator=np.random.default_rng(0)).iloc[0]
    assert np.isnan(unknown["low"])
    assert "unknown resolution" in unknown["method"]


def test_one_seed_has_no_interval_and_says_so():
    single = values({(cell, task): [0.5] for cell in "ab" for task in "xy"})
    row = interquartile_means(single, generator=np.random.default_rng(0)).iloc[0]
    assert np.isnan(row["low"])
    assert "1 seed" in row["method"]


def test_a_profile_counts_runs_above_tau_and_never_claims_certainty():
    frame = values({("a", "x"): [0.2, 0.4, 0.6, 1.0], ("b", "x"): [1.0] * 4})
    table = profiles(frame, taus=[0.0, 0.4, 0.9, 1.0]).set_index(["cell", "tau"])
    assert list(table.loc["a", "value"]) == [1.0, 0.5, 0.25, 0.0]
    assert table.loc[("b", 0.9), "low"] == pytest.approx(0.51, abs=0.01)
    assert (table["low"] < table["high"]).all()


def test_improvement_counts_pairs_with_ties_half_and_mirrors():
    assert superiority(np.array([1.0, 2.0]), np.array([1.0, 1.5])) == pytest.approx((0.5 + 0 + 1 + 1) / 4)
    frame = random_values(cells=("a", "b"))
    one, other = (improvement(frame, name).iloc[0] for name in ("b", "a"))
    assert one["value"] == pytest.approx(1 - other["value"])
    assert one["low"] == pytest.approx(1 - other["high"], abs=1e-6)


def test_complete_separation_leaves_room_for_doubt():
    low, high = newcombe(1.0, np.array([[8, 8]]), 0.95)
    assert high == 1.0
    assert 0.68 < low < 0.80  # 8 of 8 against 8: Wilson for one sample has 0.68
    narrower, _ = newcombe(1.0, np.array([[8, 8]] * 4), 0.95)
    assert low < narrower < 1


DRAWS = {
    "normal": lambda g, size: 0.5 + 0.1 * g.standard_normal(size),
    "skewed": lambda g, size: 1 - np.minimum(g.exponential(0.2, size), 1),
    "bimodal": lambda g, size: np.where(
        g.random(size) < 0.6, 1 - 0.02 * g.random(size), 0.3 * g.random(size)
    ),
}


@pytest.mark.parametrize("kind", DRAWS)
@pytest.mark.parametrize(("tasks", "n"), [(4, 8), (2, 16)])
def test_the_interval_of_the_interquartile_mean_covers(kind, tasks, n):
    generator = np.random.default_rng(5)
    shift = 0.1 * np.arange(tasks)[:, None]
    big = np.concatenate(DRAWS[kind](generator, (tasks, 100_000)) - shift)
    truth = interquartile(big, np.full(len(big), 1 / len(big)))
    hits = []
    for _ in range(250):
        strata = list(DRAWS[kind](generator, (tasks, n)) - shift)
        _, low, high, *_ = resampled(strata, 1e-6, generator, 0.95, 300)
        hits.append(low <= truth <= high)
    assert np.mean(hits) >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 250)


@pytest.mark.parametrize("shift", [0.0, 1.0, 2.5])
def test_the_interval_of_the_improvement_covers(shift):
    generator = np.random.default_rng(6)
    truth, sizes, hits = stats.norm.cdf(shift / np.sqrt(1 + 4)), np.array([[8, 8]] * 3), []
    for _ in range(400):
        pairs = [(shift + generator.standard_normal(8), 2 * generator.standard_normal(8)) for _ in sizes]
        low, high = newcombe(np.mean([superiority(a, b) for a, b in pairs]), sizes, 0.95)
        hits.append(low <= truth <= high)
    assert np.mean(hits) >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 400)
