"""False verdicts are as rare as promised: simulated studies with known truth, fixed seeds.

Each simulated task is one study; the limits are the nominal 5 % and three standard errors of the simulation.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.statistics.bootstrap import bootstrap
from analysis.statistics.pairs import evidence
from analysis.statistics.pairs.bounded_means import shapes
from analysis.statistics.pairs.compare import compare

pytestmark = pytest.mark.slow

DOCS = Path(__file__).parents[2] / "docs"
STUDIES = 800
MARGIN = 0.05


@pytest.fixture(autouse=True)
def fewer_draws(monkeypatch):
    """Of melded bounds: their own error stays small beside the simulation's."""
    monkeypatch.setattr(evidence, "POWER", 12)


def limit(level=0.05, studies=STUDIES):
    return level + 3 * np.sqrt(level * (1 - level) / studies)


def simulate(draws, sizes, seed=0, studies=STUDIES, keep=None, **values):
    """Verdicts of many studies (as tasks of one) whose cells are drawn by draws(generator, shape). keep: which studies
    count, from the list of (studies, n) scores."""
    generator = np.random.default_rng(seed)
    drawn = [draw(generator, (studies, n)) for draw, n in zip(draws, sizes, strict=True)]
    kept = np.arange(studies) if keep is None else np.flatnonzero(keep(drawn))
    frames = [
        pd.DataFrame({"task": np.repeat(kept, n), "cell": f"c{k}", "score": scores[kept].ravel()})
        for k, (scores, n) in enumerate(zip(drawn, sizes, strict=True))
    ]
    seeds = pd.concat(frames, ignore_index=True).assign(
        seed=0, status="finished", solved=False, resolution=1e-4
    )
    cells = [f"c{k}" for k in range(len(draws))]
    pairs = [(task, a, b) for task in kept for i, a in enumerate(cells) for b in cells[i + 1 :]]
    return compare(seeds, pd.DataFrame(pairs, columns=["task", "a", "b"]), margin=MARGIN, **values)


def rate(table, verdict, column="verdict"):
    """How often a study has at least one such verdict."""
    return (table[column] == verdict).groupby(table["task"]).any().mean()


def covered(table, truth):
    return ((table["low"] <= truth + 1e-9) & (table["high"] >= truth - 1e-9)).mean()


def normal(mean, sd):
    return lambda generator, shape: mean + sd * generator.standard_normal(shape)


def exponential(top, mean):
    """Scores that lie exponentially below `top`, and not below 0."""
    return lambda generator, shape: np.maximum(top - mean * generator.standard_exponential(shape), 0)


def gamma(top, shape, mean):
    return lambda generator, size: np.maximum(top - mean / shape * generator.gamma(shape, size=size), 0)


def clipped(draw):
    return lambda generator, shape: np.clip(draw(generator, shape), 0, 1)


def quantised(draw, steps):
    return lambda generator, shape: np.round(draw(generator, shape) * steps) / steps


def bernoulli(p):
    return lambda generator, shape: (generator.random(shape) < p) * 1.0


def bimodal(p, solved=0.985, failed=0.2):
    """Solved with probability p, and both with some spread: mean failed + p (solved - failed)."""

    def draw(generator, shape):
        modes = generator.random(shape) < p
        spread = np.where(modes, 0.004, 0.06) * generator.uniform(-1, 1, shape)
        return np.where(modes, solved, failed) + spread

    return draw


UNEQUAL = [((0.02, 0.02), (8, 8)), ((0.01, 0.05), (8, 8)), ((0.06, 0.01), (4, 12)), ((0.03, 0.03), (3, 3))]


@pytest.mark.parametrize(("sds", "sizes"), UNEQUAL)
def test_cells_exactly_one_margin_apart_are_rarely_called_equivalent(sds, sizes):
    table = simulate([normal(0.5, sds[0]), normal(0.5 + MARGIN, sds[1])], sizes)
    assert rate(table, "equivalent") <= limit()
    assert rate(table, "equivalent", "bayes") <= limit()
    assert rate(table, "different", "bayes") <= limit()


@pytest.mark.parametrize(("sds", "sizes"), UNEQUAL)
def test_equal_cells_are_rarely_called_different(sds, sizes):
    table = simulate([normal(0.5, sd) for sd in sds], sizes, seed=1)
    assert rate(table, "different") <= limit()
    assert rate(table, "different", "bayes") <= limit()
    assert covered(table, 0.0) >= 0.90 - 3 * np.sqrt(0.09 / STUDIES)


