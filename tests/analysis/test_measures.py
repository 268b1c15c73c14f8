"""Measures: one value per seed, by a policy that drops nothing."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep
from stores import declare, diverged, scored, trial_row

from analysis.statistics.pairs.newcombe import newcombe
from analysis.statistics.scores import COLUMNS
from analysis.study.by_measure import by_measure
from analysis.study.measures import MEASURES
from analysis.study.results import Results, load
from analysis.study.verdicts import verdicts
from sweeps.errors import InputError
from sweeps.store import schema

BUDGET, EVERY = 1000, 250
DOCS = Path(__file__).parents[2] / "docs"


def made(*rows, curves=None, cells=("a", "b"), tasks=("t",), **changes):
    """Results of these trials. curves: scores at EVERY, 2 EVERY and so on, by (cell, seed)."""
    points = [
        {"trial_id": row["trial_id"], "step": EVERY * (i + 1), "valid_score": score}
        | {"seconds": float(row.get("pace", 1)) * (i + 1)}
        for row in rows
        for i, score in enumerate((curves or {}).get((row["cell"], row["seed"]), ()))
    ]
    trials = pd.DataFrame(rows).assign(solved=lambda frame: frame["solved"].astype(bool))
    declaration = declare(list(rows), cells=cells, tasks=tasks)
    for name, value in changes.items():
        object.__setattr__(declaration, name, value)
    columns = ["trial_id", "step", "valid_score", "seconds"]
    curve = pd.DataFrame(points, columns=columns)
    return Results(declaration=declaration, trials=trials, curves=curve, left_out=0)


def row(cell, seed, score=0.9, **values):
    common = {"task": "t", "steps": BUDGET, "evaluate_every": EVERY, "stage": "confirm"}
    return scored(score, cell=cell, seed=seed, **{**common, **values})


def lost(cell, seed, at, **values):
    common = {"task": "t", "steps": BUDGET, "evaluate_every": EVERY, "stage": "confirm"}
    return diverged(at, cell=cell, seed=seed, **{**common, **values})


def failed(cell, seed):
    common = {"task": "t", "steps": BUDGET, "evaluate_every": EVERY, "stage": "confirm"}
    return trial_row(status="failed", error="x", cell=cell, seed=seed, steps_done=None, **common)


def value(results, measure):
    """The values by (cell, seed)."""
    frame = MEASURES[measure].values(results)
    return dict(zip(zip(frame["cell"], frame["seed"], strict=True), frame["score"], strict=True))


# ------------------------------------------------------------------ all of them


def test_the_schema_and_the_analysis_know_the_same_measures():
    assert list(MEASURES) == list(schema.MEASURES)
    assert all(measure.name == name for name, measure in MEASURES.items())


@pytest.mark.parametrize("name", [name for name in MEASURES if name != "score_at_flops"])
def test_every_seed_of_the_confirm_stage_has_a_value_within_the_bounds(results, name):
    frame = MEASURES[name].values(results)
    confirm = results.stage("confirm")
    keys = ["task", "cell", "seed"]
    assert list(frame.columns[: len(COLUMNS)]) == COLUMNS
    assert set(map(tuple, frame[keys].to_numpy())) == set(map(tuple, confirm[keys].to_numpy()))
    assert frame["score"].between(*MEASURES[name].bounds).all()
    table = by_measure(results, name)
    assert len(table) == 2 * 45
    assert (table["missing_a"] == 0).all()
    assert table["verdict"].isin(["equivalent", "different", "undecided"]).all()


@pytest.mark.parametrize("study", ["synthetic", "classics"])
def test_by_test_score_the_verdicts_are_those_of_the_report(results, study):
    results = results if study == "synthetic" else load(DOCS / study / "results", study)
    ours, theirs = by_measure(results, "test_score"), verdicts(results.trials, results.declaration)
    pd.testing.assert_frame_equal(ours[["task", "a", "b"]], theirs[["task", "a", "b"]])
    for column in ("verdict", "better", "value", "low", "high", "p_difference_holm", "why"):
        pd.testing.assert_series_equal(ours[column], theirs[column])


def test_a_sample_a_little_above_a_perfect_predictors_mean_is_compared_as_it_is():
    rows = [row("a", k, 0.99 + 0.004 * k) for k in range(6)] + [row("b", 9 + k, 0.97) for k in range(6)]
    assert by_measure(made(*rows), "test_score").iloc[0]["mean_a"] == pytest.approx(1.0)


def test_an_unknown_measure_names_the_nearest(results):
    with pytest.raises(InputError, match="Did you mean 'log_steps'"):
        by_measure(results, "log_step")


def test_a_study_may_declare_margins_of_its_own_and_scores_share_the_studys(results):
    margins = {name: m.margin_in(results.declaration) for name, m in MEASURES.items()}
    assert {margins[name] for name, unit in schema.MEASURES.items() if unit == "score"} == {0.05}
    assert (margins["solved"], margins["log_steps"]) == (0.2, 0.25)
    own = made(row("a", 1), row("b", 2), margin=0.1, margins={"area": 0.02, "log_steps": 1.0})
    margins = {name: m.margin_in(own.declaration) for name, m in MEASURES.items()}
    assert (margins["test_score"], margins["area"], margins["score_at_flops"]) == (0.1, 0.02, 0.1)
    assert (margins["log_steps"], margins["solved"]) == (1.0, 0.2)
    assert set(by_measure(own, "log_steps")["margin"]) == {1.0}


# ------------------------------------------------------------------ area


def test_the_area_is_the_mean_of_the_curve_and_a_divergence_is_0_from_there_on():
    results = made(
        *(row("a", 1), row("a", 2), lost("a", 3, 700), failed("b", 4), row("b", 5)),
        curves={
            ("a", 1): [0.2, 0.4, 0.6, 0.8],
            ("a", 2): [-3.0, 0.4, 0.6, 1.0],
            ("a", 3): [0.4, 0.8, 0.9],
            ("b", 5): [1.0, 1.0, 1.0, 1.0],
        },
    )
    expected = {("a", 1): 0.5, ("a", 2): 0.5, ("a", 3): 0.3, ("b", 4): 0.0, ("b", 5): 1.0}
    assert value(results, "area") == pytest.approx(expected)


def test_in_the_area_an_evaluation_counts_for_the_updates_before_it():
    results = made(row("a", 1, steps=600), row("b", 2, steps=600), curves={("a", 1): [1.0, 0.0]})
    points = pd.concat([results.curves, results.curves.tail(1).assign(step=600, valid_score=0.5)])
    points = pd.concat([points, points.assign(trial_id=results.trials["trial_id"][1])])
    areas = value(Results(**{**vars(results), "curves": points}), "area")
    assert areas == pytest.approx({("a", 1): (250 + 50) / 600, ("b", 2): (250 + 50) / 600})


def test_a_finished_seed_without_a_curve_has_no_area_and_the_verdict_says_so():
    rows = [row(cell, 10 * i + k) for i, cell in enumerate("ab") for k in range(3)]
    whole = {(r["cell"], r["seed"]): [0.5, 0.6, 0.7, 0.8] for r in rows}
    del whole["a", 1]
    found = by_measure(made(*rows, curves=whole), "area").iloc[0]
    assert (found["n_a"], found["missing_a"], found["n_b"], found["missing_b"]) == (2, 1, 3, 0)
    assert "without a value: 1 of 3 seeds of a, since its learning curve is not in the store" in found["why"]


# ------------------------------------------------------------------ steps to solve


def test_steps_to_solve_are_restricted_at_the_budget_and_no_seed_is_dropped():
    results = made(
        row("a", 1, solved=True, solved_step=250),
        row("a", 2, solved=True, solved_step=1000),
        row("a", 3, solved=False),
        lost("a", 4, 700),
        lost("b", 5, 700, solved=True, solved_step=500),
        failed("b", 6),
    )
    limit = np.log2(BUDGET)
    expected = {("a", 1): np.log2(250), ("a", 2): limit, ("a", 3): limit, ("a", 4): limit}
    assert value(results, "log_steps") == pytest.approx(expected | {("b", 5): np.log2(500), ("b", 6): limit})
    frame = MEASURES["log_steps"].values(results)
    assert set(zip(frame["low"], frame["high"], strict=True)) == {(np.log2(EVERY), limit)}


def test_the_mean_of_restricted_steps_is_the_area_under_the_kaplan_meier_curve():
    generator = np.random.default_rng(0)
    steps = np.sort(generator.integers(1, 7, 40)) * EVERY
    rows = [
        row("a", k, solved=bool(s <= BUDGET), solved_step=int(s) if s <= BUDGET else None)
        for k, s in enumerate(steps)
    ]
    mean = MEASURES["log_steps"].values(made(*rows, cells=("a",)))["score"].mean()
    edges = np.arange(EVERY, BUDGET + 1, EVERY)
    unsolved = [(steps > edge).mean() for edge in edges[:-1]]
    assert mean == pytest.approx(np.log2(EVERY) + np.dot(unsolved, np.diff(np.log2(edges))))


def test_steps_to_solve_come_with_the_log_rank_test(results):
    table = by_measure(results, "log_steps")
    told = table.set_index(["task", "a", "b"])["p_log_rank_holm"]
    assert told["adding", "lstm", "rnn"] < 0.01
    assert np.isnan(told["adding", "clockwork", "rnn"])  # no seed of either solved
    assert "p_log_rank" not in by_measure(results, "solved")


def test_the_cell_that_solves_sooner_is_better_although_its_number_is_lower():
    rows = [row("a", k, solved=True, solved_step=EVERY * (1 + k % 2)) for k in range(12)]
    rows += [row("b", 50 + k, solved=False) for k in range(12)]
    found = by_measure(made(*rows), "log_steps").iloc[0]
    assert (found["verdict"], found["better"]) == ("different", "a")
    assert found["value"] == pytest.approx(0.5 - 2)


# ------------------------------------------------------------------ fractions


def test_a_failed_trial_is_not_a_diverged_one_and_neither_has_solved():
    results = made(row("a", 1, solved=True, solved_step=500), row("a", 2), lost("b", 3, 500), failed("b", 4))
    assert value(results, "diverged") == {("a", 1): 0, ("a", 2): 0, ("b", 3): 1, ("b", 4): 0}
    assert value(results, "solved") == {("a", 1): 1, ("a", 2): 0, ("b", 3): 0, ("b", 4): 0}
    assert MEASURES["diverged"].better == "lower"


def test_newcombes_interval_is_the_published_one_and_that_of_statsmodels():
    cases = [(56, 70, 48, 80), (10, 10, 0, 20), (9, 10, 3, 10), (5, 5, 5, 5)]
    table = pd.DataFrame(
        [(a / n, n, b / m, m) for a, n, b, m in cases], columns=["mean_a", "n_a", "mean_b", "n_b"]
    )
    found = newcombe(table, confidence=0.95)
    assert found.loc[0, ["low", "high"]].tolist() == pytest.approx([0.0524, 0.3339], abs=5e-5)
    for (a, n, b, m), line in zip(cases, found.itertuples(), strict=True):
        theirs = confint_proportions_2indep(a, n, b, m, method="newcomb", compare="diff")
        assert (line.low, line.high) == pytest.approx(theirs)


def test_fractions_come_with_newcombes_interval(results):
    table = by_measure(results, "solved")
    assert (table["newcombe_low"] <= table["value"]).all()
    assert (table["newcombe_high"] >= table["value"]).all()
    assert "newcombe_low" not in by_measure(results, "test_score")


# ------------------------------------------------------------------ equal cost


def paced(*, slow=2.0, **values):
    """a takes 4 s for its budget, b twice as long; both of b's seeds are at 0.6 after half of its updates."""
    rows = [row("a", 1, pace=1.0), row("a", 2, pace=1.0), row("b", 3, pace=slow), row("b", 4, pace=slow)]
    rows = [r | values for r in rows]
    curves = {("a", 1): [0.1, 0.2, 0.5, 0.9], ("a", 2): [0.1, 0.2, 0.5, 0.7]}
    return rows, curves | {("b", 3): [0.5, 0.6, 0.9, 1.0], ("b", 4): [0.4, 0.6, 0.9, 1.0]}


