"""E-values, e-Holm and the race: against slow references, and in simulations of what goes wrong."""

import math
from itertools import combinations

import numpy as np
import pytest

from sweeps.evidence import bets
from sweeps.evidence.closed import bound, decided
from sweeps.evidence.race import BETTER, EQUIVALENT, UNDECIDED, WORSE, Rules, race

RULES = Rules(margin=0.1)


def slow(differences, null, turned=False):
    """E of evidence that the mean is above `null` (turned: below), number by number, from the formula."""
    total = 0.0
    for share, weight in zip(bets.SHARES, bets.WEIGHTS, strict=True):
        wealth = 1.0
        for d in differences:
            wealth *= 1 + share * ((null - d) / (1 - null) if turned else (d - null) / (1 + null))
        total += weight * wealth
    return total


@pytest.mark.parametrize("null", [-0.1, 0.0, 0.05, 0.7])
def test_e_values_are_those_of_a_slow_reference(null):
    d = np.random.default_rng(0).choice([-1.0, -0.3, 0.0, 0.2, 0.6, 1.0], size=17)
    for n in (1, 2, 9, 17):
        assert math.exp(bets.above(d, null)[n - 1]) == pytest.approx(slow(d[:n], null), rel=1e-12)
        assert math.exp(bets.below(d, null)[n - 1]) == pytest.approx(slow(d[:n], null, True), rel=1e-12)
    assert bets.better(d)[-1] == pytest.approx(math.log(slow(d, 0.0) / 2))
    assert bets.worse(d)[-1] == pytest.approx(math.log(slow(d, 0.0, True) / 2))


def test_the_weights_are_a_mixture_and_the_shares_can_be_lost():
    assert bets.WEIGHTS.sum() == pytest.approx(1.0)
    assert (bets.SHARES > 0).all()
    assert (bets.SHARES <= 1).all()


def test_a_worst_loss_is_survived_by_all_shares_but_the_whole():
    d = np.array([-1.0, 1.0])
    assert math.exp(bets.above(d, 0.0)[0]) == pytest.approx((bets.WEIGHTS * (1 - bets.SHARES)).sum())
    assert np.isfinite(bets.above(d, 0.0)).all()


@pytest.mark.parametrize("support", [(-1.0, 1.0), (-0.4, 1.0), (0.3, 0.3), (-1.0, -0.1, 0.9)])
def test_a_bet_is_fair_where_the_mean_is_the_null(support):
    """The mean of the next factor is 1 for every distribution whose mean is the null, and less below it."""
    support = np.array(support)
    weights = np.ones(len(support)) / len(support)
    null = float(weights @ support)
    factors = np.array([math.exp(bets.above(np.array([d]), null)[0]) for d in support])
    assert weights @ factors == pytest.approx(1.0)
    factors = np.array([math.exp(bets.above(np.array([d]), null + 0.05)[0]) for d in support])
    assert weights @ factors < 1.0


@pytest.mark.parametrize("m", range(1, 9))
def test_e_holm_is_closed_testing_over_all_subsets(m):
    generator = np.random.default_rng(m)
    for _ in range(30):
        e = generator.choice([0.0, 0.4, 1.0, 15.0, 20.0, 21.0, 60.0, 160.0, 1e6], size=m)
        for alpha in (0.05, 0.2):
            brute = [
                all(
                    np.mean(e[[j, *others]]) >= 1 / alpha
                    for size in range(m)
                    for others in combinations([k for k in range(m) if k != j], size)
                )
                for j in range(m)
            ]
            assert decided(e, alpha).tolist() == brute
            assert (e >= bound(e, alpha)).tolist() == brute


def test_without_any_difference_equivalence_takes_28_seeds_alone_and_53_in_a_family_of_14():
    """The figures of n = ln(c) / -ln(1 - margin): no rule could be sooner by much."""
    logs = bets.equal(np.zeros(100), 0.1)
    assert 28 <= np.argmax(logs >= math.log(20)) + 1 <= 40
    assert 53 <= np.argmax(logs >= math.log(280)) + 1 <= 66


def test_the_interval_ends_where_the_bets_end():
    d = np.random.default_rng(1).uniform(-0.2, 0.5, size=40)
    low, high = bets.interval(d, 0.05)
    assert low < d.mean() < high
    assert bets.above(d, low - 1e-6)[-1] >= math.log(20) > bets.above(d, low + 1e-6)[-1]
    assert bets.below(d, high + 1e-6)[-1] >= math.log(20) > bets.below(d, high - 1e-6)[-1]
    turned = bets.interval(-d, 0.05)
    np.testing.assert_allclose(turned, (-high, -low))
    assert bets.interval(np.zeros(0), 0.05) == (-1.0, 1.0)


