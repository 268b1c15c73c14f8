"""Budget curves: equal to going through every subset, unbiased, and intervals that cover where they are given."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from stores import diverged, scored

from analysis.statistics.search.budget import budget, budgets, curve, ranked
from analysis.statistics.search.budget_verdicts import OUTCOMES, Pair, budget_verdicts
from analysis.statistics.search.selection import weights


def search(valid, test=None, *, cell="lstm", lost=0, first_seed=0):
    """Search trials with these validation and test scores; the last `lost` of them diverged."""
    test = valid if test is None else test
    names = {"task": "adding", "cell": cell, "stage": "search"}
    rows = [
        diverged(seed=first_seed + i, **names)
        if i >= len(valid) - lost
        else scored(v, seed=first_seed + i, **names) | {"test_score": t}
        for i, (v, t) in enumerate(zip(valid, test, strict=True))
    ]
    return pd.DataFrame(rows).astype({"valid_score": float, "valid_loss": float, "test_score": float})


def curves(trials, **arguments):
    """value by (quantity, k) of one cell's search."""
    table = budget(trials, generator=np.random.default_rng(0), **arguments)
    return table.set_index(["cell", "quantity", "k"]).sort_index()


def every_subset(valid, test, k):
    """Mean validation and test score of the selected trial over all subsets of k; ties share."""
    found = []
    for chosen in combinations(range(len(valid)), k):
        best = max(valid[i] for i in chosen)
        found.append((best, np.mean([test[i] for i in chosen if valid[i] == best])))
    return np.mean(found, axis=0)


VALID, TEST = [0.3, 0.9, 0.5, 0.9, 0.1, 0.7], [0.2, 0.8, 0.6, 0.9, 0.3, 0.5]


@pytest.mark.parametrize("k", range(1, 7))
def test_the_curves_are_means_over_every_subset(k):
    table = curves(search(VALID, TEST)).loc["lstm"]
    valid, test = every_subset(VALID, TEST, k)
    assert table.loc[("validation", k), "value"] == pytest.approx(valid)
    assert table.loc[("test", k), "value"] == pytest.approx(test)
    assert table.loc[("gap", k), "value"] == pytest.approx(valid - test)


def test_ties_on_validation_are_broken_by_its_loss_as_the_sweep_does():
    trials = search([0.9, 0.9], [0.2, 0.8])
    trials["valid_loss"] = [0.1, 0.2]
    assert curves(trials).loc[("lstm", "test", 2), "value"] == pytest.approx(0.2)


def test_a_diverged_trial_counts_0_and_is_selected_only_among_its_like():
    trials = search([-0.5, 0.0, 0.0], [-0.4, 0.0, 0.0], lost=2)
    table = ranked(trials)
    assert list(table["lost"]) == [True, True, False]
    assert list(table["place"]) == [0, 0, 1]
    assert (table[["validation", "test"]] == 0).all(axis=None)
    good = curves(search([0.6, 0.9, 0.9], [0.5, 0.9, 0.9], lost=2)).loc["lstm"]
    assert good.loc[("test", 1), "value"] == pytest.approx(0.5 / 3)
    assert good.loc[("test", 2), "value"] == pytest.approx(0.5 * 2 / 3)
    assert good.loc[("test", 3), "value"] == pytest.approx(0.5)
    assert (good["lost"] == 2).all()


def test_a_trial_that_diverged_after_a_good_evaluation_is_not_selected():
    trials = search([0.4, 0.95], [0.3, 0.9])
    trials.loc[1, ["status", "test_score"]] = ["diverged", np.nan]
    assert curves(trials).loc[("lstm", "test", 2), "value"] == pytest.approx(0.3)
    assert curves(trials).loc[("lstm", "validation", 2), "value"] == pytest.approx(0.4)