def test_at_equal_seconds_the_slow_cell_is_asked_when_the_fast_one_is_done():
    rows, curves = paced()
    expected = {("a", 1): 0.9, ("a", 2): 0.7, ("b", 3): 0.6, ("b", 4): 0.6}
    assert value(made(*rows, curves=curves), "score_at_seconds") == pytest.approx(expected)
    rows, curves = paced(slow=1.6)  # 4 s lie half way between b's evaluations at 3.2 and 4.8 s
    assert value(made(*rows, curves=curves), "score_at_seconds")["b", 3] == pytest.approx(0.75)
    assert set(by_measure(made(*rows, curves=curves), "score_at_seconds")["limit"]) == {4.0}


def test_at_equal_seconds_a_seed_that_had_diverged_by_then_scores_0_and_a_later_one_does_not():
    rows, curves = paced()
    rows += [lost("b", 5, 300, pace=2.0), lost("b", 6, 900, pace=2.0), failed("b", 7)]
    curves |= {("b", 5): [0.5], ("b", 6): [0.5, 0.7, 0.9]}
    found = value(made(*rows, curves=curves), "score_at_seconds")
    assert (found["b", 5], found["b", 6], found["b", 7]) == pytest.approx((0.0, 0.7, 0.0))


def test_seconds_of_several_kinds_of_device_are_not_compared():
    rows, curves = paced()
    rows[0]["device"] = "gpu: another"
    found = by_measure(made(*rows, curves=curves), "score_at_seconds").iloc[0]
    assert (found["verdict"], found["n_a"], found["missing_a"]) == ("undecided", 0, 2)
    assert "ran on several kinds of device" in found["why"]