def test_an_interval_at_more_looks_is_never_wider():
    d = np.random.default_rng(2).uniform(-0.4, 0.5, size=48)
    one, more = bets.interval(d, 0.05), bets.interval(d, 0.05, (8, 16, 24, 32, 40, 48))
    assert one[0] <= more[0] < more[1] <= one[1]


def scores_of(**means):
    generator = np.random.default_rng(0)
    return {cell: generator.uniform(mean - 0.02, mean + 0.02, 128) for cell, mean in means.items()}


def test_a_race_finds_equal_better_and_worse_and_stops_there():
    scores = scores_of(lstm=0.5, same=0.5, up=0.9, down=0.1)
    pairs = [(cell, "lstm") for cell in ("same", "up", "down")]
    found = race(scores, pairs, RULES)
    words = {pair[0]: decision.word for pair, decision in found.decisions.items()}
    assert words == {"same": EQUIVALENT, "up": BETTER, "down": WORSE}
    assert found.wanted == {}
    for (cell, _), decision in found.decisions.items():
        assert decision.n % 8 == 0
        assert decision.n < 128
        assert (
            decision.low
            < scores[cell][: decision.n].mean() - scores["lstm"][: decision.n].mean()
            < decision.high
        )


def test_the_order_of_pairs_and_further_seeds_change_nothing_and_a_turned_pair_is_the_mirror_image():
    scores = scores_of(lstm=0.5, same=0.52, up=0.7)
    pairs = [("same", "lstm"), ("up", "lstm")]
    found = race(scores, pairs, RULES)
    assert race(scores, pairs[::-1], RULES).decisions == found.decisions
    short = {cell: values[: max(d.n for d in found.decisions.values())] for cell, values in scores.items()}
    assert race(short, pairs, RULES).decisions == found.decisions
    turned = race(scores, [(b, a) for a, b in pairs], RULES).decisions
    for (a, b), decision in found.decisions.items():
        other = turned[b, a]
        assert {decision.word, other.word} in ({EQUIVALENT}, {BETTER, WORSE})
        assert decision.value == pytest.approx(-other.value)


def test_a_race_asks_for_the_next_look_of_those_it_needs_alone():
    scores = scores_of(lstm=0.5, same=0.5, down=0.1)
    pairs = [("same", "lstm"), ("down", "lstm")]
    asked, have = [], dict.fromkeys(scores, 0)
    while wanted := race({c: scores[c][:n] for c, n in have.items()}, pairs, RULES).wanted:
        asked.append(wanted)
        have |= wanted
    assert asked[0] == dict.fromkeys(scores, 8)
    assert have["down"] < have["same"] == have["lstm"], "a decided cell stops, the reference goes on"
    whole = race(scores, pairs, RULES)
    assert race({c: scores[c][:n] for c, n in have.items()}, pairs, RULES).decisions == whole.decisions


def test_what_was_decided_stays_decided_whatever_comes_after():
    up = np.r_[np.full(24, 0.9), np.zeros(104)]
    found = race({"lstm": np.full(128, 0.5), "late": up}, [("late", "lstm")], RULES)
    assert found.words["late", "lstm"] == BETTER


def test_the_controls_stand_outside_the_family():
    scores = scores_of(lstm=0.5, again=0.5, a=0.5, b=0.45)
    alone = race({"lstm": scores["lstm"], "again": scores["again"]}, [("again", "lstm")], RULES)
    pairs = [("a", "lstm"), ("b", "lstm")]
    found = race(scores, pairs, RULES, controls=[("again", "lstm")])
    assert found.decisions["again", "lstm"] == alone.decisions["again", "lstm"]
    without = race(scores, pairs, RULES)
    assert all(found.decisions[pair] == without.decisions[pair] for pair in pairs)


def test_what_is_undecided_lacks_evidence_of_either_kind_and_needs_further_seeds():
    """Also where few of a family are open on one kind of evidence and many on the other."""
    rng, kinds = np.random.default_rng(3), set()
    for heights in rng.uniform(0.35, 0.65, size=(30, 8)):
        scores = {f"c{i}": rng.normal(height, 0.05, 64).clip(0, 1) for i, height in enumerate(heights)}
        pairs = [(cell, "c0") for cell in scores if cell != "c0"]
        for found in race(scores, pairs, Rules(margin=0.1, most=64)).decisions.values():
            kinds.add(found.word)
            equal, differ = found.log_equal, max(found.log_better, found.log_worse)
            assert (equal >= math.log(found.needed_equal)) == (found.word == EQUIVALENT)
            if found.word != EQUIVALENT:
                assert (differ >= math.log(found.needed_differ)) == (found.word in (BETTER, WORSE))
            if found.word == UNDECIDED:
                assert found.further >= 1
    assert kinds == {EQUIVALENT, BETTER, WORSE, UNDECIDED}


