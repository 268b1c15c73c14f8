"""Over tasks: the mean on these, what to expect of a new one, and neither more certain than the tasks allow."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from seeds import around, judge, seeds, solved

from analysis.statistics.over_tasks.hierarchical import hierarchical
from analysis.statistics.over_tasks.overall import overall
from analysis.statistics.pairs.compare import compare
from analysis.study.verdicts import oriented


def two(a, b, **settings):
    """Cells a and b on one task for each of these scores."""
    tasks = {(c, f"t{k}"): x for c, group in (("a", a), ("b", b)) for k, x in enumerate(group)}
    return judge(tasks, **settings)


def table_of(values, errors, *, df=30.0, margin=0.05, n=16):
    """What `compare` would say of one pair on so many tasks, or of many pairs (rows)."""
    values, errors = np.atleast_2d(values), np.atleast_2d(errors)
    pair, task = np.indices(values.shape)
    value, half = values.ravel(), stats.t.ppf(0.95, df) * np.broadcast_to(errors, values.shape).ravel()
    frame = pd.DataFrame({"task": task.ravel(), "a": "a", "b": [f"b{k}" for k in pair.ravel()]})
    return frame.assign(
        value=value,
        low=value - half,
        high=value + half,
        df=df,
        n_a=n,
        n_b=n,
        mean_a=value,
        mean_b=0.0,
        margin=margin,
        alpha=0.05,
        higher=True,
        lumpy=False,
        p_equivalence=0.5,
        verdict="undecided",
    )


def test_the_mean_over_tasks_adds_their_variances():
    errors, values = np.array([0.01, 0.02, 0.005]), np.array([0.02, -0.01, 0.05])
    row = overall(table_of(values, errors, df=9.0)).iloc[0]
    error = np.sqrt((errors**2).sum()) / 3
    df = (errors**2).sum() ** 2 / (errors**4 / 9).sum()
    assert row.value == pytest.approx(0.02)
    assert row.df == pytest.approx(df)
    assert row.high == pytest.approx(0.02 + stats.t.ppf(0.95, df) * error)
    assert row.p_difference == pytest.approx(2 * stats.t.sf(0.02 / error, df))
    assert row.p_equivalence == pytest.approx(stats.t.sf(0.03 / error, df))
    assert row.posterior_a == pytest.approx(row.p_equivalence)
    assert (row.task, row.tasks, row.tested, row.n_a) == ("all tasks", 3, 3, 48)


def test_a_pair_on_one_task_alone_has_no_row():
    scores = {
        ("a", "s"): around(0.9),
        ("b", "s"): around(0.9),
        ("a", "t"): around(0.9),
        ("b", "t"): around(0.9),
    }
    table = judge({**scores, ("c", "t"): around(0.5)})
    kept = table[(table["task"] == "t") | ~table["b"].eq("c")]
    found = overall(kept)
    assert list(zip(found["a"], found["b"], strict=True)) == [("a", "b")]
    assert found["pairs"].tolist() == [1]
    none = overall(table[table["task"] == "t"])
    assert none.empty
    assert set(found) == set(none)


def test_a_task_without_seeds_leaves_the_pair_undecided_and_says_so():
    row = overall(two([around(0.9)] * 3, [around(0.9), around(0.9), [0.9]])).iloc[0]
    assert (row.verdict, row.bayes, row.tested) == ("undecided", "undecided", 2)
    assert row.why == "1 of 3 tasks can not be tested yet"
    assert math.isnan(row.low)
    assert math.isnan(row.new_equal)


def test_equal_on_every_task_is_equal_overall_and_expected_of_a_new_one_after_many_tasks():
    few, many = (overall(two([around(0.9)] * k, [around(0.9)] * k)).iloc[0] for k in (2, 12))
    assert (few.verdict, few.bayes, many.verdict, many.bayes) == ("equivalent",) * 4
    assert few.new_equal < few.mu_equal < 0.95 < many.new_equal < many.mu_equal
    assert many.bayes_new == "equivalent"
    assert many.spread < few.spread
    assert few.why.startswith("mean over 2 tasks: difference 0.000")


def test_opposite_differences_may_cancel_and_are_told():
    row = overall(two([around(0.9), around(0.7)], [around(0.7), around(0.9)])).iloc[0]
    assert (row.verdict, row.differing) == ("equivalent", 2)
    assert row.why.endswith("yet different on 2 of the tasks")
    assert row.new_equal < 0.4
    assert row.spread > 0.1
    assert row.mu_equal < 0.6


def test_the_better_cell_is_named_whichever_way_better_is():
    scores = [around(0.8), around(0.9)], [around(0.3), around(0.2)]
    high, low = overall(two(*scores)).iloc[0], overall(two(*scores, better="lower")).iloc[0]
    assert (high.verdict, high.better, low.better) == ("different", "a", "b")
    assert high.posterior_a == pytest.approx(low.posterior_b)
    assert high.new_a > high.new_b


def test_many_saturated_tasks_together_say_more_than_one():
    tasks = [solved(16, 16)] * 30
    table = two(tasks, tasks)
    assert set(table["verdict"]) == {"undecided"}
    assert overall(table)["verdict"].item() == "equivalent"
    two_tasks = overall(table[table["task"].isin(["t0", "t1"])]).iloc[0]
    assert two_tasks.verdict == "undecided"
    assert 10 < two_tasks.seeds_to_decide < table["seeds_to_decide"].iloc[0]


def test_turned_round_it_says_the_same():
    both = oriented(overall(two([around(0.8), around(0.9)], [around(0.3), around(0.2)]))).set_index("cell")
    assert (both.loc["a", "standing"], both.loc["b", "standing"]) == ("better", "worse")
    assert both.loc["a", "new_a"] == both.loc["b", "new_b"]
    assert both.loc["a", "why"] == both.loc["b", "why"]


def test_the_posterior_is_that_of_the_hierarchical_model():
    """Against plain integration over μ and τ on a fine grid; all tasks have the mean of their variances."""
    d, s = np.array([0.02, 0.06, -0.03, 0.05]), np.array([0.01, 0.02, 0.015, 0.03])
    found = hierarchical(
        d[None], s[None], np.full((1, 4), 1e9), margin=np.array([0.05]), upward=np.array([True])
    ).iloc[0]
    tau, mu = np.meshgrid(np.linspace(1e-5, 2, 2000), np.linspace(-0.6, 0.6, 601), indexing="ij")
    log = stats.cauchy.logpdf(tau, scale=0.05)
    for value in d:
        log += stats.norm.logpdf(value, mu, np.sqrt((s**2).mean() + tau**2))
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    assert found["mu_a"] == pytest.approx(weight[mu > 0.05].sum(), abs=0.01)
    assert found["mu_equal"] == pytest.approx(weight[np.abs(mu) < 0.05].sum(), abs=0.01)
    new = stats.norm.cdf(0.05, mu, tau) - stats.norm.cdf(-0.05, mu, tau)
    assert found["new_equal"] == pytest.approx((weight * new).sum(), abs=0.01)


# ------------------------------------------------------------------ calibration

STUDIES = 500
LIMIT = 0.05 + 3 * np.sqrt(0.05 * 0.95 / STUDIES)


def drawn(mu, tau, tasks, seed):
    """Pairs with effects N(mu, tau²) on so many tasks, measured with errors that are estimated from 16 seeds a side."""
    generator = np.random.default_rng(seed)
    effects = mu + tau * generator.standard_normal((STUDIES, tasks))
    real = generator.uniform(0.004, 0.02, (STUDIES, tasks))
    measured = effects + real * generator.standard_normal(effects.shape)
    errors = real * np.sqrt(generator.chisquare(30, effects.shape) / 30)
    table = table_of(measured, errors)
    return overall(table)


@pytest.mark.parametrize("tasks", [2, 8])
def test_on_the_tasks_that_ran_false_statements_are_as_rare_as_promised(tasks):
    found = drawn(0.0, 0.0, tasks, 1)
    assert (found["p_difference"] <= 0.05).mean() <= LIMIT
    edge = drawn(0.05, 0.0, tasks, 2)
    assert (edge["p_equivalence"] <= 0.05).mean() <= LIMIT
    covered = ((edge["low"] <= 0.05) & (edge["high"] >= 0.05)).mean()
    assert covered == pytest.approx(0.90, abs=3 * np.sqrt(0.09 / STUDIES))
    assert (drawn(0.0, 0.0, tasks, 3)["p_equivalence"] <= 0.05).mean() > 0.9


def test_tasks_that_hide_a_failure_do_not_outweigh_those_that_show_it():
    """One cell fails with one seed in ten, on each of ten tasks, and loses more than the margin by it."""
    draw = np.random.default_rng(6)
    scores, pairs = {}, []
    for study in range(60):
        a = np.where(draw.random((10, 8)) < 0.9, 0.985, 0.2) + 0.004 * draw.uniform(-1, 1, (10, 8))
        b = 0.98 + 0.004 * draw.standard_normal((10, 8))
        for k in range(10):
            task, first, second = f"{study}.{k}", f"a{study}", f"b{study}"
            scores |= {(first, task): a[k], (second, task): b[k]}
            pairs.append((task, first, second))
    table = compare(seeds(scores), pd.DataFrame(pairs, columns=["task", "a", "b"]), margin=0.05)
    surely = overall(table)["bayes_new"].tolist()
    assert len(surely) == 60
    assert surely.count("equivalent") <= LIMIT * len(surely)


def test_differences_of_many_margins_leave_a_new_task_as_open_as_few_of_them():
    """Whether tasks agree does not depend on how small a difference would matter."""
    d, s = np.array([[2000.0, 1000.0, -800.0, 1500.0]]), np.full((1, 4), 0.5)
    found = hierarchical(d, s, np.full((1, 4), 30.0), margin=np.array([0.01]), upward=np.array([True])).iloc[
        0
    ]
    assert 0.5 < found["new_a"] < 0.95
    assert found["spread"] > 500


def test_what_can_not_be_equivalent_on_a_task_can_not_be_so_over_all():
    tied, near = [100.0] * 5, [99.8, 99.85, 99.9, 99.95, 100.0]
    table = two([tied, tied], [near, near], margin=1.0, bounds=(-math.inf, math.inf))
    row = overall(table).iloc[0]
    third = {("c", task): [x + 0.01 * k for x in near] for k, task in enumerate(("t0", "t1"))}
    scores = {(cell, task): x for task in ("t0", "t1") for cell, x in (("a", tied), ("b", near))} | third
    among = overall(judge(scores, margin=1.0, bounds=(-math.inf, math.inf))).set_index(["a", "b"])
    alone = among.loc["b", "c"]
    assert alone["p_equivalence_holm"] == pytest.approx(3 * alone["p_equivalence"])  # the others count as 1
    assert (row.verdict, row.bayes, row.bayes_new) == ("undecided",) * 3
    assert set(table["bayes"]) == {"undecided"}
    assert math.isnan(row.p_equivalence)
    assert "has no bounds" in row.why


@pytest.mark.parametrize("tau", [0.0, 0.1])
def test_what_is_expected_of_a_new_task_comes_true(tau):
    for mu, tasks in ((0.0, 3), (0.05, 3), (0.05, 8)):
        found = drawn(mu, tau, tasks, 4)
        equal = stats.norm.cdf(0.05, mu, max(tau, 1e-9)) - stats.norm.cdf(-0.05, mu, max(tau, 1e-9))
        said = found["new_equal"] >= 0.95
        assert said.mean() * (1 - equal) <= LIMIT  # that a statement is made and the next task contradicts it


def test_of_a_new_task_much_is_said_after_many_that_agree():
    assert (drawn(0.0, 0.005, 12, 5)["new_equal"] >= 0.95).mean() > 0.9
