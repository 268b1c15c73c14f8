"""Each statistic against a reference that was written by others, and at its edges."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_ind
from stores import diverged, scored, trial_row, trials_frame

from analysis.statistics.bootstrap import bootstrap
from analysis.statistics.holm import holm
from analysis.statistics.pairs.groups import groups
from analysis.statistics.pairs.welch import BLIND, FLOORED, METHOD, NONE, welch
from analysis.statistics.pairs.wilson import solved
from analysis.statistics.scores import scores
from analysis.statistics.training.curves import curves
from sweeps.errors import InputError

A = [0.91, 0.95, 0.93, 0.97, 0.90, 0.94]
B = [0.80, 0.99, 0.93, 0.85]


def compare(a, b, margin=0.05, alpha=0.05, **values):
    frame = trials_frame({("a", "t"): a, ("b", "t"): b}, **values)
    pairs = pd.DataFrame({"task": ["t"], "a": ["a"], "b": ["b"]})
    return welch(groups(scores(frame)), pairs, margin=margin, alpha=alpha).iloc[0]


def test_diverged_and_failed_trials_score_zero_and_stay():
    rows = [
        scored(0.9, seed=1),
        diverged(seed=2, test_score=0.8),
        trial_row(seed=3, status="failed", error="out of memory"),
        scored(float("nan"), seed=4),
    ]
    frame = scores(pd.DataFrame(rows))
    assert frame["score"].tolist() == [0.9, 0.0, 0.0, 0.0]
    assert frame["status"].tolist() == ["finished", "diverged", "failed", "finished"]


def test_a_score_below_the_naive_baseline_counts_as_naive():
    assert scores(pd.DataFrame([scored(-3.0, seed=1), scored(0.2, seed=2)]))["score"].tolist() == [0.0, 0.2]


def test_a_measure_that_is_not_a_score_is_an_input_error():
    with pytest.raises(InputError, match=r"one of valid_score, test_score; got measure='test_loss'"):
        scores(pd.DataFrame([scored(0.5)]), measure="test_loss")


def test_the_difference_agrees_with_scipy():
    row, reference = compare(A, B), stats.ttest_ind(A, B, equal_var=False)
    assert row.p_difference == pytest.approx(reference.pvalue, rel=1e-12)
    assert row.df == pytest.approx(reference.df, rel=1e-12)
    interval = reference.confidence_interval(0.90)
    assert (row.low, row.high) == pytest.approx((interval.low, interval.high), rel=1e-12)
    assert row.value == pytest.approx(np.mean(A) - np.mean(B))
    assert (row.n_a, row.n_b, row.method) == (6, 4, METHOD)


@pytest.mark.parametrize("margin", [0.02, 0.05, 0.3])
def test_equivalence_agrees_with_statsmodels(margin):
    p, _, _ = ttost_ind(np.array(A), np.array(B), -margin, margin, usevar="unequal")
    row = compare(A, B, margin=margin)
    assert row.p_equivalence == pytest.approx(p, rel=1e-10)
    assert (row.p_equivalence < 0.05) == (-margin < row.low and row.high < margin)


def test_equal_scores_are_no_more_certain_than_their_measurement():
    row = compare([1.0] * 4, [1.0] * 4, test_sequences=500)
    assert row.method == FLOORED
    assert row.high == pytest.approx(stats.t.ppf(0.95, 6) * (1 / 500) * np.sqrt(2 / 4))
    coarse = compare([1.0] * 4, [1.0] * 4, test_sequences=20)
    assert coarse.p_equivalence > 0.05 > row.p_equivalence


def test_equal_scores_of_unknown_resolution_prove_nothing():
    row = compare([0.9] * 4, [0.8] * 4, test_sequences=None)
    assert row.method == BLIND
    assert np.isnan(row.p_difference)
    assert np.isnan(row.p_equivalence)


def test_a_group_that_failed_altogether_takes_the_resolution_of_its_task():
    rows = [diverged(cell="a", seed=k, test_sequences=None) for k in range(3)]
    rows += [scored(0.5 + k / 10, cell="b", seed=k, test_sequences=100) for k in range(3)]
    table = groups(scores(pd.DataFrame(rows))).set_index("cell")
    assert table.loc["a", "resolution"] == 0.01
    assert table.loc["a", ["n", "mean", "variance", "diverged"]].tolist() == [3, 0.0, 0.0, 3]


@pytest.mark.parametrize(("a", "b"), [([0.9], [0.8, 0.7]), ([0.9, 0.8], [0.7]), ([0.9], [0.9])])
def test_one_seed_a_side_is_not_tested(a, b):
    row = compare(a, b)
    assert row.method == NONE
    assert np.isnan([row.low, row.high, row.p_difference, row.p_equivalence]).all()


def test_a_cell_without_seeds_is_a_row_with_n_zero():
    members = groups(scores(trials_frame({("a", "t"): A})))
    row = welch(members, pd.DataFrame({"task": ["t"], "a": ["a"], "b": ["b"]}), margin=0.05).iloc[0]
    assert (row.n_a, row.n_b, row.method) == (6, 0, NONE)


def test_holm_agrees_with_statsmodels_in_every_family():
    generator = np.random.default_rng(5)
    p = pd.Series(generator.random(40) ** 3, index=range(100, 140))
    family = pd.Series(generator.integers(3, size=40), index=p.index)
    mine = holm(p, family)
    for name in family.unique():
        reference = multipletests(p[family == name], method="holm")[1]
        np.testing.assert_allclose(mine[family == name], reference, rtol=1e-12)


def test_a_pair_that_could_not_be_tested_still_counts_in_its_family():
    p, family = pd.Series([0.01, np.nan, 0.02]), pd.Series(["t"] * 3)
    assert holm(p, family).fillna(-1).tolist() == pytest.approx([0.03, -1, 0.04])


def test_ten_of_ten_solved_leaves_room_for_failures():
    table = groups(scores(trials_frame({("a", "t"): [0.99] * 10, ("b", "t"): [0.1] * 10})))
    found = solved(table).set_index("cell")
    assert found.loc["a", ["value", "high"]].tolist() == pytest.approx([1.0, 1.0])
    assert found.loc["a", "low"] == pytest.approx(0.7225, abs=1e-4)
    assert found.loc["b", "high"] == pytest.approx(1 - 0.7225, abs=1e-4)
    assert found["n"].tolist() == [10, 10]


def test_the_same_generator_gives_the_same_interval():
    wide = pd.DataFrame(np.random.default_rng(0).random((6, 3)))
    one, two = (bootstrap(wide, generator=np.random.default_rng(3)) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    assert list(one) == ["value", "low", "high", "n", "method"]
    assert ((one["low"] < one["value"]) & (one["value"] < one["high"])).all()


def test_one_seed_has_no_interval():
    row = bootstrap(pd.DataFrame([[0.4]]), generator=np.random.default_rng(0)).iloc[0]
    assert (row.value, row.n) == (0.4, 1)
    assert np.isnan([row.low, row.high]).all()


def test_a_curve_counts_zero_after_divergence_and_keeps_its_last_score_after_an_early_stop():
    trials = [
        scored(0.8, cell="a", seed=1),
        scored(0.6, cell="a", seed=2),
        diverged(step=250, cell="a", seed=3),
        trial_row(cell="a", seed=4, status="failed"),
    ]
    heights = [[0.2, 0.4, 0.8], [-0.5, 0.6], [0.3, 0.9, np.nan], []]
    points = [
        {"trial_id": row["trial_id"], "step": 100 * (k + 1), "valid_score": height}
        for row, line in zip(trials, heights, strict=True)
        for k, height in enumerate(line)
    ]
    table = curves(pd.DataFrame(points), pd.DataFrame(trials), generator=np.random.default_rng(0))
    assert table["step"].tolist() == [100, 200, 300]
    assert table["n"].tolist() == [4, 4, 4]
    expected = [(0.2 + 0 + 0.3 + 0) / 4, (0.4 + 0.6 + 0.9 + 0) / 4, (0.8 + 0.6 + 0 + 0) / 4]
    assert table["value"].tolist() == pytest.approx(expected)
