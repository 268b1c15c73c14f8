"""A space means the same settings for ever."""

import numpy as np
import pytest

from sweeps.errors import InputError
from sweeps.spaces import choice, grid, log_uniform, sampled, uniform

SPACE = {"a": log_uniform(1e-4, 1e-1), "b": uniform(0, 1), "c": choice(1, 2, 3)}


def test_a_seed_means_the_same_settings_for_ever():
    settings = sampled(SPACE, trials=5).settings(np.random.default_rng([0, 1]))
    assert settings == sampled(SPACE, trials=5).settings(np.random.default_rng([0, 1]))
    assert settings[0] == {"a": 0.0467, "b": 0.557, "c": 1}
    assert settings != sampled(SPACE, trials=5).settings(np.random.default_rng([1, 1]))


def test_the_first_settings_do_not_depend_on_how_many_are_drawn():
    few, many = (sampled(SPACE, trials=n).settings(np.random.default_rng(7)) for n in (3, 30))
    assert many[:3] == few


def test_draws_follow_their_distributions():
    settings = sampled(SPACE, trials=4000).settings(np.random.default_rng(3))
    a, b, c = (np.array([s[key] for s in settings]) for key in "abc")
    # Standard errors at n = 4000: 0.014 decades, 0.0046, 0.0075; five of each.
    assert np.log10(a).mean() == pytest.approx(-2.5, abs=0.07)
    assert a.min() >= 1e-4
    assert a.max() <= 1e-1
    assert b.mean() == pytest.approx(0.5, abs=0.023)
    assert [(c == v).mean() for v in (1, 2, 3)] == pytest.approx([1 / 3] * 3, abs=0.038)


def test_a_grid_is_every_combination_in_order():
    search = grid({"a": [1, 2], "b": ["x", "y"]}, seeds=2)
    once = [{"a": 1, "b": "x"}, {"a": 1, "b": "y"}, {"a": 2, "b": "x"}, {"a": 2, "b": "y"}]
    assert search.settings(np.random.default_rng(0)) == once + once
    assert search.most == 8


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: log_uniform(0, 1), "0 < low < high"),
        (lambda: uniform(1, 1), "low < high"),
        (lambda: choice(), "at least one value"),
        (lambda: sampled(SPACE, trials=0), "trials >= 1"),
        (lambda: sampled({"a": [1, 2]}, trials=3), "For fixed lists use grid"),
        (lambda: grid({"a": 3}), "list of at least one value for 'a'; got 3"),
        (lambda: grid({"a": [3]}, seeds=0), "seeds >= 1"),
    ],
)
def test_a_space_that_makes_no_sense_says_what_is_expected(make, message):
    with pytest.raises(InputError, match=message):
        make()