def test_at_equal_operations_each_step_costs_what_the_trial_counted():
    rows, curves = paced()
    flops = {"a": 100, "b": 400}
    rows = [r | {"step_flops": flops[r["cell"]]} for r in rows]
    results = made(*rows, curves=curves)
    expected = {("a", 1): 0.9, ("a", 2): 0.7, ("b", 3): 0.5, ("b", 4): 0.4}
    assert value(results, "score_at_flops") == pytest.approx(expected)
    assert set(by_measure(results, "score_at_flops")["limit"]) == {100 * BUDGET}


# ------------------------------------------------------------------ equal parameters


def searched(cell, sizes, valid, test, first=0, **values):
    """Search trials of a cell; distinct seeds from `first` on."""
    return [
        row(cell, first + i, t, stage="search", parameters=p, valid_score=v, **values)
        for i, (p, v, t) in enumerate(zip(sizes, valid, test, strict=True))
    ]


def test_confirmed_seeds_count_where_every_confirmed_size_is_within_the_smallest_cells_largest():
    search = [*searched("a", [100, 200], [0.1, 0.2], [0.1, 0.2]), *searched("b", [100, 196], [0, 0], [0, 0])]
    confirm = [row("a", 50, 0.7, parameters=199), row("b", 60, 0.8, parameters=100)]  # 199 <= 1.02 * 196
    results = made(*search, *confirm)
    assert value(results, "score_at_parameters") == pytest.approx({("a", 50): 0.7, ("b", 60): 0.8})
    assert by_measure(results, "score_at_parameters")["limit"].tolist() == [196.0]


