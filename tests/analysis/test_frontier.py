"""Frontiers: T50 over difficulty and over training, with intervals that are open where nothing is known."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from analysis.claims.reach import ShorterReach
from analysis.statistics.training.frontier import by_difficulty, families, graded
from analysis.statistics.training.steps_to_solve import medians, order_interval, shares
from analysis.statistics.training.t50 import t50

LAGS = np.array([50.0, 100.0, 200.0, 400.0, 800.0])
REACH = ShorterReach("rnn", "lstm", below=1 / 3)


def lag_trials(solved, *, lags=LAGS, kind="Adding", field="length", **columns):
    """Trials of tasks adding_50, adding_100... : {cell: seeds solved of 8, lag by lag}."""
    rows = [
        {
            "task": f"adding_{lag:g}",
            "cell": cell,
            "seed": seed,
            "solved": seed < count,
            f"task.{field}": lag,
            "steps": 2000,
            "task.type": kind,
            **columns,
        }
        for cell, counts in solved.items()
        for lag, count in zip(lags, counts, strict=True)
        for seed in range(8)
    ]
    return pd.DataFrame(rows)


def test_tasks_that_differ_in_one_number_are_a_family():
    trials = lag_trials({"lstm": [8, 8, 4, 0, 0]}, **{"task.halves": True})
    (family,) = families(trials)
    assert (family.name, family.field, family.same_budget) == ("adding", "task.length", True)
    assert list(family.values.values()) == list(LAGS)


def test_tasks_that_differ_in_more_than_a_number_are_not():
    one, other = lag_trials({"lstm": [8]}, lags=[50]), lag_trials({"lstm": [8]}, lags=[100])
    assert families(pd.concat([one, other]))
    assert not families(
        pd.concat([one, other.assign(**{"task.pairs": 3}), one.assign(**{"task.pairs": 2})]).iloc[:9]
    )
    renamed = lag_trials({"lstm": [8]}, lags=[100], kind="Copy")
    assert not families(pd.concat([one, renamed]))
    assert not families(one)


def test_from_three_difficulties_on_tasks_are_graded():
    assert graded(lag_trials({"lstm": [8, 0]}, lags=LAGS[:2])) == []
    assert graded(lag_trials({"lstm": [8, 4, 0]}, lags=LAGS[:3])) == ["adding_50", "adding_100", "adding_200"]


def test_different_budgets_within_a_family_are_said():
    trials = lag_trials({"lstm": [8, 8, 4, 0, 0]})
    trials.loc[trials["task"] == "adding_800", "steps"] = 4000
    _, half = by_difficulty(trials)
    assert "training budgets differ" in half["method"].iloc[0]


def test_t50_lies_where_half_of_the_seeds_solve():
    rates, half = by_difficulty(lag_trials({"lstm": [8, 8, 4, 0, 0], "rnn": [8, 4, 0, 0, 0]}))
    found = half.set_index("cell")
    assert found.loc["lstm", "value"] == pytest.approx(200, rel=0.03)
    assert found.loc["rnn", "value"] == pytest.approx(100, rel=0.03)
    assert found.loc["lstm", "low"] < 200 < found.loc["lstm", "high"] <= 400
    lstm = rates[rates["cell"] == "lstm"]
    assert list(lstm["value"]) == [1, 1, 0.5, 0, 0]
    assert ((lstm["low"] < lstm["high"]) & (lstm["n"] == 8)).all()


def test_separated_seeds_have_a_finite_t50_between_the_two_difficulties():
    row = t50(LAGS, np.full(5, 8), np.array([[8, 8, 0, 0, 0]])).iloc[0]
    assert 100 < row["value"] < 200
    assert 50 < row["low"] < 125
    assert 160 < row["high"] < 400
    assert 1 < row["slope"] < 20  # the likelihood alone has no largest slope


def test_all_or_none_solved_gives_a_bound_and_no_number():
    all_, none = (t50(LAGS, np.full(5, 8), np.array([[k] * 5])).iloc[0] for k in (8, 0))
    assert np.isnan(all_["value"])
    assert np.isnan(none["value"])
    assert all_["high"] == np.inf
    assert 200 < all_["low"] <= 800
    assert none["low"] == 0
    assert 50 <= none["high"] < 200
    assert all_["note"].startswith("all seeds solved")
    assert none["note"].startswith("no seed solved")


def test_seeds_that_do_not_care_for_the_difficulty_leave_it_open():
    row = t50(LAGS, np.full(5, 4), np.array([[2] * 5])).iloc[0]
    assert (row["low"], row["high"]) == (0, np.inf)


@pytest.mark.parametrize(
    ("centre", "slope", "n"), [(200, 2.0, 8), (200, 20.0, 8), (90, 1.0, 16), (700, 3.0, 5)]
)
def test_the_interval_of_t50_covers(centre, slope, n):
    generator = np.random.default_rng(9)
    chance = expit(slope * (np.log2(centre) - np.log2(LAGS)))
    table = t50(LAGS, np.full(5, n), generator.binomial(n, chance, size=(400, 5)))
    covered = ((table["low"] <= centre) & (table["high"] >= centre)).mean()
    assert covered >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 400)


def step_trials(steps, *, cell="lstm", budget=1000, **columns):
    """Trials that solved at these steps; None has not."""
    frame = pd.DataFrame({"solved_step": [float("nan") if s is None else float(s) for s in steps]})
    known = {"task": "adding", "cell": cell, "steps": budget, "steps_done": budget, "evaluate_every": 100}
    return frame.assign(seed=range(len(steps)), solved=frame["solved_step"].notna(), **known).assign(
        **columns
    )


def test_the_median_counts_those_who_never_solved():
    row = medians(step_trials([100, 200, 300, 400, 500, None, None, None])).iloc[0]
    assert (row["value"], row["low"], row["high"], row["solved"], row["n"]) == (400, 100, np.inf, 5, 8)


def test_a_median_that_was_not_reached_is_no_number():
    row = medians(step_trials([100] + [None] * 7)).iloc[0]
    assert np.isnan(row["value"])
    assert row["high"] == np.inf
    assert "not reached: 1 of 8 solved in 1000 updates" in row["method"]
    nothing = medians(step_trials([None] * 16)).iloc[0]
    assert nothing["low"] == 1000


def test_five_seeds_have_a_median_but_no_interval():
    row = medians(step_trials([100, 200, 300, 400, 500])).iloc[0]
    assert (row["value"], row["low"], row["high"]) == (300, 0, np.inf)


def test_a_longer_budget_of_some_seeds_does_not_help_them():
    trials = pd.concat([step_trials([100] * 3), step_trials([1500, 1800, 1900], budget=2000, cell="gru")])
    table = medians(trials).set_index("cell")
    assert table.loc["gru", "solved"] == 0
    assert (table["budget"] == 1000).all()


def test_shares_rise_from_none_to_the_solved_fraction():
    table = shares(step_trials([100, 100, 700, None]))
    assert list(table["step"]) == [0, 100, 700, 1000]
    assert list(table["value"]) == [0, 0.5, 0.75, 0.75]
    assert (table["low"] < table["high"]).all()


@pytest.mark.parametrize("n", [6, 8, 16, 25])
def test_the_interval_of_the_median_covers_also_on_a_grid_of_evaluations(n):
    generator = np.random.default_rng(10)
    truth = 400.0  # P(step <= 400) = 0.52, P(step <= 300) = 0.42: the smallest evaluation by which half have solved
    cells = np.array([100, 200, 300, 400, 500, 900, np.inf])
    drawn = generator.choice(cells, p=[0.1, 0.2, 0.12, 0.1, 0.1, 0.18, 0.2], size=(800, n))
    hits = [low <= truth <= high for low, high in (order_interval(np.sort(s), 0.95) for s in drawn)]
    assert np.mean(hits) >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 800)


def outcomes(solved, lags=LAGS):
    """Of seeds solved, lag by lag, of 32 each: 8 alike fourfold."""
    trials = lag_trials(solved, lags=lags)
    trials = trials.loc[trials.index.repeat(4)]
    return REACH(SimpleNamespace(results=SimpleNamespace(stage=lambda name: trials)))


@pytest.mark.parametrize(
    ("rnn", "lstm", "status"),
    [
        ([8, 8, 0, 0, 0], [8, 8, 8, 8, 0], "undecided"),  # a quarter, but not surely below a third
        ([8, 0, 0, 0, 0], [8, 8, 8, 8, 0], "holds"),
        ([8, 8, 8, 0, 0], [8, 8, 8, 0, 0], "fails"),
        ([0, 0, 0, 0, 0], [8, 8, 8, 8, 8], "holds"),  # below the shortest lag, and above the longest
        ([8, 8, 8, 8, 8], [8, 8, 8, 8, 8], "undecided"),  # both above the longest
    ],
)
def test_a_shorter_reach_needs_intervals_that_are_apart(rnn, lstm, status):
    (outcome,) = outcomes({"rnn": rnn, "lstm": lstm})
    assert (outcome.task, outcome.status) == ("adding", status)
    assert "rnn T50" in outcome.evidence


def test_two_lags_are_no_frontier():
    assert outcomes({"rnn": [8, 0], "lstm": [8, 8]}, lags=LAGS[:2]) == []


def test_a_study_without_one_of_the_cells_does_not_test_it():
    assert outcomes({"gru": [8, 8, 0, 0, 0], "lstm": [8, 8, 8, 8, 0]}) == []
