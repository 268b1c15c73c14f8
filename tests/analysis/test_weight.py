"""How evidence comes together: by hand, and in simulation where nothing is true."""

import math

import numpy as np
import pytest

from analysis.claims.weight import Weight, further, grade, said, silent, status, together


def of_p(p, against=1.0, e=1.0, n=8):
    return Weight(p, against, math.log(e), 0.0, n, 10.0, 20.0)


def raced(e, against=0.1, n=64):
    return Weight(math.nan, math.nan, math.log(e), math.log(against), n, 10.0, 20.0)


def test_p_values_decide_where_there_are_some_and_e_values_grade():
    assert (status(of_p(0.04)), grade(of_p(0.04))) == ("holds", "likely")
    assert (status(of_p(0.04, e=25)), grade(of_p(0.04, e=25))) == ("holds", "proven")
    assert (status(of_p(0.06, e=25)), grade(of_p(0.06, e=25))) == ("undecided", "")
    assert (status(of_p(1.0, against=0.01)), grade(of_p(1.0, against=0.01))) == ("fails", "likely")


def test_in_a_race_an_e_value_of_twenty_decides():
    assert [status(raced(e)) for e in (19.9, 20.1)] == ["undecided", "holds"]
    assert status(raced(0.1, against=21)) == "fails"
    assert grade(raced(21)) == "proven"
    assert said(raced(310)) == "e = 310, n = 64"


def test_all_must_hold_and_one_that_contradicts_stands_a_correction():
    rows = [of_p(0.01, 0.9), of_p(0.04, 1.0), of_p(0.001, 0.02)]
    found = together(rows)
    assert (found.p, found.against) == (0.04, pytest.approx(0.06))
    e = together([raced(30, 40), raced(50, 1), raced(90, 1)])
    assert math.exp(e.log_e) == pytest.approx(30)
    assert math.exp(e.log_against) == pytest.approx(14)


def test_on_some_tasks_the_smaller_ones_are_left_out_of_the_count():
    rows = [of_p(p) for p in (0.001, 0.02, 0.5, 0.9)]
    assert [together(rows, u).p for u in (1, 2, 3, 4)] == pytest.approx([0.004, 0.06, 1.0, 0.9])
    e = [raced(e) for e in (1, 3, 50, 80)]
    found = [math.exp(together(e, u).log_e) for u in (1, 2, 3, 4)]
    assert found == pytest.approx([134 / 4, 54 / 3, 2, 1])


def test_what_speaks_against_some_tasks_speaks_for_the_contrary_on_the_others():
    """Not on 2 of 5 is: the contrary on 4 of 5."""
    generator = np.random.default_rng(0)
    rows = [Weight(*generator.random(2), *generator.normal(size=2), 8, 1.0, 2.0) for _ in range(5)]
    found, turned = together(rows, 2), together([row.contrary for row in rows], 4)
    assert found.contrary == pytest.approx(turned)


def test_raced_and_fixed_seeds_meet_as_p_values():
    found = together([of_p(0.03), raced(100)])
    assert found.p == 0.03
    assert together([of_p(0.001), raced(10)]).p == pytest.approx(0.1)


def test_missing_evidence_decides_nothing():
    unknown = Weight(math.nan, math.nan, math.nan, math.nan, 8)
    assert status(unknown) == status(together([unknown, of_p(0.001)])) == "undecided"
    assert further(unknown) == ""
    assert status(silent(8)) == "undecided"
    assert further(silent(8)) == "more seeds like these would not decide it"
    assert further(of_p(0.2)) == "about 10 further seeds of each like these should decide it"
    assert further(of_p(0.01)) == ""


@pytest.mark.parametrize("least", [1, 2, 4])
def test_where_too_few_tasks_are_so_it_is_seldom_found(least):
    """On least - 1 of 4 tasks it is true beyond doubt, on the others not at all: at most 5 % of 4,000 studies."""
    generator = np.random.default_rng(least)
    wrong = {"p": 0, "e": 0}
    for _ in range(4000):
        p = np.append(generator.random(4 - least + 1), np.zeros(least - 1))
        e = np.log(0.5 / np.sqrt(np.maximum(p, 1e-30)))  # mean 1 where p is uniform
        wrong["p"] += status(together([Weight(x, 1.0, math.nan, math.nan, 8) for x in p], least)) == "holds"
        rows = [Weight(math.nan, math.nan, x, -math.inf, 8) for x in e]
        wrong["e"] += status(together(rows, least)) == "holds"
    assert wrong["p"] <= 0.05 * 4000 + 3 * math.sqrt(0.05 * 0.95 * 4000)
    assert wrong["p"] > 0
    assert wrong["e"] <= 0.05 * 4000


@pytest.mark.parametrize("cells", [3, 12])
def test_where_all_are_so_a_contradiction_is_seldom_found(cells):
    generator = np.random.default_rng(cells)
    found = [
        status(together([Weight(1.0, x, math.nan, math.nan, 8) for x in generator.random(cells)]))
        for _ in range(4000)
    ]
    share = found.count("fails") / 4000
    assert 0.02 < share <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 4000)
