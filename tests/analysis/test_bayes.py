"""The Bayesian counterpart: probabilities that are those of the posterior, and that do not promise too much."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from seeds import around, judge, one, solved

from analysis.statistics.pairs.bayes import behrens_fisher, verdict


def posterior(value, errors, n, margin=0.05, tails=0.0):
    pair = np.array([value]), np.array(errors)[:, None] ** 2, np.array(n, float)[:, None]
    return behrens_fisher(*pair, margin=margin, tails=tails).iloc[0]


@pytest.mark.parametrize(
    ("value", "errors", "n"),
    [(0.03, (0.01, 0.02), (4, 7)), (-0.06, (0.03, 0.001), (3, 3)), (0.0, (0.02, 0.02), (16, 5))],
)
def test_the_posterior_is_that_of_two_means_with_reference_priors(value, errors, n):
    generator = np.random.default_rng(0)
    drawn = [error * generator.standard_t(k - 1, 400_000) for error, k in zip(errors, n, strict=True)]
    d = value + drawn[0] - drawn[1]
    row = posterior(value, errors, n)
    assert row["posterior_equal"] == pytest.approx((np.abs(d) < 0.05).mean(), abs=0.003)
    assert row["posterior_a"] == pytest.approx((d > 0.05).mean(), abs=0.003)
    assert row["posterior_b"] == pytest.approx((d < -0.05).mean(), abs=0.003)


def test_with_many_seeds_the_posterior_is_normal():
    row = posterior(0.04, (0.01, 0.01), (5000, 5000))
    assert row["posterior_a"] == pytest.approx(stats.norm.sf(0.01 / np.hypot(0.01, 0.01)), abs=1e-3)


def test_the_three_probabilities_make_one_and_turn_round_with_the_pair():
    for value in (-0.1, 0.0, 0.02):
        row, turned = posterior(value, (0.01, 0.03), (4, 9)), posterior(-value, (0.03, 0.01), (9, 4))
        assert row.sum() == pytest.approx(1)
        assert row["posterior_a"] == pytest.approx(turned["posterior_b"], abs=5e-4)
    table = judge({("a", "t"): solved(3, 8), ("b", "t"): solved(6, 8), ("c", "t"): around(0.5)})
    columns = ["posterior_equal", "posterior_a", "posterior_b"]
    assert table[columns].sum(axis=1).tolist() == pytest.approx([1] * 3)


def test_room_for_skewness_makes_every_statement_less_sure():
    for value in (0.0, 0.2):
        plain, roomy = (posterior(value, (0.02, 0.01), (6, 6), tails=tails) for tails in (0.0, 3.8))
        assert roomy.max() < plain.max()


def test_a_flat_prior_is_what_solved_and_not_solved_are_judged_by():
    generator = np.random.default_rng(0)
    d = generator.beta(8, 2, 400_000) - generator.beta(4, 6, 400_000)  # 7 and 3 of 8
    row = one(solved(7, 8), solved(3, 8))
    assert row.posterior_a == pytest.approx((d > 0.05).mean(), abs=0.005)
    assert row.posterior_equal == pytest.approx((np.abs(d) < 0.05).mean(), abs=0.005)


def test_a_verdict_needs_more_than_nineteen_chances_in_twenty():
    columns = ["posterior_equal", "posterior_a", "posterior_b"]
    rows = [(0.96, 0.03, 0.01), (0.04, 0.96, 0.0), (0.0, 0.04, 0.96), (0.94, 0.05, 0.01), (np.nan,) * 3]
    words = verdict(pd.DataFrame(rows, columns=columns)).tolist()
    assert words == ["equivalent", "different", "different", "undecided", "undecided"]


def test_the_two_kinds_of_verdict_agree_where_much_is_known_and_differ_in_what_they_ask():
    same, apart = one(around(0.9), around(0.9)), one(around(0.2), around(0.9))
    assert (same.bayes, same.agree, apart.bayes, apart.agree) == ("equivalent", True, "different", True)
    small = one(around(0.9, 0.01, 40), around(0.951, 0.01, 40))  # different, but by more than the margin?
    assert (small.verdict, small.bayes, small.agree) == ("different", "undecided", False)
