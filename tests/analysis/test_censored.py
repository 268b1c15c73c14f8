"""Steps to solve with censored seeds: nothing dropped, others' estimates reproduced, errors as rare as promised."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight, survdiff
from stores import diverged, scored, trial_row

from analysis.statistics.training.log_rank import log_rank
from analysis.statistics.training.restricted_mean import (
    restricted_differences,
    restricted_mean,
    restricted_means,
    times,
)

BUDGET = 4096


def trial(step, cell="a", task="t", budget=BUDGET, **values):
    """A seed that solved at `step`, or (None) never."""
    known = {"cell": cell, "task": task, "steps": budget, "steps_done": budget, "evaluate_every": 64}
    return scored(0.9, solved=step is not None, solved_step=step, **{**known, **values})


def frame(**cells):
    """Trials of cells by the steps at which their seeds solved."""
    rows = [trial(step, cell, seed=k) for cell, steps in cells.items() for k, step in enumerate(steps)]
    return pd.DataFrame(rows)


PAIR = pd.DataFrame({"task": ["t"], "a": ["a"], "b": ["b"]})
STEPS = [512, 640, 768, 768, 1024, 1536, 2048, 3072]


def test_without_censoring_the_restricted_mean_is_the_plain_mean():
    table = restricted_means(frame(a=STEPS)).iloc[0]
    logs = np.log2(STEPS)
    half = stats.t.ppf(0.95, 7) * logs.std(ddof=1) / np.sqrt(8)
    assert table.value == pytest.approx(logs.mean())
    assert (table.low, table.high) == pytest.approx((logs.mean() - half, min(logs.mean() + half, logs.max())))
    assert (table.n, table.solved) == (8, 8)


def test_with_one_budget_for_all_a_seed_that_never_solves_counts_all_of_it():
    table = restricted_means(frame(a=[*STEPS[:6], None, None], b=STEPS)).set_index("cell")
    assert table.loc["a", "value"] == pytest.approx(np.mean([*np.log2(STEPS[:6]), 12, 12]))
    assert table["horizon"].tolist() == [12, 12]
    assert table.loc["a", ["n", "solved"]].tolist() == [8, 6]


def test_censored_at_any_time_the_estimate_is_kaplan_and_meiers():
    generator = np.random.default_rng(0)
    time, solved = np.round(generator.exponential(3, 60), 1) + 0.1, generator.random(60) < 0.6
    horizon = 5.0
    theirs = SurvfuncRight(time, solved.astype(int))
    at = np.concatenate([[0.0], theirs.surv_times[theirs.surv_times <= horizon], [horizon]])
    survival = np.concatenate([[1.0], theirs.surv_prob[theirs.surv_times <= horizon]])
    mean, variance = restricted_mean(time, solved, horizon)
    assert mean == pytest.approx((np.diff(at) * survival).sum())
    many = [
        restricted_mean(time[take], solved[take], horizon)[0]
        for take in generator.integers(60, size=(2000, 60))
    ]
    assert variance == pytest.approx(np.var(many), rel=0.15)


def test_seeds_that_were_followed_for_less_count_as_long_as_they_were():
    rows = [trial(None, budget=1024, seed=0), trial(None, budget=4096, seed=1), trial(2048, seed=2)]
    table = times(pd.DataFrame(rows))
    assert table["time"].tolist() == [10, 12, 11]
    assert table["solved"].tolist() == [False, False, True]
    assert restricted_means(pd.DataFrame(rows))["value"].item() == pytest.approx(
        11.5
    )  # half remain after 2^11


def test_who_diverged_or_failed_will_never_solve_and_stays_to_the_end():
    broken = [
        diverged(step=64, cell="a", task="t", steps=BUDGET, evaluate_every=64, seed=7),
        trial_row(status="failed", cell="a", task="t", steps=BUDGET, steps_done=0, evaluate_every=64, seed=8),
    ]
    never = [trial(None, seed=7), trial(None, seed=8)]
    most = [trial(step, seed=k) for k, step in enumerate(STEPS[:6])]
    one, other = (restricted_means(pd.DataFrame([*most, *rows])) for rows in (broken, never))
    pd.testing.assert_frame_equal(one, other)
    assert one["n"].item() == 8


def test_a_seed_that_solved_and_diverged_later_has_solved():
    rows = [trial(step, seed=k) for k, step in enumerate(STEPS[:5])]
    rows.append(trial(1024, status="diverged", diverged_step=2000, steps_done=2000, seed=6))
    table = times(pd.DataFrame(rows))
    assert table[["time", "solved"]].iloc[-1].tolist() == [10.0, True]


def test_nobody_solved_does_not_mean_that_nobody_would():
    table = restricted_means(frame(a=[None] * 8, b=STEPS)).set_index("cell")
    row = table.loc["a"]
    assert (row["value"], row["high"], row["solved"]) == (12, 12, 0)
    assert row["low"] == pytest.approx(12 - (12 - 6) * (1 - 0.05 ** (1 / 8)), abs=0.05)
    found = restricted_differences(frame(a=[None] * 8, b=[None] * 8), PAIR).iloc[0]
    assert (found.value, found.high) == (0, pytest.approx(-found.low, abs=0.02))
    assert found.high > 1


def test_all_solved_at_one_evaluation_leaves_room_on_both_sides():
    row = restricted_means(frame(a=[512] * 8, b=[None] * 8)).iloc[0]
    assert row.value == 9
    assert row.low < 8.5
    assert row.high > 9.5


def test_differences_are_those_of_the_means_in_the_order_of_the_pairs():
    table = frame(a=STEPS, b=[2 * s if s < 2048 else None for s in STEPS], c=[8 * s for s in STEPS[:4]] * 2)
    pairs = pd.DataFrame({"task": "t", "a": ["b", "a", "a"], "b": ["c", "c", "b"]}, index=[5, 3, 1])
    found = restricted_differences(table, pairs)
    means = restricted_means(table).set_index("cell")["value"]
    assert list(zip(found["a"], found["b"], strict=True)) == [("b", "c"), ("a", "c"), ("a", "b")]
    assert found["value"].tolist() == pytest.approx(means[found["a"]].values - means[found["b"]].values)
    assert (found["low"] < found["value"]).all()
    assert found["n"].tolist() == [16, 16, 16]


def test_a_cell_without_seeds_or_with_one_has_no_difference():
    found = restricted_differences(frame(a=STEPS, b=[512]), PAIR)
    assert found[["value", "low", "high"]].isna().all(axis=None)
    assert restricted_differences(frame(a=STEPS), PAIR)[["n_a", "n_b"]].iloc[0].tolist() == [8, 0]
    assert np.isnan(log_rank(frame(a=STEPS), PAIR)["p"].item())
    elsewhere = restricted_differences(frame(a=STEPS), PAIR.assign(task="u"))
    assert elsewhere[["value", "low"]].isna().all(axis=None)


def test_the_log_rank_test_agrees_with_statsmodels():
    generator = np.random.default_rng(1)
    for size, chance in ((8, 0.9), (20, 0.5), (6, 0.3)):
        steps = [
            [int(64 * s) if generator.random() < chance else None for s in generator.integers(1, 64, size)]
            for _ in "ab"
        ]
        trials = frame(a=steps[0], b=steps[1])
        table = times(trials)
        _, p = survdiff(table["time"], table["solved"].astype(int), table["cell"])
        row = log_rank(trials, PAIR).iloc[0]
        assert row.p == pytest.approx(p, rel=1e-6)
        assert (row.low < 0 < row.high) == (p > 0.10)
        assert row.solved == table["solved"].sum()


def test_the_log_rank_test_names_the_sooner_and_keeps_quiet_where_nobody_solves():
    trials = frame(a=[64 * k for k in range(1, 9)], b=[None] * 8, c=[None] * 8)
    pairs = pd.DataFrame({"task": "t", "a": ["a", "b", "b"], "b": ["b", "a", "c"]})
    found = log_rank(trials, pairs)
    assert found["value"].iloc[0] == pytest.approx(-found["value"].iloc[1])
    assert found["low"].iloc[0] > 0
    assert found["p"].iloc[0] < 0.001 < found["p_holm"].iloc[0] * 10
    assert np.isnan(found.loc[2, ["value", "p", "p_holm"]].astype(float)).all()


def test_equal_cells_are_rarely_told_apart():
    """Log-rank is an approximation for many seeds: a little above 5 % for 8."""
    studies, n = 120, 8
    generator = np.random.default_rng(2)
    steps = np.exp2(generator.normal(10.5, 1.0, (studies, 2, n)))
    rows = pd.DataFrame(
        {"task": t, "cell": c, "seed": k, "solved_step": steps[t, i, k]}
        for t in range(studies)
        for i, c in enumerate("ab")
        for k in range(n)
    )
    solved = rows["solved_step"] <= BUDGET / 2
    rows = rows.assign(
        status="finished", steps=BUDGET / 2, steps_done=BUDGET / 2, solved=solved, evaluate_every=1
    )
    rows["solved_step"] = rows["solved_step"].where(solved)
    assert 0.25 < 1 - solved.mean() < 0.4
    pairs = pd.DataFrame({"task": range(studies), "a": "a", "b": "b"})
    error = 3 * np.sqrt(0.05 * 0.95 / studies)
    assert (log_rank(rows, pairs)["p"] <= 0.05).mean() <= 0.06 + error
    found = restricted_differences(rows, pairs)
    assert ((found["low"] <= 0) & (found["high"] >= 0)).mean() >= 0.90 - 3 * np.sqrt(0.09 / studies)