def test_the_rates_are_not_low_for_lack_of_power():
    assert rate(simulate([normal(0.5, 0.02), normal(0.5, 0.02)], (8, 8), seed=2), "equivalent") > 0.9
    assert rate(simulate([normal(0.5, 0.02), normal(0.5, 0.03)], (12, 12), seed=2), "equivalent") > 0.9
    assert rate(simulate([normal(0.5, 0.02), normal(0.6, 0.03)], (8, 8), seed=3), "different") > 0.95
    assert rate(simulate([normal(0.5, 0.01), normal(0.5, 0.01)], (5, 5), seed=3), "equivalent") > 0.95


SKEWED = {  # a less b is minus one margin, a lies further from the best score
    "against a tight cell": (exponential(1.0, 0.055), normal(0.995, 0.001)),
    "against a narrower one": (exponential(1.0, 0.06), exponential(1.0, 0.01)),
    "both alike": (exponential(0.95, 0.02), exponential(1.0, 0.02)),
    "gamma against a tight cell": (gamma(1.0, 2, 0.055), normal(0.995, 0.001)),
}


@pytest.mark.parametrize(
    ("name", "n"),
    [(name, n) for name in ("against a tight cell", "against a narrower one") for n in (3, 4, 8, 16)]
    + [("both alike", 5), ("gamma against a tight cell", 5)],
)
def test_a_tail_that_few_seeds_miss_does_not_make_cells_equivalent(name, n):
    table = simulate(SKEWED[name], (n, n), seed=10 + n, studies=400)
    assert rate(table, "equivalent") <= limit(studies=400)
    assert rate(table, "equivalent", "bayes") <= limit(studies=400)
    assert covered(table, -MARGIN) >= 0.90 - 3 * np.sqrt(0.09 / 400)


@pytest.mark.parametrize("sizes", [(8, 8), (16, 5)])
def test_skewed_cells_of_equal_means_are_rarely_called_different(sizes):
    for other in (exponential(1.0, 0.05), normal(0.95, 0.002)):
        table = simulate([exponential(1.0, 0.05), other], sizes, seed=20)
        assert rate(table, "different") <= limit()
        assert covered(table, 0.0) >= 0.90 - 3 * np.sqrt(0.09 / STUDIES)


@pytest.mark.parametrize("n", [3, 8])
def test_scores_in_coarse_steps_are_no_surer_than_others(n):
    apart = simulate(
        [quantised(normal(0.5, 0.03), 20), quantised(normal(0.55, 0.03), 20)], (n, n), 30, studies=300
    )
    assert rate(apart, "equivalent") <= limit(studies=300)
    alike = simulate(
        [quantised(normal(0.5, 0.03), 20), quantised(normal(0.5, 0.06), 20)], (n, n), 31, studies=300
    )
    assert rate(alike, "different") <= limit(studies=300)


@pytest.mark.parametrize("n", [4, 12])
def test_scores_that_are_often_at_the_ceiling_are_no_surer_than_others(n):
    often = clipped(normal(1.01, 0.04))
    mean = float(often(np.random.default_rng(0), 1_000_000).mean())
    below = simulate([often, normal(mean - MARGIN, 0.002)], (n, n), 32, studies=300)
    assert rate(below, "equivalent") <= limit(studies=300)
    alike = simulate([often, normal(mean, 0.002)], (n, n), 33, studies=300)
    assert rate(alike, "different") <= limit(studies=300)
    assert covered(below, MARGIN) >= 0.90 - 3 * np.sqrt(0.09 / 300)


# p of a and b, with one margin between them, or none
SOLVING = [(1.0, 0.95), (0.9, 0.85), (0.05, 0.0), (0.5, 0.5), (0.9, 0.9)]


@pytest.mark.parametrize(
    ("a", "b", "sizes"),
    [(a, b, sizes) for a, b in SOLVING for sizes in ((8, 8), (64, 64))]
    + [(0.5, 0.5, (4, 12)), (0.5, 0.5, (16, 16))],
)
def test_solved_or_not_is_judged_as_exactly_as_it_can_be(a, b, sizes):
    table = simulate([bernoulli(a), bernoulli(b)], sizes, seed=40, studies=400)
    assert table["lumpy"].all()
    assert rate(table, "equivalent" if a > b else "different") <= limit(studies=400)
    assert covered(table, a - b) >= 0.90 - 3 * np.sqrt(0.09 / 400)


def test_what_is_always_solved_is_equivalent_to_its_like_when_there_are_seeds_enough():
    assert rate(simulate([bernoulli(1.0)] * 2, (64, 64), studies=20), "equivalent") == 1
    assert rate(simulate([bernoulli(1.0)] * 2, (56, 56), studies=20), "equivalent") == 0


