"""False verdicts are as rare as promised: simulated studies with known truth, fixed seeds.

Each simulated task is one study; the limits are the nominal 5 % and three standard errors of the simulation.
"""

import numpy as np
import pandas as pd
import pytest

from analysis.statistics.bootstrap import bootstrap
from analysis.verdicts import verdicts
from sweeps.store import Declaration

STUDIES = 1500
LIMIT = 0.05 + 3 * np.sqrt(0.05 * 0.95 / STUDIES)
MARGIN = 0.05


def simulate(means, sds, sizes, seed=0):
    """Verdicts of many studies (as tasks of one) whose cells are normal with these means and sds."""
    generator = np.random.default_rng(seed)
    frames = []
    for k, (mean, sd, n) in enumerate(zip(means, sds, sizes, strict=True)):
        drawn = mean + sd * generator.standard_normal((STUDIES, n))
        frames.append(
            pd.DataFrame(
                {"task": np.repeat(np.arange(STUDIES), n), "cell": f"c{k}", "test_score": drawn.ravel()}
            )
        )
    trials = pd.concat(frames, ignore_index=True).assign(
        stage="confirm", status="finished", solved=False, test_sequences=10_000, seed=0
    )
    declaration = Declaration(
        study="simulated",
        doc="",
        cells=[f"c{k}" for k in range(len(means))],
        tasks=list(range(STUDIES)),
        margin=MARGIN,
    )
    return verdicts(trials, declaration)


def rate(table, verdict):
    """How often a study has at least one such verdict."""
    return (table["verdict"] == verdict).groupby(table["task"]).any().mean()


UNEQUAL = [((0.02, 0.02), (8, 8)), ((0.01, 0.05), (8, 8)), ((0.06, 0.01), (4, 12)), ((0.03, 0.03), (3, 3))]


@pytest.mark.parametrize(("sds", "sizes"), UNEQUAL)
def test_cells_exactly_one_margin_apart_are_rarely_called_equivalent(sds, sizes):
    for means in ((0.5, 0.5 + MARGIN), (0.5 + MARGIN, 0.5)):
        assert rate(simulate(means, sds, sizes), "equivalent") <= LIMIT


@pytest.mark.parametrize(("sds", "sizes"), UNEQUAL)
def test_equal_cells_are_rarely_called_different(sds, sizes):
    assert rate(simulate((0.5, 0.5), sds, sizes, seed=1), "different") <= LIMIT


def test_the_rates_are_not_low_for_lack_of_power():
    assert rate(simulate((0.5, 0.5), (0.02, 0.03), (8, 8), seed=2), "equivalent") > 0.9
    assert rate(simulate((0.5, 0.6), (0.02, 0.03), (8, 8), seed=3), "different") > 0.9


def test_among_many_pairs_one_false_verdict_is_as_rare_as_with_one():
    apart = simulate([0.4 + MARGIN * k for k in range(4)], (0.01, 0.03, 0.02, 0.04), (6, 6, 6, 6), seed=4)
    assert rate(apart, "equivalent") <= LIMIT
    alike = simulate([0.5] * 4, (0.01, 0.03, 0.02, 0.04), (6, 6, 6, 6), seed=5)
    assert rate(alike, "different") <= LIMIT


def test_the_interval_of_a_difference_covers_it_nine_times_in_ten():
    table = simulate((0.5, 0.53), (0.02, 0.04), (6, 9), seed=6)
    covered = ((table["low"] <= -0.03) & (table["high"] >= -0.03)).mean()
    assert covered == pytest.approx(0.90, abs=3 * np.sqrt(0.09 / STUDIES))


def test_the_bootstrap_interval_covers_the_mean_of_eight_seeds():
    generator = np.random.default_rng(7)
    hits = []
    for _ in range(40):
        band = bootstrap(
            pd.DataFrame(generator.standard_normal((8, 50))), generator=generator, resamples=2000
        )
        hits.append((band["low"] <= 0) & (band["high"] >= 0))
    assert np.mean(hits) == pytest.approx(0.95, abs=0.02)