def test_the_estimate_is_unbiased_where_drawing_with_replacement_is_not():
    generator, n, ks = np.random.default_rng(1), 8, np.array([2, 4, 8])
    drawn = np.sort(generator.random((4000, n)), axis=1)
    ours = (drawn @ weights(np.arange(n), ks).T).mean(axis=0)
    r = np.arange(1, n + 1)
    theirs = np.mean([[((r / n) ** k - ((r - 1) / n) ** k) @ x for k in ks] for x in drawn], axis=0)
    truth = ks / (ks + 1)
    error = 3 * 0.3 / np.sqrt(4000)
    np.testing.assert_allclose(ours, truth, atol=error)
    assert (theirs < truth - error).all()


def test_long_searches_are_thinned_out_but_keep_both_ends():
    assert list(budgets(48)) == list(range(1, 49))
    assert list(budgets(50, 2)) == [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 50]
    assert list(budgets(1)) == [1]


def test_a_cell_with_fewer_trials_is_marked():
    trials = pd.concat([search(VALID), search(VALID[:4], cell="gru")])
    table = curves(trials)
    assert (table.loc["gru", "n"] == 4).all()
    assert table.loc["gru", "method"].str.contains("4 of 6 trials").all()
    assert not table.loc["lstm", "method"].str.contains(" of 6 trials").any()


def test_without_trials_there_is_nothing_to_say():
    none = search(VALID).iloc[:0]
    assert budget(none, generator=np.random.default_rng(0)).empty
    assert budget_verdicts(none, "lstm", margin=0.05, generator=np.random.default_rng(0)).empty


OTHER, OTHER_TEST = [0.8, 0.2, 0.95, 0.1, 0.4, 0.6], [0.75, 0.3, 0.9, 0.1, 0.45, 0.5]
DISTINCT = [0.3, 0.9, 0.5, 0.85, 0.1, 0.7]


def outcome(difference, margin=0.05):
    return "above" if difference > margin else "below" if difference < -margin else "within"


@pytest.mark.parametrize("k", range(1, 7))
def test_the_outcomes_of_paired_searches_are_shares_of_every_subset(k):
    trials = pd.concat([search(DISTINCT, TEST, cell="gru"), search(OTHER, OTHER_TEST)])
    found = []
    for chosen in combinations(range(6), k):
        a, b = max(chosen, key=lambda i: DISTINCT[i]), max(chosen, key=lambda i: OTHER[i])
        found.append(outcome(TEST[a] - OTHER_TEST[b]))
    table = budget_verdicts(trials, "lstm", margin=0.05, generator=np.random.default_rng(0))
    rows = table[table["k"] == k].set_index("outcome")
    for name in OUTCOMES:
        assert rows.loc[name, "value"] == pytest.approx(found.count(name) / len(found))
    assert rows["method"].str.contains("same settings").all()


@pytest.mark.parametrize("k", range(1, 6))
def test_the_outcomes_of_independent_searches_are_shares_of_every_pair_of_subsets(k):
    trials = pd.concat(
        [search(DISTINCT, TEST, cell="alias", first_seed=50), search(OTHER[:5], OTHER_TEST[:5])]
    )
    found = [
        outcome(TEST[max(x, key=lambda i: DISTINCT[i])] - OTHER_TEST[max(y, key=lambda i: OTHER[i])])
        for x in combinations(range(6), k)
        for y in combinations(range(5), k)
    ]
    table = budget_verdicts(trials, "lstm", margin=0.05, generator=np.random.default_rng(0))
    rows = table[table["k"] == k].set_index("outcome")
    for name in OUTCOMES:
        assert rows.loc[name, "value"] == pytest.approx(found.count(name) / len(found))
    assert rows["method"].str.contains("independent").all()
    assert (rows["n"] == 5).all()


def test_a_handful_of_trials_is_never_certain():
    same = pd.concat([search([0.9, 0.91, 0.92, 0.93], cell="gru"), search([0.9, 0.91, 0.92, 0.93])])
    table = budget_verdicts(same, "lstm", margin=0.05, generator=np.random.default_rng(0))
    within = table[table["outcome"] == "within"].set_index("k")
    assert (within["value"] == 1).all()
    assert (within["low"] < 0.7).all()
    assert within["low"].is_monotonic_decreasing