def test_the_smallest_margin_is_the_first_at_which_a_race_with_these_seeds_calls_a_pair_equivalent():
    """Against the race itself, where nothing is decided before the seeds run out; in other units too."""
    rng, found = np.random.default_rng(5), []
    for scale in (1.0, 7.0):
        scores = {cell: scale * rng.normal(0.5, 0.09, 32).clip(0, 1) for cell in ("a", "b", "c", "d")}
        pairs = [(cell, "a") for cell in ("b", "c", "d")]

        def words(margin, scores=scores, pairs=pairs, scale=scale):
            return race(scores, pairs, Rules(margin=margin, most=32, bounds=(0.0, scale))).words

        step = 0.1 * scale / 25
        standing = race(scores, pairs, Rules(margin=0.1 * scale, most=32, bounds=(0.0, scale)))
        assert set(standing.words.values()) == {UNDECIDED}
        for pair, margin in standing.smallest_margins.items():
            found.append(margin / scale)
            if math.isfinite(margin):
                assert words(margin)[pair] == EQUIVALENT
                assert words(margin - step)[pair] == UNDECIDED
            else:
                assert words(0.2 * scale)[pair] == UNDECIDED
    assert sum(map(math.isfinite, found)) >= 3
    assert race({"a": [], "b": []}, [("b", "a")], RULES).smallest_margins == {("b", "a"): math.inf}


@pytest.mark.parametrize(("height", "word"), [(0.45, EQUIVALENT), (0.4, WORSE)])
def test_the_further_seeds_that_are_named_decide_a_race_that_was_too_short(height, word):
    """Half a margin below the reference, and one margin below: equivalent, and different."""
    scores = {"r": np.full(256, 0.5), "c": np.full(256, height)}
    short = race(scores, [("c", "r")], Rules(margin=0.1, most=16)).decisions["c", "r"]
    assert short.word == UNDECIDED
    assert 0 < short.further < 240
    longer = Rules(margin=0.1, look=16 + int(short.further), most=16 + int(short.further))
    assert race(scores, [("c", "r")], longer).words["c", "r"] == word
    too_few = Rules(margin=0.1, look=16 + int(short.further / 2), most=16 + int(short.further / 2))
    assert race(scores, [("c", "r")], too_few).words["c", "r"] == UNDECIDED


def test_evidence_that_does_not_grow_needs_infinitely_many_seeds():
    assert bets.further(np.array([-0.5, 0.1, 0.1]), 0.0, math.log(20)) == math.inf
    assert bets.further(np.array([0.5, -0.1, 0.1]), 0.0, math.log(20)) < 200


def test_a_score_in_other_units_gives_the_same_race():
    scores = scores_of(lstm=0.5, same=0.52, up=0.7)
    pairs = [("same", "lstm"), ("up", "lstm")]
    plain = race(scores, pairs, RULES).decisions
    scaled = race(
        {c: 10 * v - 4 for c, v in scores.items()}, pairs, Rules(margin=1.0, bounds=(-4.0, 6.0))
    ).decisions
    for pair in pairs:
        assert scaled[pair].word == plain[pair].word
        assert scaled[pair].n == plain[pair].n
        assert scaled[pair].value == pytest.approx(10 * plain[pair].value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"margin": 0.0}, "a margin above 0"),
        ({"margin": 1.0}, "below the range of the score"),
        ({"margin": 0.1, "alpha": 1.0}, "a level between 0 and 1"),
        ({"margin": 0.1, "look": 1}, "2 <= look <= most"),
        ({"margin": 0.1, "look": 16, "most": 8}, "2 <= look <= most"),
        ({"margin": 0.1, "bounds": (0.0, math.inf)}, "finite bounds"),
    ],
)
def test_rules_that_make_no_race_are_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        Rules(**changes)


def test_a_pair_of_a_cell_without_scores_is_refused():
    with pytest.raises(ValueError, match="'gru'"):
        race({"lstm": [0.5]}, [("gru", "lstm")], RULES)


# Error rates: each shape gives scores of a cell with the given mean difference to the reference, worst for its kind.


def failing(generator, rate, height, size):
    """`height`, but 0 in a share `rate`."""
    return np.where(generator.random(size) < rate, 0.0, height)


