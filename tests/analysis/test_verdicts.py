"""What a verdict promises: three words, the confirm stage alone, and never more than the data allow."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
from stores import declare, diverged, scored, trials_frame

from analysis.study.method import method
from analysis.study.verdicts import against, oriented, reference_cell, verdicts


def judge(scores, alpha=0.05, margin=0.05, rows=None, cells=None, **values):
    frame = trials_frame(scores, **values) if rows is None else rows
    cells = cells or tuple(dict.fromkeys(cell for cell, _ in scores))
    declaration = declare(frame.to_dict("records"), cells=cells, tasks=tuple(dict.fromkeys(frame["task"])))
    return verdicts(frame, dataclasses.replace(declaration, alpha=alpha, margin=margin))


def around(mean, spread=0.01, n=8):
    return (mean + spread * np.linspace(-1, 1, n)).tolist()


def one(a, b, **values):
    return judge({("a", "t"): a, ("b", "t"): b}, **values).iloc[0]


def test_means_inside_the_margin_with_little_spread_are_equivalent():
    row = one(around(0.90), around(0.905))
    assert (row.verdict, row.better) == ("equivalent", "")
    assert "lies within ±0.05" in row.why


def test_means_far_apart_are_different_and_the_better_one_is_named():
    row = one(around(0.5), around(0.9))
    assert (row.verdict, row.better) == ("different", "b")
    assert row.why.startswith("b better by 0.400 (90% interval")


def test_much_spread_is_undecided_not_equal():
    row = one(around(0.6, 0.3), around(0.62, 0.3))
    assert row.verdict == "undecided"
    assert row.p_difference > 0.5
    assert "reaches beyond ±0.05" in row.why


def test_a_detectable_difference_inside_the_margin_stays_equivalent_and_is_flagged():
    row = one(around(0.90, 0.002), around(0.91, 0.002))
    assert row.p_difference_holm < 0.001
    assert (row.verdict, row.detectable, row.better) == ("equivalent", True, "")
    assert "detectably better, within the margin" in row.why


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_seeds_are_undecided(n):
    table = judge({("a", "t"): around(0.9), ("b", "t"): around(0.9)[:n]}, cells=("a", "b"))
    assert table["verdict"].tolist() == ["undecided"]
    assert table["why"].iloc[0] == f"too few confirmed seeds: 8 of a, {n} of b; a test needs 2 a side"


def test_no_variance_on_either_side_does_not_crash_and_says_what_it_leaves_open():
    row = one([1.0] * 5, [1.0] * 5, test_sequences=1000)
    assert (row.verdict, row.ceiling, row.lumpy) == ("undecided", True, True)
    assert "5 of 5 at 1 leave room for a failure rate of up to 45%" in row.why
    assert row.seeds_to_decide == 54
    enough = one([1.0] * 64, [1.0] * 64, test_sequences=1000)
    assert enough.verdict == "equivalent"
    assert "64/64 and 64/64 solved, which leaves room for 6% failures by Wilson's 95% interval" in enough.why


def test_a_score_a_little_above_a_perfect_predictors_mean_is_taken():
    row = one(around(1.0), around(1.005))
    assert (row.verdict, row.lumpy) == ("equivalent", False)


def test_a_coarse_test_sample_leaves_equal_scores_undecided():
    assert one([1.0] * 3, [1.0] * 3, test_sequences=10).verdict == "undecided"


def test_below_the_ceiling_nothing_is_said_of_a_ceiling():
    assert not one(around(0.97, 0.001), around(0.97, 0.001)).ceiling


def test_diverged_trials_pull_their_cell_down():
    rows = [scored(s, cell=c, task="t", seed=k) for c in "ab" for k, s in enumerate(around(0.9))]
    healthy = judge({}, rows=pd.DataFrame(rows).assign(solved=False), cells=("a", "b")).iloc[0]
    rows[8:11] = [diverged(cell="b", task="t", seed=k) for k in range(3)]
    row = judge({}, rows=pd.DataFrame(rows).assign(solved=False), cells=("a", "b")).iloc[0]
    assert healthy.verdict == "equivalent"
    assert row.n_b == 8
    assert row.mean_b == pytest.approx(sum(around(0.9)[3:]) / 8)
    assert row.verdict == "undecided"


def test_the_search_stage_never_enters_a_verdict():
    confirm = trials_frame({("a", "t"): around(0.9), ("b", "t"): around(0.9)})
    search = trials_frame({("b", "t"): around(0.1)}, stage="search")
    alone = judge({}, rows=confirm, cells=("a", "b"))
    both = judge({}, rows=pd.concat([confirm, search], ignore_index=True), cells=("a", "b"))
    pd.testing.assert_frame_equal(alone, both)
    only = judge({}, rows=search, cells=("a", "b"))
    assert only["n_b"].tolist() == [0]


def test_every_pair_of_declared_cells_is_there_once_a_task(results):
    table = verdicts(results.trials, results.declaration)
    assert len(table) == 2 * 45
    assert set(table["pairs"]) == {45}
    assert table[["task", "a", "b"]].drop_duplicates().shape[0] == 90
    assert not table.isna().any(axis=None)


def test_the_known_truth_is_found_where_eight_seeds_can_tell(results):
    table = against(verdicts(results.trials, results.declaration), "lstm").set_index(["task", "cell"])
    standing = table["standing"]
    for cell in ("lstm_again", "peephole", "coupled", "gru", "nfg"):
        assert standing["adding", cell] == "equivalent"
    for task in ("adding", "temporal_order"):
        assert standing[task, "rnn"] == "worse"
    # All seeds of most cells score 1 there: no sign of a difference, and no proof of equality.
    for cell in ("lstm_again", "peephole", "coupled", "gru"):
        row = table.loc[("temporal_order", cell)]
        assert (row["standing"], row["lumpy"], row["bayes"]) == ("undecided", True, "undecided")
        assert row["seeds_to_decide"] > 100
    wrong = {("adding", "rnn"): "equivalent", ("temporal_order", "nfg"): "equivalent"}
    assert all(standing[key] != verdict for key, verdict in wrong.items())


def test_holm_makes_a_family_more_cautious_than_a_pair():
    few = {("a", "t"): around(0.9, 0.05), ("b", "t"): around(0.93, 0.05)}
    alone = judge(few).iloc[0]
    many = {**few, **{(f"c{k}", "t"): around(0.91, 0.05) for k in range(4)}}
    inside = judge(many).iloc[0]
    assert inside.p_difference == alone.p_difference
    assert inside.p_difference_holm > alone.p_difference_holm
    assert (alone.pairs, inside.pairs) == (1, 15)


def test_turned_round_a_pair_says_the_same():
    both = oriented(judge({("a", "t"): around(0.5), ("b", "t"): around(0.9, 0.02, n=5)})).set_index("cell")
    assert (both.loc["a", "standing"], both.loc["b", "standing"]) == ("worse", "better")
    assert both.loc["a", "value"] == -both.loc["b", "value"]
    assert both.loc["a", "low"] == -both.loc["b", "high"]
    assert (both.loc["a", "n_a"], both.loc["b", "n_a"]) == (8, 5)
    assert both.loc["a", "why"] == both.loc["b", "why"]
    assert both.loc["a", "posterior_a"] == both.loc["b", "posterior_b"] < 0.01 < both.loc["a", "posterior_b"]
    assert (both.loc["a", "tied_a"], both.loc["b", "tied_b"]) == (1, 1)


def test_the_reference_is_the_cell_with_the_alias_else_the_first(results):
    assert reference_cell(results.declaration) == "lstm"
    plain = dataclasses.replace(results.declaration, same=[], cells=["gru", "lstm"])
    assert reference_cell(plain) == "gru"


def test_a_fixed_number_of_seeds_says_which_failures_it_can_have_missed(analysed):
    declared, seeds = analysed.declaration, analysed.confirmed.groupby(["task", "cell"]).size().min()
    told = re.search(
        r"up to (\d+)% of trainings may fail unseen \((\d+) seeds", method(declared, analysed.verdicts)
    )
    assert int(told[2]) == seeds
    missed = (1 - int(told[1]) / 100) ** seeds  # so often do all seeds succeed at that rate
    assert missed == pytest.approx(declared.alpha, rel=0.01 * seeds)  # the rate is rounded to whole per cent
    assert "unseen" not in method(declared, analysed.verdicts.iloc[:0])
