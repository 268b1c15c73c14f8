"""Importance: the decomposition is exact, finds known shares, tells how sure it is, and is not fooled by noise."""

import itertools

import numpy as np
import pandas as pd
import pytest
from searches import COLUMNS, results_of
from searches import searched as search

from analysis.statistics.search import factors
from analysis.statistics.search.anova import effects
from analysis.statistics.search.factors import factor, searched
from analysis.statistics.search.forest import grow
from analysis.statistics.search.importance import MAIN, PAIR, REST, explain, halved, importance
from analysis.statistics.search.marginals import EVERY, marginals
from analysis.statistics.search.pedanova import pedanova
from analysis.study import shares as whole_study
from analysis.study.shares import explained
from analysis.study.tables import Analysed

pytestmark = pytest.mark.slow

ADDITIVE = {("learning rate",): 0.55, ("hidden size",): 0.1, ("input noise",): 0.05, ("cell",): 0.3}
TOGETHER = {("learning rate",): 0.5, ("hidden size",): 0.1, ("cell",): 0.2, ("learning rate", "cell"): 0.2}
CELLS = tuple(f"c{k}" for k in range(8))


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Few resamples."""
    monkeypatch.setattr(whole_study, "RESAMPLES", 4)


def analysed(terms, *, seed=0, resamples=12, trees=16, cells=CELLS, **searching):
    generator = np.random.default_rng(seed)
    trials = search(terms, cells=cells, generator=generator, **searching)
    table, found = searched(trials, trials["test_score"])
    return explain(table, found, generator=generator, resamples=resamples, trees=trees)


def shares(explained):
    table = importance(explained)
    return table.set_index(
        table["factor"].where(table["kind"] != PAIR, table["factor"] + "*" + table["other"])
    )


# ------------------------------------------------------------------ the decomposition


def test_the_decomposition_is_that_of_the_forests_predictions_on_the_whole_grid():
    generator = np.random.default_rng(0)
    sizes, labels = (5, 4, 3), 2
    grid = [np.arange(5.0)[:, None], np.arange(4.0)[:, None], np.eye(3)]
    codes = np.column_stack([generator.integers(k, size=200) for k in sizes])
    score = generator.uniform(size=200) + codes[:, 0] * codes[:, 1] / 8 + (codes[:, labels] == 1)
    forest = grow(codes, score, np.arange(200), grid, generator=generator, trees=7, leaf=2)
    f = np.zeros(sizes)
    for x in itertools.product(*(range(k) for k in sizes)):
        here = np.prod([inside[:, k] for inside, k in zip(forest.inside, x, strict=True)], axis=0)
        assert here.sum() == forest.trees == 14  # one leaf a tree
        f[x] = forest.values @ here
    found = effects(forest)
    assert found.mean == pytest.approx(f.mean())
    assert found.variance == pytest.approx(f.var(), rel=1e-4)
    for j in range(3):
        others = tuple(i for i in range(3) if i != j)
        np.testing.assert_allclose(found.main[j], f.mean(axis=others) - f.mean(), atol=1e-9)
    for (j, k), pair in found.pair.items():
        (other,) = {0, 1, 2} - {j, k}
        expected = f.mean(axis=other) - f.mean() - found.main[j][:, None] - found.main[k]
        np.testing.assert_allclose(pair, expected, atol=1e-9)
    total = found.shares()
    assert total[:6].sum() <= 1
    assert total[6] == pytest.approx(1 - total[:3].sum())


def test_a_forest_predicts_the_mean_of_its_leaves_as_scikit_learn_does():
    generator = np.random.default_rng(1)
    codes = generator.integers(6, size=(100, 2))
    score = codes[:, 0] + generator.uniform(size=100)
    forest = grow(codes, score, np.arange(100), [np.arange(6.0)[:, None]] * 2, generator=generator, leaf=1)
    assert effects(forest).mean == pytest.approx(score.mean(), abs=0.3)
    assert forest.explained > 0.9


def test_out_of_bag_means_never_seen_with_these_settings():
    """Every setting has its own level and nothing else matters: seen settings are predictable, new ones are not."""
    generator = np.random.default_rng(2)
    level, settings = generator.uniform(size=40), np.repeat(np.arange(40), 10)
    codes = np.column_stack([generator.permutation(40)[settings], np.tile(np.arange(10), 40)])
    grid = [np.arange(40.0)[:, None], np.eye(10)]
    honest = grow(codes, level[settings], settings, grid, generator=generator)
    fooled = grow(codes, level[settings], np.arange(400), grid, generator=generator)
    assert fooled.explained > 0.8
    assert honest.explained < 0.2


# ------------------------------------------------------------------ known shares


@pytest.mark.parametrize("terms", [ADDITIVE, TOGETHER])
def test_known_shares_are_found(terms):
    found = np.mean(
        [shares(analysed(terms, seed=s, resamples=2, noise=0.3))["value"] for s in range(3)], axis=0
    )
    table = shares(analysed(terms, resamples=2)).assign(value=found)
    for names in [(n,) for n in (*COLUMNS, "cell")] + [
        ("learning rate", "cell"),
        ("input noise", "hidden size"),
    ]:
        key = "*".join(names) if "*".join(names) in table.index else "*".join(names[::-1])
        assert table.loc[key, "value"] == pytest.approx(terms.get(names, 0.0), abs=0.07), names
    rest = sum(share for names, share in terms.items() if len(names) > 1)
    assert table.loc[table["kind"] == REST, "value"].iloc[0] == pytest.approx(rest, abs=0.1)


def test_many_cells_are_one_factor():
    table = shares(analysed({("cell",): 1.0}, cells=tuple(f"c{k}" for k in range(14)), resamples=2))
    assert table.loc["cell", "value"] > 0.9
    assert (table["factor"] == "cell").sum() == 1


def test_main_effects_agree_with_optunas_functional_anova():
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    generator = np.random.default_rng(4)
    x = generator.uniform(size=(400, 3))
    y = np.sqrt(0.6) * np.sqrt(12) * (x[:, 0] - 0.5) - np.sqrt(0.3) * np.sqrt(5) * (
        6 * x[:, 1] ** 2 - 6 * x[:, 1] + 1
    )
    y += np.sqrt(0.1) * 12 * (x[:, 0] - 0.5) * (x[:, 2] - 0.5)
    names = ["a", "b", "c"]
    kinds = {name: optuna.distributions.FloatDistribution(0, 1) for name in names}
    study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(params=dict(zip(names, row, strict=True)), distributions=kinds, value=v)
            for row, v in zip(x.tolist(), y.tolist(), strict=True)
        ]
    )
    theirs = optuna.importance.FanovaImportanceEvaluator(n_trees=16, max_depth=8, seed=0).evaluate(study)
    trials = pd.DataFrame(x, columns=[f"optimizer.{n}" for n in names]).assign(
        task="t", cell="c", status="finished"
    )
    table, found = searched(trials, y)
    ours = shares(explain(table, found, generator=generator, resamples=2))
    value = ours.loc[names, "value"].to_dict()
    truth = {"a": 0.6, "b": 0.3, "c": 0.0}
    assert value == pytest.approx(theirs, abs=0.08)
    assert value == pytest.approx(truth, abs=0.05)
    assert sum(abs(value[n] - truth[n]) for n in names) < sum(abs(theirs[n] - truth[n]) for n in names)


# ------------------------------------------------------------------ intervals and marks


def test_intervals_cover_the_known_shares():
    hits = {}
    for s in range(14):
        table = shares(analysed(ADDITIVE, seed=100 + s, resamples=8, noise=0.5, settings=40))
        for name in ("learning rate", "cell", "hidden size"):
            row = table.loc[name]
            hits.setdefault(name, []).append(row["low"] <= ADDITIVE[(name,)] <= row["high"])
            assert row["low"] <= row["value"] <= row["high"]
    assert np.mean(list(hits.values())) >= 0.85


def test_more_settings_give_narrower_intervals():
    few, many = (
        shares(analysed(ADDITIVE, settings=n, noise=0.5, resamples=20)).loc["learning rate"]
        for n in (24, 120)
    )
    assert many["high"] - many["low"] < 0.8 * (few["high"] - few["low"])


def test_pure_noise_is_marked_and_a_real_effect_is_not():
    marked = [analysed({}, seed=s, resamples=1, noise=1.0, settings=24).told for s in range(10)]
    assert not any(told["meaningful"] for told in marked)
    assert np.mean([told["explained"] for told in marked]) < 0.05
    assert importance(analysed({}, resamples=2, noise=1.0, settings=24))["method"].str.contains("weak").all()
    real = analysed(ADDITIVE, resamples=2, noise=0.5)
    assert real.told["meaningful"]
    assert not importance(real)["method"].str.contains("weak").any()


def test_halves_hold_whole_settings_and_as_many_of_every_size():
    generator = np.random.default_rng(5)
    settings = np.r_[np.repeat(np.arange(20), 14), np.arange(20, 40)]
    for _ in range(20):
        half = halved(settings, generator)
        kept = pd.Series(settings[half]).value_counts()
        assert sorted(kept) == [1] * 10 + [14] * 10


# ------------------------------------------------------------------ the policy


def test_diverged_trials_are_rows_with_score_zero():
    trials = search(ADDITIVE, cells=CELLS, generator=np.random.default_rng(6), diverges=0.2)
    _, curves = frames = explained(results_of(trials))
    lost = int((trials["status"] == "diverged").sum())
    assert lost > 50
    for frame in frames:
        assert (frame["lost"] == lost).all()
        assert (frame["n"] == len(trials)).all()
    mean = trials["test_score"].fillna(0).mean()
    every = curves[(curves["cell"] == EVERY) & (curves["factor"] == "learning rate")]
    assert every["value"].mean() == pytest.approx(mean, abs=0.03)


def test_few_trials_one_score_and_no_search_are_told_instead_of_analysed():
    generator = np.random.default_rng(7)
    trials = search(ADDITIVE, cells=CELLS[:2], generator=generator, settings=20)
    reasons = {}
    for name, part in {"few": trials.iloc[:20], "equal": trials.assign(test_score=1.0)}.items():
        table, found = searched(part.reset_index(drop=True), part.reset_index(drop=True)["test_score"])
        told = explain(table, found, generator=generator)
        frame = importance(told)
        assert frame["value"].isna().all()
        assert not frame["meaningful"].any()
        assert marginals(told).empty
        reasons[name] = frame["method"].iloc[0]
    assert "fewer than 30 trials" in reasons["few"]
    assert reasons["equal"] == "none: all trials score the same"
    for frame in explained(results_of(trials.assign(stage="confirm"))):
        assert frame.empty


def test_a_setting_that_some_cells_lack_is_left_out_by_name():
    trials = search(ADDITIVE, cells=CELLS, generator=np.random.default_rng(8))
    trials.loc[trials["cell"] == "c3", "cell.noise"] = np.nan
    table, _ = explained(results_of(trials))
    row = table[table["factor"] == "input noise"]
    assert list(row["method"]) == ["none: not every cell has this setting"]
    assert row["value"].isna().all()
    assert not table.loc[table["factor"] != "input noise", "value"].isna().any()


def test_an_alias_counts_as_its_cell():
    trials = search(ADDITIVE, cells=("lstm", "lstm_again", "gru"), generator=np.random.default_rng(9))
    _, curves = explained(results_of(trials, same=[["lstm", "lstm_again"]]))
    assert set(curves["cell"]) == {EVERY, "lstm", "gru"}


def test_the_same_results_give_the_same_numbers():
    results = results_of(search(ADDITIVE, cells=CELLS[:3], generator=np.random.default_rng(10)))
    for first, again in zip(explained(results), explained(results), strict=True):
        pd.testing.assert_frame_equal(first, again)


def test_a_study_grows_its_forests_once_for_shares_and_curves(monkeypatch):
    study = Analysed(results_of(search(ADDITIVE, cells=CELLS[:3], generator=np.random.default_rng(10))))
    assert (study.shares["value"] > 0).any()
    monkeypatch.setattr(whole_study, "by_task", None)
    assert len(study.marginals)
    assert study.shares is study.shares


# ------------------------------------------------------------------ factors


def test_factors_are_the_settings_that_vary_within_a_cell_and_the_cell():
    trials = search(ADDITIVE, cells=CELLS[:3], generator=np.random.default_rng(11))
    trials["cell.layers"] = np.where(trials["cell"] == "c0", 2, 1)
    trials["steps"] = 1000
    trials["test_score_x2"] = trials["test_score"] / 2
    trials["run_seconds"] = np.arange(len(trials), dtype=float)
    table, found = searched(trials, trials["test_score"])
    assert [f.name for f in found] == ["learning rate", "hidden size", "input noise", "momentum (b1)", "cell"]
    assert [f.scale for f in found] == ["log", "levels", "linear", "linear", "labels"]
    assert table["setting"].nunique() == 48


def test_a_field_inside_layers_and_the_same_field_outside_are_one_factor():
    trials = search(ADDITIVE, cells=CELLS[:2], generator=np.random.default_rng(12))
    bare = trials["cell"] == "c0"
    trials["cell.hidden"] = trials["cell.cell.hidden"].where(bare)
    trials["cell.cell.hidden"] = trials["cell.cell.hidden"].where(~bare)
    table, found = searched(trials, trials["test_score"])
    assert [f.name for f in found].count("hidden size") == 1
    assert table["hidden size"].notna().all()


def test_two_fields_of_one_name_keep_their_paths():
    assert factors.readable(["optimizer.decay", "task.decay", "cell.zone_out"]) == {
        "optimizer.decay": "optimizer, decay",
        "task.decay": "task, decay",
        "cell.zone_out": "zone out",
    }


def test_a_grid_point_stands_for_the_values_around_it():
    values = pd.Series(np.geomspace(1e-4, 1e-1, 200))
    rate = factor("learning rate", values)
    assert rate.scale == "log"
    np.testing.assert_allclose(np.asarray(rate.points)[rate.codes(values)], values, rtol=0.12)
    assert set(rate.codes(values)) == set(range(factors.BINS))
    kind = factor("kind", pd.Series(["a", "b", None, "a"]))
    assert kind.points == ("a", "b")
    np.testing.assert_array_equal(kind.encoded(), np.eye(2))
    assert factor("flag", pd.Series([True, False, True])).scale == "labels"


def test_the_seeds_of_a_grid_are_settings_of_their_own():
    rows = [(r, s) for r in (0.001, 0.01, 0.1) for s in range(8)]
    trials = pd.DataFrame(rows, columns=["optimizer.learning_rate", "seed"]).assign(
        task="t", cell="lstm", status="finished"
    )
    table, found = searched(trials, np.linspace(0, 1, 24))
    assert table["setting"].nunique() == 24
    assert found[0].scale == "levels"


# ------------------------------------------------------------------ curves


def test_curves_follow_the_known_mean_of_each_cell():
    terms = {("learning rate",): 0.7, ("cell",): 0.3}
    generator = np.random.default_rng(13)
    trials = search(terms, cells=CELLS, generator=generator, settings=100, noise=0.3)
    table, found = searched(trials, trials["test_score"])
    curves = marginals(explain(table, found, generator=generator, resamples=10))
    rates = curves[curves["factor"] == "learning rate"]
    u = (np.log10(rates["at"]) + 4) / 3
    level = (np.arange(8) ** 2 - 17.5) / np.std(np.arange(8) ** 2)
    own = dict(zip(CELLS, np.sqrt(0.3) * level, strict=True)) | {EVERY: 0.0}
    truth = 0.5 + 0.1 * (np.sqrt(0.7) * -np.sqrt(5) * (6 * u * u - 6 * u + 1) + rates["cell"].map(own))
    assert np.abs(rates["value"] - truth).mean() < 0.03
    inside = (rates["low"] <= truth) & (truth <= rates["high"])
    assert inside.mean() > 0.6
    assert (rates["low"] <= rates["value"]).all()
    assert (rates["value"] <= rates["high"]).all()
    assert rates["scale"].eq("log").all()


# ------------------------------------------------------------------ large tables


def test_pedanova_finds_what_decides_who_is_among_the_best():
    generator = np.random.default_rng(14)
    trials = search(ADDITIVE, cells=CELLS, generator=generator, settings=80, noise=0.3, diverges=0.1)
    table, found = searched(trials, trials["test_score"].fillna(0))
    rows = pedanova(table, found, generator=generator, resamples=6).set_index("factor")
    assert rows["value"].sum() == pytest.approx(1)
    assert set(rows.index) == {f.name for f in found}
    assert (
        rows.loc[["learning rate", "cell"], "value"].min()
        > rows.loc[["input noise", "momentum (b1)"], "value"].max()
    )
    assert (rows["low"] <= rows["value"]).all()
    assert (rows["value"] <= rows["high"]).all()
    assert (rows["high"] - rows["low"] > 0).all()
    assert rows["kind"].eq(MAIN).all()
    assert rows["method"].str.startswith("PED-ANOVA").all()


def test_large_tables_are_left_to_pedanova_and_their_curves_to_a_part(monkeypatch):
    monkeypatch.setattr(whole_study, "LARGE", 300)
    monkeypatch.setattr(whole_study, "PART", 200)
    trials = search(ADDITIVE, cells=CELLS, generator=np.random.default_rng(15), settings=40)
    table, curves = explained(results_of(trials))
    assert set(table["kind"]) == {MAIN}
    assert table["n"].eq(320).all()
    assert 150 < curves["n"].iloc[0] <= 200