def smooth(generator, size):
    quality = generator.beta(2, 2, size)
    return quality, 0.03


def saturated(generator, size):
    u = generator.random(size)
    return np.where(u < 0.35, 1 - 0.01 * u, np.where(u < 0.85, 2 * u - 0.7, 0)), 0.01


def rare(generator, size):
    return np.where(generator.random(size) < 0.08, 0.9, 0.15), 0.02


@pytest.mark.parametrize(("kind", "n"), [(smooth, 48), (saturated, 12), (saturated, 48), (rare, 12)])
def test_the_intervals_cover_what_fresh_searches_would_reach(kind, n):
    """Also where the sample holds none of the rare good configurations."""
    generator, sims = np.random.default_rng(2), 80
    ks = np.unique([1, 2, n // 6, n // 3])

    def draw(size):
        quality, sd = kind(generator, size)
        noisy = [np.clip(quality + sd * generator.standard_normal(size), 0, 1) for _ in range(2)]
        return pd.DataFrame({"validation": noisy[0], "test": noisy[1]}).sort_values(
            "validation", ignore_index=True
        )

    big = draw(50_000)
    r = np.arange(1, len(big) + 1) / len(big)
    weight = np.stack([r**k - (r - 1 / len(big)) ** k for k in ks])
    truth = {"validation": weight @ big["validation"], "test": weight @ big["test"]}
    truth["gap"] = truth["validation"] - truth["test"]
    hits = {name: [] for name in truth}
    for _ in range(sims):
        sample = draw(n)
        for table in curve(sample.assign(place=range(n)), ks, generator, 0.95, 200):
            name = table["quantity"].iloc[0]
            hits[name].append((table["low"] <= truth[name] + 1e-9) & (truth[name] - 1e-9 <= table["high"]))
    for found in hits.values():
        assert np.mean(found, axis=0).min() >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / sims)


def test_there_is_no_interval_where_fewer_than_three_searches_fit():
    table = curves(search(np.linspace(0.1, 0.9, 12))).loc[("lstm", "test")]
    assert table.loc[:4, ["low", "high"]].notna().all(axis=None)
    assert table.loc[5:, ["low", "high"]].isna().all(axis=None)
    assert (table["low"].dropna() <= table["value"][:4]).all()


def test_the_shares_of_outcomes_are_covered():
    generator, n, ks, sims = np.random.default_rng(3), 24, np.array([1, 3, 8]), 120

    def draw(*size):
        """Two cells whose scores on the same settings are alike: validation and test of each."""
        quality = generator.random(size)
        noise = 0.1 * generator.standard_normal((4, *size))
        return np.clip(quality + noise, 0, 1)

    truth = []
    for k in ks:
        valid_a, test_a, valid_b, test_b = draw(20_000, k)
        one = np.take_along_axis(test_a, valid_a.argmax(axis=1)[:, None], 1)
        other = np.take_along_axis(test_b, valid_b.argmax(axis=1)[:, None], 1)
        truth.append([np.mean([outcome(d, 0.1) == name for d in (one - other)[:, 0]]) for name in OUTCOMES])
    hits = []
    for _ in range(sims):
        valid_a, test_a, valid_b, test_b = draw(n)
        sides = [
            pd.DataFrame({"seed": range(n), "place": valid.argsort().argsort(), "test": test})
            for valid, test in ((valid_a, test_a), (valid_b, test_b))
        ]
        table = Pair.of(*sides, 0.1).table(generator, 0.95, 32).set_index("k").loc[ks]
        low, high = (table[c].to_numpy().reshape(len(ks), 3) for c in ("low", "high"))
        hits.append((low <= truth) & (truth <= high))
    assert np.mean(hits, axis=0).min() >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / sims)