@pytest.mark.parametrize("sizes", [(5, 5), (8, 8), (16, 16), (8, 24)])
def test_two_clusters_that_both_show_are_judged_like_solved_and_not_solved(sizes):
    studies = 120

    def both_show(drawn):
        return np.all([(x > 0.6).any(axis=1) & (x < 0.6).any(axis=1) for x in drawn], axis=0)

    for p in (0.5, 0.75)[: 1 + (sizes == (8, 8))]:
        alike = simulate([bimodal(p)] * 2, sizes, 50, studies=studies)
        assert rate(alike, "different") <= limit(studies=studies)
        apart = simulate(
            [bimodal(p), bimodal(p + MARGIN / 0.785)], sizes, 51, studies=studies, keep=both_show
        )
        assert rate(apart, "equivalent") <= limit(studies=studies)
        assert rate(apart, "equivalent", "bayes") <= limit(studies=studies)


def test_a_failure_that_no_seed_has_shown_is_the_limit_of_every_method():
    """Where all seeds of both cells are from the better cluster nothing tells that there is another one."""

    def hidden(drawn):
        return np.all([(x > 0.6).all(axis=1) for x in drawn], axis=0)

    cells, sizes = [bimodal(0.9), bimodal(0.9 + MARGIN / 0.785)], (8, 8)
    fooled = simulate(cells, sizes, 52, studies=300, keep=hidden)
    assert len(fooled) / 300 == pytest.approx((0.9 * (0.9 + MARGIN / 0.785)) ** 8, abs=0.07)
    assert rate(fooled, "equivalent") == 1
    seen = simulate(cells, sizes, 52, studies=300, keep=lambda drawn: ~hidden(drawn))
    assert rate(seen, "equivalent") <= limit(studies=len(seen))


@pytest.mark.parametrize(
    ("n", "verdict", "steady", "told"),
    [
        (8, "equivalent", 0.98, 41),
        (16, "equivalent", 0.98, 16),
        (24, "equivalent", 0.98, 8),
        (8, "different", 0.9065, 46),
        (16, "different", 0.9065, 17),
    ],
)
def test_the_page_tells_how_often_an_unseen_failure_misleads(n, verdict, steady, told):
    """One seed in ten fails, against a cell that does not: the figures of docs/verdicts.md, in percent."""
    assert re.search(rf"\b{told} %", (DOCS / "verdicts.md").read_text(encoding="utf-8"))
    found = rate(simulate([bimodal(0.9), normal(steady, 0.004)], (n, n), 53, studies=300), verdict)
    error = np.sqrt(
        2 * found * (1 - found) / 300
    )  # of this rate and of the page's, which 300 studies gave as well
    assert found == pytest.approx(told / 100, abs=3 * error)


def test_of_normal_scores_few_look_like_two_clusters():
    scores = np.sort(np.random.default_rng(0).standard_normal((2000, 8)), axis=1)
    assert shapes(list(scores), 0.01).lumpy.mean() < 0.01


def test_among_many_pairs_one_false_verdict_is_as_rare_as_with_one():
    sds = (0.01, 0.03, 0.02, 0.04)
    apart = simulate(
        [normal(0.4 + MARGIN * k, sd) for k, sd in enumerate(sds)], (6,) * 4, seed=4, studies=300
    )
    assert rate(apart, "equivalent") <= limit(studies=300)
    alike = simulate([normal(0.5, sd) for sd in sds], (6,) * 4, seed=5, studies=300)
    assert rate(alike, "different") <= limit(studies=300)
    lumpy = simulate([bernoulli(0.6)] * 4, (12,) * 4, seed=6, studies=300)
    assert rate(lumpy, "different") <= limit(studies=300)


def test_the_interval_of_a_difference_covers_it_at_least_nine_times_in_ten_and_is_not_endless():
    table = simulate([normal(0.5, 0.02), normal(0.53, 0.04)], (16, 20), seed=6)
    assert 0.90 - 3 * np.sqrt(0.09 / STUDIES) <= covered(table, -0.03) <= 0.985


def test_the_bootstrap_interval_covers_the_mean_of_eight_seeds():
    generator = np.random.default_rng(7)
    hits = []
    for _ in range(40):
        band = bootstrap(
            pd.DataFrame(generator.standard_normal((8, 50))), generator=generator, resamples=2000
        )
        hits.append((band["low"] <= 0) & (band["high"] >= 0))
    assert np.mean(hits) == pytest.approx(0.95, abs=0.02)
