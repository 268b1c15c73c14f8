"""Pairs compared: what the columns promise, at the edges too. How often a verdict is wrong is in test_calibration."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from seeds import around, every, judge, one, seeds, solved

from analysis.statistics.over_tasks.overall import overall
from analysis.statistics.pairs import bounded_means
from analysis.statistics.pairs.bounded_means import shapes
from analysis.statistics.pairs.compare import compare
from analysis.statistics.pairs.evidence import MELDED
from analysis.statistics.pairs.melded import melded
from analysis.statistics.pairs.reasons import UNBOUNDED
from sweeps.errors import InputError

# ------------------------------------------------------------------ lumps


def test_eight_of_eight_twice_are_not_known_to_be_equal():
    row = one([1.0] * 8, [1.0] * 8)
    assert (row.verdict, row.lumpy, row.bayes, row.agree) == ("undecided", True, "undecided", True)
    assert row.why.endswith(
        ": 8 of 8 at 1 leave room for a failure rate of up to 31%; about 51 further seeds a side should decide it"
    )
    assert row.p_equivalence == pytest.approx(0.95**8, abs=0.01)
    assert row.high == pytest.approx(1 - 0.05 ** (1 / 8), abs=0.005)
    assert MELDED in row.method


def test_sixty_two_of_sixty_two_twice_are_equivalent():
    row = one([1.0] * 62, [1.0] * 62)
    assert (row.verdict, row.seeds_to_decide) == ("equivalent", 0)
    assert one([1.0] * 54, [1.0] * 54).verdict == "undecided"


def test_a_known_resolution_does_not_make_saturated_scores_certain():
    assert one([1.0] * 8, [1.0] * 8, resolution=1e-4).verdict == "undecided"


def test_none_against_all_is_different_and_exactly_as_sure_as_fishers_test():
    row = one(solved(0, 8), solved(8, 8))
    fisher = stats.fisher_exact([[0, 8], [8, 0]]).pvalue
    assert (row.verdict, row.better) == ("different", "b")
    assert row.p_difference == pytest.approx(fisher, abs=2e-4)


@pytest.mark.parametrize(
    ("a", "b"), [((8, 8), (4, 8)), ((12, 16), (5, 12)), ((3, 10), (9, 10)), ((1, 6), (5, 20))]
)
def test_of_solved_and_not_solved_the_melded_test_is_fishers(a, b):
    table = [[a[0], a[1] - a[0]], [b[0], b[1] - b[0]]]
    tails = [stats.fisher_exact(table, alternative=side).pvalue for side in ("less", "greater")]
    pair = np.array([[0], [1]])
    found = melded(
        [np.sort(solved(*a)), np.sort(solved(*b))], pair, pair >= 0, margin=0.05, bounds=(0.0, 1.0)
    )
    assert found["p_difference"].item() == pytest.approx(min(1, 2 * min(tails)), abs=0.006)


def test_one_sided_melded_limits_of_one_proportion_are_those_of_clopper_and_pearson():
    """Against a cell whose mean is known (nothing but its lower bound can vary, and it is at the bound)."""
    pair = np.array([[0], [1]])
    known, other = np.zeros(500), np.sort(solved(9, 12))
    row = melded([other, known], pair, pair >= 0, margin=0.05, bounds=(0.0, 1.0)).iloc[0]
    assert row.high == pytest.approx(stats.beta.ppf(0.95, 10, 3), abs=0.01)
    assert row.low == pytest.approx(stats.beta.ppf(0.05, 9, 4), abs=0.01)


def test_the_same_scores_give_the_same_numbers_in_every_company():
    """Draws are derived from a fixed seed, whatever else is compared."""
    pair = {("a", "t"): solved(5, 8), ("b", "t"): solved(7, 8)}
    alone = judge(pair).iloc[0]
    more = judge({("0", "t"): solved(1, 5), **pair, ("c", "t"): around(0.5)})
    same = more[(more["a"] == "a") & (more["b"] == "b")].iloc[0]
    numbers = ["low", "high", "p_difference", "p_equivalence", "posterior_equal"]
    assert same[numbers].tolist() == pytest.approx(alone[numbers].tolist(), abs=1e-12)
    assert same.p_difference_holm >= alone.p_difference_holm


def test_groups_are_lumpy_when_tied_or_in_two_clusters_and_not_for_being_tight():
    groups = {
        "all the same": ([0.7] * 5, True),
        "half of them tied": ([0.2, 0.5, 0.7, 0.7, 0.7, 0.9], True),
        "solved and not": ([0.1, 0.15, 0.97, 0.98, 0.985, 0.99], True),
        "tight": (around(0.98, 0.0001), False),
        "spread": (around(0.5, 0.3), False),
        "two clusters closer than the margin": ([0.90, 0.901, 0.902, 0.93, 0.931, 0.932], False),
        "too few to tell clusters": ([0.1, 0.98, 0.99], False),
        "two tied of five": ([0.2, 0.5, 0.6, 0.7, 0.7], False),
        "one": ([0.5], False),
    }
    lumpy = shapes([np.sort(x) for x, _ in groups.values()], 0.05).lumpy
    assert dict(zip(groups, lumpy, strict=True)) == {name: answer for name, (_, answer) in groups.items()}


def test_a_saturated_cell_is_told_from_one_that_is_clearly_lower_when_there_are_seeds_enough():
    assert one([1.0] * 16, around(0.6, 0.1, 16)).verdict == "different"
    assert one([1.0] * 16, around(0.98, 0.01, 16)).verdict == "undecided"


def test_where_one_cell_shows_failures_the_other_may_have_them_too():
    """Eight close scores are enough against another close cell, and not against one that fails now and then."""
    close, failing = around(0.98, 0.005), [*around(0.98, 0.005)[:7], 0.1]
    assert one(close, close).verdict == "equivalent"
    row = one(close, failing)
    assert row.lumpy
    assert row.high > 0.3
    assert row.low < -0.1


# ------------------------------------------------------------------ no bounds, no variance, few seeds


def test_without_bounds_a_side_without_spread_is_never_equivalent():
    row = one([2.0] * 8, [2.0] * 8, bounds=(-math.inf, math.inf), resolution=1e-6)
    assert (row.verdict, row.method) == ("undecided", UNBOUNDED)
    assert math.isnan(row.p_equivalence)
    assert "the score has no bounds" in row.why
    varied = one([2.0] * 8, around(2.0, 0.001), bounds=(-math.inf, math.inf))
    assert (varied.verdict, varied.method) == ("undecided", UNBOUNDED)
    assert one(around(2.0), around(2.0), bounds=(-math.inf, math.inf)).verdict == "equivalent"
    assert one([2.0] * 8, around(9.0), bounds=(-math.inf, math.inf)).verdict == "different"


def test_without_bounds_variance_and_resolution_nothing_is_said():
    row = one([2.0] * 8, [3.0] * 8, bounds=(-math.inf, math.inf))
    assert row.verdict == "undecided"
    assert row.why == "all seeds score the same and the size of the test sample is unknown"
    assert math.isnan(row.seeds_to_decide)
    assert math.isnan(row.posterior_equal)


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("other", [[0.5], [1.0] * 8, around(0.9)])
def test_one_seed_a_side_is_never_decided(n, other):
    row = compare(
        seeds({("a", "t"): [1.0] * n, ("b", "t"): other}),
        pd.DataFrame({"task": ["t"], "a": ["a"], "b": ["b"]}),
        margin=0.05,
    ).iloc[0]
    assert (row.verdict, row.bayes) == ("undecided", "undecided")
    assert row.why.startswith(f"too few confirmed seeds: {n} of a, {len(other)} of b")
    assert math.isnan(row.seeds_to_decide)


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("sizes", [(2, 2), (2, 9), (5, 5)])
def test_no_variance_anywhere_neither_crashes_nor_claims(value, sizes):
    scores = {(c, t): [value] * n for c, n in zip("ab", sizes, strict=True) for t in ("s", "t")}
    for resolution in (math.nan, 1e-3):
        table = judge(scores, resolution=resolution)
        assert set(table["verdict"]) == {"undecided"}
        assert set(overall(table)["verdict"]) == {"undecided"}


def test_an_empty_table_has_all_columns():
    none = compare(seeds({}), pd.DataFrame({"task": ["t"], "a": ["a"], "b": ["b"]}), margin=0.05)
    full = judge({("a", "t"): around(0.5), ("b", "t"): around(0.5)})
    assert list(none) == list(full)
    assert none["why"].item().startswith("too few confirmed seeds: 0 of a, 0 of b")
    assert compare(seeds({}), none.iloc[:0], margin=0.05).empty


# ------------------------------------------------------------------ orientation and input


def test_where_lower_is_better_the_winner_is_the_lower_and_the_numbers_stay():
    scores = {("a", "t"): around(0.2), ("b", "t"): around(0.6), ("c", "t"): [0.0] * 8}
    high, low = judge(scores), judge(scores, better="lower")
    pd.testing.assert_frame_equal(
        low[["value", "low", "high", "mean_a", "p_difference", "verdict"]].round(2),
        high[["value", "low", "high", "mean_a", "p_difference", "verdict"]].round(2),
    )
    assert (high["better"].iloc[0], low["better"].iloc[0]) == ("b", "a")
    assert low["posterior_a"].iloc[0] == pytest.approx(high["posterior_b"].iloc[0])
    assert low["why"].iloc[0].startswith("a better by 0.400")


def test_a_pair_in_another_range_is_the_same_pair():
    scores = {("a", "t"): solved(3, 9), ("b", "t"): around(0.9, 0.05)}
    percent = {key: [100 * x for x in group] for key, group in scores.items()}
    one_way, other = judge(scores).iloc[0], judge(percent, margin=5, bounds=(0, 100)).iloc[0]
    assert other.p_difference == pytest.approx(one_way.p_difference, rel=1e-3)
    assert other.low == pytest.approx(100 * one_way.low, rel=1e-3)


@pytest.mark.parametrize(
    ("scores", "settings", "words"),
    [
        ([0.5, math.nan], {}, r"1 of 4 scores are missing \(first: b on t, seed 1\). Nothing is left out"),
        ([0.5, 1.2], {}, r"A score of 1.2 \(b on t\) lies outside its bounds 0 to 1"),
        ([0.5, 0.6], {"better": "more"}, "'higher' or 'lower'; got better='more'"),
        ([0.5, 0.6], {"margin": 0.0}, "must be above 0; got 0"),
    ],
)
def test_what_would_be_wrong_in_silence_is_an_input_error(scores, settings, words):
    with pytest.raises(InputError, match=words):
        one([0.1, 0.2], scores, **settings)


# ------------------------------------------------------------------ skewed scores


def test_the_widened_interval_agrees_with_its_own_tests():
    cases = {
        f"{spread} {apart}": (around(0.5, spread, 6), around(0.5 + apart, 0.02, 9))
        for spread in (0.01, 0.03, 0.05)
        for apart in (0.0, 0.02, 0.04, 0.06)
    }
    scores = {(c, t): pair[i] for t, pair in cases.items() for i, c in enumerate("ab")}
    table = judge(scores)
    inside = (table["low"] > -0.05) & (table["high"] < 0.05)
    assert ((table["p_equivalence"] < 0.05) == inside).all()
    assert ((table["p_difference"] < 0.10) == (table["low"] > 0) | (table["high"] < 0)).all()
    assert 0 < inside.sum() < len(table)


def test_room_for_a_tail_is_larger_where_one_side_alone_varies_and_none_far_from_the_bounds():
    alike, unlike = one(around(0.9, 0.05), around(0.9, 0.05)), one(around(0.9, 0.07), around(0.9, 0.001))
    far = one(around(0.5, 0.02), around(0.5, 0.02))

    def factor(row):
        spreads = {id(alike): (0.05, 0.05), id(unlike): (0.07, 0.001), id(far): (0.02, 0.02)}[id(row)]
        a, b = (np.var(around(0.5, s), ddof=1) / 8 for s in spreads)
        return (row.high - row.value) / (stats.t.ppf(0.95, row.df) * np.sqrt(a + b))

    assert 1.2 < factor(alike) < 1.5
    assert 1.8 < factor(unlike) < 2.2
    assert factor(far) == pytest.approx(1.0), "no bound is near enough to shape these scores"


# ------------------------------------------------------------------ scores in steps


def test_ties_of_scores_in_steps_are_no_lumps_unless_all_are_tied_or_at_a_bound():
    steps = [0.45, 0.5, 0.5, 0.5, 0.5, 0.55, 0.5, 0.6]
    assert not one(steps, steps[::-1]).lumpy
    assert one(steps, [0.5] * 8).lumpy
    top = [1.0, 1.0, 1.0, 1.0, 1.0, 0.95, 0.9, 0.95]
    assert one(top, steps).lumpy
    uneven = [0.45, 0.5, 0.5, 0.5, 0.5, 0.553, 0.5, 0.61]
    assert one(uneven, uneven[::-1]).lumpy, "no steps: the ties mean something"


def test_one_more_tied_seed_does_not_turn_a_verdict_round():
    """Half tied or not: the better of two cells must not be undecided where the worse is equivalent."""
    reference = [0.5, 0.55, 0.45, 0.5, 0.5, 0.55, 0.5, 0.45] * 3
    words = []
    for tied in range(8, 17):
        cell = [0.5] * tied + [0.45, 0.55] * ((24 - tied) // 2) + [0.5] * (tied % 2)
        words.append(one(cell, reference, margin=0.1).verdict)
    assert set(words) == {"equivalent"}


# ------------------------------------------------------------------ seeds to decide


def test_the_seeds_that_are_asked_for_decide_the_pair_as_often_as_they_say():
    generator = np.random.default_rng(0)
    for a, b, spread in ((0.5, 0.5, 0.06), (0.5, 0.55, 0.07), (0.7, 0.7, 0.06)):
        first = [np.array(around(0, 1.0, 8)) / np.std(around(0, 1.0, 8), ddof=1) * spread for _ in "ab"]
        row = one((a + first[0]).tolist(), (b + first[1]).tolist())
        n = 8 + int(row.seeds_to_decide)
        assert 5 < row.seeds_to_decide < 60
        drawn = {(c, t): generator.normal(m, spread, n) for t in range(300) for c, m in (("a", a), ("b", b))}
        decided = (judge(drawn)["verdict"] != "undecided").mean()
        assert decided == pytest.approx(0.8, abs=0.1)


def test_more_pairs_and_smaller_margins_ask_for_more_seeds():
    pair = {("a", "t"): around(0.5, 0.1), ("b", "t"): around(0.5, 0.1)}
    few = judge(pair)["seeds_to_decide"].iloc[0]
    many = judge({**pair, ("c", "t"): around(0.1), ("d", "t"): around(0.9)})["seeds_to_decide"].iloc[0]
    assert many > few
    assert judge(pair, margin=0.02)["seeds_to_decide"].iloc[0] > 5 * few
    assert judge(pair, margin=1e-5)["seeds_to_decide"].isna().all()


def test_a_saturated_pair_asks_for_the_rule_of_three():
    for pairs, cells in ((1, "ab"), (6, "abcd")):
        table = judge({(c, "t"): [1.0] * 8 for c in cells})
        assert table["seeds_to_decide"].iloc[0] == math.ceil(math.log(0.05 / pairs) / math.log(0.95)) - 8


def test_scores_that_are_the_same_are_drawn_once_however_many_pairs_have_them(monkeypatch):
    drawn = []

    def counted(scores, *args, **keys):
        drawn.append(len(scores))
        return gaffke(scores, *args, **keys)

    gaffke = bounded_means.gaffke
    monkeypatch.setattr(bounded_means, "gaffke", counted)
    cells, tasks = [f"c{k}" for k in range(12)], [f"t{k}" for k in range(6)]
    table = compare(
        seeds({(c, t): [1.0] * 8 for c in cells for t in tasks}),
        every({(c, t): [] for c in cells for t in tasks}),
        margin=0.05,
    )
    assert len(table) == 6 * 66
    assert table["lumpy"].all()
    assert drawn == [1]