def shape(name, delta, generator, size):
    """Scores (reference, cell), each (size), whose means differ by `delta` (the cell's lower)."""
    draw = generator.random
    pick = {
        "rare failures": lambda: (np.ones(size), failing(generator, delta, 1.0, size)),
        "both fail": lambda: (failing(generator, 0.2, 1.0, size), failing(generator, 0.2 + delta, 1.0, size)),
        "bimodal": lambda: (
            np.where(draw(size) < 0.5, 0.1, 0.9),
            np.where(draw(size) < 0.5 + delta / 0.8, 0.1, 0.9),
        ),
        "saturated": lambda: (np.ones(size), np.ones(size) - delta),
        "tied": lambda: (np.round(draw(size) * 4) / 4, np.round(np.minimum(draw(size), 1) * 4) / 4 - delta),
        "skewed": lambda: (generator.beta(8, 1, size), generator.beta(8, 1, size) - delta),
        "normal": lambda: (
            np.clip(generator.normal(0.5, 0.1, size), 0, 1),
            np.clip(generator.normal(0.5 - delta, 0.1, size), 0, 1),
        ),
        "wide": lambda: (draw(size), np.where(draw(size) < 2 * delta, 0.0, draw(size))),
        "unequal spread": lambda: (np.full(size, 0.5), generator.choice([0.0, 1.0 - 2 * delta], size=size)),
        "at the floor": lambda: (
            failing(generator, 0.9, 1.0, size),
            failing(generator, 0.9 + delta, 1.0, size),
        ),
        "mixed heights": lambda: (
            generator.choice([0.2, 0.95, 1.0], size=size, p=[0.1, 0.2, 0.7]),
            generator.choice([0.2, 0.95, 1.0], size=size, p=[0.1, 0.2, 0.7]) - delta,
        ),
    }
    return pick[name]()


SHAPES = (
    *("rare failures", "both fail", "bimodal", "saturated", "tied", "skewed", "normal", "wide"),
    *("unequal spread", "at the floor", "mixed heights"),
)
STUDIES, CELLS = 150, 6


def words(name, delta, seed):
    """Words of every study: (STUDIES, CELLS). All cells of a study share its reference."""
    generator = np.random.default_rng(seed)
    pairs = [(str(k), "r") for k in range(CELLS)]
    found = []
    for _ in range(STUDIES):
        reference, _ = shape(name, delta, generator, (128,))
        scores = {str(k): shape(name, delta, generator, (128,))[1] for k in range(CELLS)}
        found.append(list(race({**scores, "r": reference}, pairs, RULES).words.values()))
    return np.array(found)


def at_most(wrong, level):
    """Not more wrong studies than chance allows where the rate is the level (three standard errors above)."""
    return wrong.mean() <= level + 3 * math.sqrt(level * (1 - level) / len(wrong))


@pytest.mark.parametrize("name", SHAPES)
def test_cells_that_are_a_margin_worse_are_called_equivalent_in_5_percent_of_studies_at_most(name):
    assert at_most((words(name, 0.1, 1) == EQUIVALENT).any(axis=1), 0.05)


@pytest.mark.parametrize("name", SHAPES)
def test_cells_that_are_alike_are_called_different_in_5_percent_of_studies_at_most(name):
    found = words(name, 0.0, 2)
    assert at_most(((found == BETTER) | (found == WORSE)).any(axis=1), 0.05)


def test_bad_luck_at_first_decides_nothing_for_good():
    """The first 16 seeds are far off the mean of all 128, as the worst of many studies are: cells whose mean over the
    whole race is a margin lower are not called equivalent for it, nor the other way round."""
    drift = np.where(np.arange(128) < 16, 0.02, -0.02 * 16 / 112)
    generator = np.random.default_rng(0)
    called = 0
    for _ in range(STUDIES):
        noise = generator.choice([-0.3, 0.3], size=128)
        cell = np.clip(0.5 - 0.1 + drift + noise, 0, 1)
        called += race({"c": cell, "r": np.full(128, 0.5)}, [("c", "r")], RULES).words["c", "r"] == EQUIVALENT
    assert called <= 0.05 * STUDIES + 3 * math.sqrt(0.05 * 0.95 * STUDIES)


def test_a_race_decides_what_can_be_decided():
    """Power: cells that never fail, or fail often, are decided in most studies well before 128 seeds."""
    assert (words("saturated", 0.0, 3) == EQUIVALENT).mean() == 1.0
    generator = np.random.default_rng(0)
    often = [
        race({"c": failing(generator, 0.3, 1.0, 128), "r": np.ones(128)}, [("c", "r")], RULES).decisions[
            "c", "r"
        ]
        for _ in range(60)
    ]
    assert np.mean([d.word == WORSE for d in often]) > 0.95
    assert np.median([d.n for d in often]) < 64
