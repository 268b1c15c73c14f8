"""Seeds of studies, stages and the alias cannot collide, whatever their number."""

import itertools

import numpy as np
import pytest
from studies import tiny

from experiments.trial import SEED_LIMIT
from sweeps.errors import InputError
from sweeps.seeds import MOST, MOST_STUDIES, PER_STUDY, seed_of
from sweeps.spaces import grid, log_uniform, sampled

MOST_SETTINGS = MOST["search"]


def test_the_first_hundred_thousand_seeds_of_a_stage_are_what_they_always_were():
    for study, i in itertools.product((0, 7, MOST_STUDIES), (0, 1, 99_999)):
        first = study * 1_000_000 + i
        assert seed_of(study, "search", i, alias=False) == first
        assert seed_of(study, "confirm", i, alias=False) == first + 100_000
        assert seed_of(study, "search", i, alias=True) == first + 500_000
        assert seed_of(study, "confirm", i, alias=True) == first + 600_000


def test_no_two_trials_of_a_study_have_the_same_seed_however_many_there_are():
    seeds = [
        seed_of(0, stage, i, alias=alias)
        for stage in MOST
        for alias in (False, True)
        for i in range(MOST[stage])
    ]
    assert len(np.unique(seeds)) == len(seeds) == 1_000_000
    assert (min(seeds), max(seeds)) == (0, PER_STUDY - 1)


def test_the_last_study_stays_below_the_limit_of_seeds():
    assert seed_of(MOST_STUDIES, "search", MOST_SETTINGS - 1, alias=True) < SEED_LIMIT == 2**32


def test_more_trials_than_there_are_seeds_are_refused():
    with pytest.raises(InputError, match="at most 300,000 search seeds per task; got 300,001"):
        seed_of(0, "search", MOST_SETTINGS, alias=False)
    with pytest.raises(InputError, match="at most 100,000 confirm seeds"):
        seed_of(0, "confirm", MOST["confirm"], alias=True)


@pytest.mark.parametrize(
    "search",
    [
        sampled({"optimizer.learning_rate": log_uniform(1e-3, 1e-1)}, trials=MOST_SETTINGS + 1),
        grid({"optimizer.learning_rate": [1e-3, 1e-2]}, seeds=MOST_SETTINGS),
    ],
)
def test_a_study_with_more_settings_than_seeds_is_refused_before_anything_is_drawn(search):
    with pytest.raises(InputError, match="1 to 300,000 settings"):
        tiny(search=search)
