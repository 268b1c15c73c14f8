"""What is proven at a fixed number of seeds: the e-values of the race, over the pairs of a table."""

import math

import numpy as np
import pandas as pd
import pytest

from analysis.statistics.pairs.betting import betting, intervals, unseen
from sweeps.evidence import bets
from sweeps.evidence.race import Rules, race


def frame(**scores):
    return pd.concat(
        [
            pd.DataFrame({"task": "t", "cell": cell, "seed": range(len(values)), "score": values})
            for cell, values in scores.items()
        ],
        ignore_index=True,
    )


def pairs(*names):
    return pd.DataFrame([("t", a, b) for a, b in names], columns=["task", "a", "b"])


def found(values, names, **changes):
    asked = {"margin": 0.1, "alpha": 0.05, "bounds": (0.0, 1.0)} | changes
    return betting(values, pairs(*names), **asked)


def test_a_table_and_a_race_of_one_look_say_the_same():
    generator = np.random.default_rng(0)
    scores = {
        cell: generator.uniform(m - 0.05, m + 0.05, 64) for cell, m in (("r", 0.5), ("a", 0.5), ("b", 0.9))
    }
    table = found(frame(**scores), [("a", "r"), ("b", "r")])
    standing = race(scores, [("a", "r"), ("b", "r")], Rules(margin=0.1, look=64, most=64))
    ends = intervals(frame(**scores), table, alpha=0.05, bounds=(0.0, 1.0))
    for row, low, high in zip(table.itertuples(), ends["low"], ends["high"], strict=True):
        decision = standing.decisions[row.a, row.b]
        assert row.bet == decision.word
        assert row.log_e_equal == pytest.approx(decision.log_equal)
        assert (low, high) == pytest.approx((decision.low, decision.high), abs=1e-6)


def test_seeds_are_paired_by_their_order_however_the_table_is_sorted():
    values = frame(a=[0.1, 0.9, 0.4], b=[0.2, 0.3, 0.8])
    shuffled = values.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(found(values, [("a", "b")]), found(shuffled, [("a", "b")]))
    assert found(values, [("a", "b")])["log_e_better"][0] == pytest.approx(
        bets.better(np.array([-0.1, 0.6, -0.4]))[-1]
    )


def test_without_bounds_or_with_one_seed_nothing_is_proven():
    values = frame(a=[0.5] * 60, b=[0.5] * 60, c=[0.5])
    assert found(values, [("a", "b")])["bet"].tolist() == ["equivalent"]
    assert found(values, [("a", "c")])["bet"].tolist() == ["undecided"]
    open_ended = found(values, [("a", "b")], bounds=(0.0, math.inf))
    assert open_ended["bet"].tolist() == ["undecided"]
    assert open_ended["log_e_equal"].isna().all()


def test_24_seeds_leave_room_for_failures_of_12_percent():
    assert unseen(24, 0.05) == pytest.approx(0.1173, abs=1e-4)
    assert unseen(0, 0.05) == 1.0
    assert (1 - unseen(24, 0.05)) ** 24 == pytest.approx(0.05)


def test_units_do_not_matter():
    generator = np.random.default_rng(1)
    a, b = generator.uniform(0.3, 0.6, 40), generator.uniform(0.3, 0.6, 40)
    plain = found(frame(a=a, b=b), [("a", "b")])
    percent = found(frame(a=100 * a, b=100 * b), [("a", "b")], margin=10.0, bounds=(0.0, 100.0))
    assert percent["log_e_equal"][0] == pytest.approx(plain["log_e_equal"][0])
    ends = [
        intervals(frame(a=scale * a, b=scale * b), plain, alpha=0.05, bounds=(0.0, scale))["low"][0]
        for scale in (1.0, 100.0)
    ]
    assert ends[1] == pytest.approx(100 * ends[0])