def test_else_small_searches_within_that_size_are_compared_by_what_validation_chose():
    few = searched("b", [200] * 16, np.linspace(0.1, 0.85, 16), [0.3] * 16, first=100)
    many = searched("a", [100, 900] * 20, [0.5, 1.0] * 20, [0.4, 1.0] * 20)
    many[0] |= {"valid_score": 0.6, "test_score": 0.2}  # better on validation than its partner, worse on test
    confirm = [row("a", 500, 0.9, parameters=900), row("b", 600, 0.8, parameters=200)]
    results = made(*many, *few, *confirm)
    found = by_measure(results, "score_at_parameters").iloc[0]
    assert (found["limit"], found["trials_per_value"]) == (200.0, 2)  # an eighth of the 16 trials of b
    assert (found["n_a"], found["n_b"]) == (10, 8)
    assert found["mean_a"] == pytest.approx((0.2 + 9 * 0.4) / 10)
    assert "without a value" not in found["why"]
    seeds = MEASURES["score_at_parameters"].values(results).query("cell == 'b'")["seed"]
    assert seeds.tolist() == list(range(101, 116, 2))


def test_a_cell_that_was_never_that_small_is_not_compared():
    search = [
        *searched("a", [100] * 4, [0.1] * 4, [0.1] * 4),
        *searched("b", [300] * 4, [1] * 4, [1] * 4, 50),
    ]
    confirm = [row("a", 500, 0.9, parameters=100), row("b", 600, 0.8, parameters=300)]
    found = by_measure(made(*search, *confirm), "score_at_parameters").iloc[0]
    assert (found["verdict"], found["n_b"], found["missing_b"]) == ("undecided", 0, 1)
    assert "nothing was tried with so few parameters" in found["why"]


# ------------------------------------------------------------------ stores of earlier versions


@pytest.mark.parametrize("study", ["classics"])
def test_stores_that_did_not_count_operations_are_read_and_say_what_they_lack(study):
    results = load(DOCS / study / "results", study)
    assert results.trials["step_flops"].isna().all()
    assert results.declaration.margins == {}
    table = by_measure(results, "score_at_flops")
    assert (table["verdict"] == "undecided").all()
    assert table["why"].str.contains("step_flops").all()
    assert (by_measure(results, "score_at_seconds")["n_a"] > 0).any()
