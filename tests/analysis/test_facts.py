"""Published facts: each check holds, fails and stays undecided where it should."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint
from stores import trial_row

from analysis.claims import CLAIMS, evaluate, whole
from analysis.claims.ahead import Ahead, NotAhead, Sooner
from analysis.claims.claim import Claim
from analysis.claims.classic_facts import FACTS, FORGET_BIAS
from analysis.claims.evaluation import facts
from analysis.claims.published import AtBaseline, TimesAsLong
from analysis.claims.solving import Can, Generalises, Solves, majority
from analysis.claims.weight import status as status_of
from analysis.study.results import TOLERANCE, Results
from analysis.study.tables import Analysed
from experiments.tasks import contract
from sweeps.store.declaration import Declaration
from sweeps.study_file import load_study, shipped


def runs(*groups):
    """Confirm rows from (task, cell, [solved step or None], further columns)."""
    rows = []
    for task, cell, steps, columns in groups:
        for i, step in enumerate(steps):
            extra = {name: values[i] for name, values in columns.items()}
            rows.append(
                trial_row(
                    task=task, cell=cell, seed=i, solved=step is not None, solved_step=step, sequences=6400
                )
                | {"batch": 32, "steps": 200, "test_sequences": 512, "tolerance": TOLERANCE}
                | extra
            )
    return pd.DataFrame(rows)


def test_rows_that_do_not_say_when_a_task_is_solved_have_the_share_that_training_always_had():
    assert contract.TOLERANCE == TOLERANCE


@pytest.mark.parametrize(
    ("solved", "n", "status"),
    [
        (8, 8, "holds"),
        (7, 8, "holds"),
        (6, 8, "undecided"),
        (4, 8, "undecided"),
        (1, 8, "fails"),
        (0, 8, "fails"),
    ],
)
def test_most_seeds_means_that_wilsons_interval_lies_above_one_half(solved, n, status):
    weight = majority(pd.Series([True] * solved + [False] * (n - solved)))
    assert status_of(weight) == status
    low, high = proportion_confint(solved, n, alpha=0.05, method="wilson")
    assert (weight.p <= 0.05, weight.against <= 0.05) == (low > 0.5, high < 0.5)


def test_solving_tells_seeds_and_sequences_and_never_is_its_contrary():
    frame = runs(("adding", "lstm", [10, 20, 30, 40, 50, 60, 70, None], {}))
    check = Solves("adding", "lstm").judge(frame)
    assert check.status == "holds"
    assert check.evidence == ("lstm on adding: 7 of 8 seeds within 6,400 sequences, median 1,440")
    assert Solves("adding", "lstm", never=True).judge(frame).status == "fails"
    nothing = runs(("adding", "rnn", [None] * 8, {}))
    assert Solves("adding", "rnn", never=True).judge(nothing).status == "holds"


def test_one_seed_shows_that_a_task_can_be_solved_and_refutes_that_it_can_not():
    once, nothing = runs(("adding", "lstm", [10, *[None] * 7], {})), runs(("adding", "lstm", [None] * 8, {}))
    few = runs(("adding", "lstm", [None] * 3, {}))
    assert [Can("adding", "lstm").judge(frame).status for frame in (once, nothing)] == ["holds", "undecided"]
    never = Can("adding", "lstm", never=True)
    assert [never.judge(frame).status for frame in (once, nothing, few)] == ["fails", "holds", "undecided"]


def test_generalising_counts_seeds_that_are_right_on_longer_sequences():
    wrong = [0.0, 0.001, 0.009, 0.0, 0.0, 0.0, 0.005, 0.3]
    frame = runs(("an_bn", "lstm", [10] * 8, {"test_error_x10": wrong}))
    assert Generalises("an_bn", "lstm", 10).judge(frame).status == "holds"
    assert "7 of 8 seeds" in Generalises("an_bn", "lstm", 10).judge(frame).evidence
    one, none = frame.assign(test_error_x10=[0.0, *[0.3] * 7]), frame.assign(test_error_x10=0.3)
    assert [Can("an_bn", "lstm", 10).judge(rows).status for rows in (one, none)] == ["holds", "undecided"]
    never = Can("an_bn", "lstm", 10, never=True)
    assert [never.judge(rows).status for rows in (one, none)] == ["fails", "holds"]
    diverged = frame.assign(test_error_x10=np.nan)
    assert Generalises("an_bn", "lstm", 10).judge(diverged).status == "fails"


@pytest.mark.parametrize(
    ("baseline", "status"), [(0.5, "holds"), (0.6, "fails"), (0.4, "fails"), (0.52, "undecided")]
)
def test_a_mean_is_at_the_baseline_when_its_whole_interval_is(baseline, status):
    losses = {"test_loss": [0.49, 0.5, 0.51, 0.5], "baseline_loss": [baseline] * 4}
    frame = runs(("copy", "lstm", [None] * 4, losses))
    check = AtBaseline("copy", "lstm").judge(frame)
    assert check.status == status
    assert check.evidence == (
        f"lstm on copy after 6,400 sequences: test loss 0.5 (0.487 to 0.513), baseline {baseline} ± 5%"
    )
    assert AtBaseline("copy", "lstm", within=0.3).judge(frame).status == "holds"


def test_ahead_is_welchs_test_and_a_diverged_seed_scores_zero():
    frame = runs(
        ("gts", "peephole", [10] * 5, {"test_score": [0.9, 0.92, 0.91, 0.9, 0.93]}),
        ("gts", "lstm", [None] * 5, {"test_score": [0.1, 0.12, 0.11, np.nan, -3.0]}),
    )
    assert Ahead("gts", "peephole", "lstm").judge(frame).status == "holds"
    assert Ahead("gts", "lstm", "peephole").judge(frame).status == "fails"
    assert "lstm 0.066" in Ahead("gts", "peephole", "lstm").judge(frame).evidence
    same = frame.assign(test_score=1.0)
    assert Ahead("gts", "peephole", "lstm").judge(same).status == "undecided"
    total = frame.assign(test_score=(frame["cell"] == "peephole").astype(float))
    assert Ahead("gts", "peephole", "lstm").judge(total).status == "holds"
    longer = same.assign(test_score_x2=frame["test_score"])
    assert Ahead("gts", "peephole", "lstm", "test_score_x2").judge(longer).status == "holds"


def test_not_ahead_needs_somebody_who_learnt_something():
    scores = {"a": [0.9, 0.905, 0.91, 0.895], "b": [0.91, 0.9, 0.905, 0.895], "c": [0.1, 0.12, 0.11, 0.09]}
    frame = runs(*(("msd", cell, [10] * 4, {"test_score": values}) for cell, values in scores.items()))
    assert NotAhead("msd", "a", "b").judge(frame).status == "holds"
    assert NotAhead("msd", "a", "c").judge(frame).status == "fails"
    assert NotAhead("msd", "c", "a").judge(frame).status == "holds"
    nothing = frame.assign(test_score=-1.0)
    assert NotAhead("msd", "a", "b").judge(nothing).status == "undecided"
    noisy = frame.assign(test_score=[0.1, 0.9, 0.2, 0.8] * 3)
    assert NotAhead("msd", "a", "b").judge(noisy).status == "undecided"


def test_failed_seeds_have_not_solved_and_leave_a_mean_undecided():
    frame = runs(("adding", "lstm", [None] * 8, {"test_loss": [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, np.nan]}))
    frame = frame.assign(status="failed", sequences=np.nan)
    assert Solves("adding", "lstm").judge(frame).status == "fails"
    outcome = AtBaseline("adding", "lstm", within=1.0).judge(frame)
    assert outcome.status == "undecided"
    assert outcome.evidence.endswith("1 seeds without a test loss")


def test_the_median_counts_unsolved_seeds_as_later_than_all():
    frame = runs(("adding", "lstm", [10, 20, None, None, None], {}))
    assert (
        Solves("adding", "lstm")
        .judge(frame)
        .evidence.endswith("2 of 5 seeds within 6,400 sequences, median beyond")
    )


def test_sooner_counts_unsolved_seeds_as_last():
    frame = runs(
        ("lag", "bias1", [100, 110, 120, 130, 140, 150], {}),
        ("lag", "bias0", [300, 310, None, None, 280, 290], {}),
    )
    assert Sooner("lag", "bias1", "bias0").judge(frame).status == "holds"
    assert Sooner("lag", "bias0", "bias1").judge(frame).status == "fails"
    lost = runs(("lag", "bias1", [100, 110, 120, 130, 140, None], {}), ("lag", "bias0", [None] * 6, {}))
    assert Sooner("lag", "bias1", "bias0").judge(lost).status == "holds"
    never = runs(("lag", "bias1", [None] * 6, {}), ("lag", "bias0", [None] * 6, {}))
    assert Sooner("lag", "bias1", "bias0").judge(never).status == "undecided"


@pytest.mark.parametrize(("ratio", "status"), [(10, "holds"), (100, "fails"), (1, "fails")])
def test_a_ratio_of_sequences_is_held_against_the_published_one(ratio, status):
    short, long = [100, 110, 105, 95, 100, 102], [1000, 1050, 990, 1010, 1000, 980]
    frame = runs(("three", "lstm", long, {}), ("two", "lstm", short, {}))
    check = TimesAsLong("three", "two", "lstm", ratio).judge(frame)
    assert check.status == status
    assert "9.9 times as many" in check.evidence
    lost = runs(("three", "lstm", [None] * 6, {}), ("two", "lstm", short, {}))
    assert TimesAsLong("three", "two", "lstm", 10).judge(lost).status == "undecided"


def fact(*checks, beside=()):
    return Claim(
        statement="S.",
        source="Anon 2000",
        found="100 %",
        studies=(),
        checks=checks,
        beside=beside,
        reason="Because.",
        complete=True,
    )


def test_a_fact_fails_with_one_check_and_is_not_tested_without_its_arms():
    frame = runs(("adding", "lstm", [10] * 8, {}), ("adding", "rnn", [None] * 8, {}))
    declaration = Declaration(study="s", doc="", cells=["lstm", "rnn"], tasks=["adding"])
    study = Analysed(Results(declaration=declaration, trials=frame, curves=frame, left_out=0))
    good, bad = Solves("adding", "lstm"), Solves("adding", "rnn")
    table = facts(
        study,
        [fact(good), fact(good, bad), fact(Solves("copy", "lstm")), fact(good, Solves("adding", "gru"))],
    )
    assert list(table["status"]) == ["holds", "fails", "not tested", "not tested"]
    assert list(table["reason"]) == ["", "Because.", "", ""]
    assert table["measured"].iloc[2] == "needs lstm on copy"
    (row,) = facts(study, [fact(good, beside=(bad,))]).itertuples()
    assert row.status == "holds"
    assert "rnn on adding: 0 of 8" in row.measured
    (row,) = facts(study, [fact(Generalises("adding", "lstm", 7))]).itertuples()
    assert row.status == "not tested"


def test_a_claim_and_a_fact_that_are_one_say_the_same_of_the_same_runs():
    assert FORGET_BIAS in CLAIMS
    assert FORGET_BIAS in FACTS["classics"]
    frame = runs(
        ("adding_100", "lstm", [100, 110, 120, 130, 140, 150], {}),
        ("adding_100", "lstm_bias0", [300, 310, 290, 320, 280, 330], {}),
        *(("lag_noise", cell, [None] * 6, {}) for cell in ("lstm", "lstm_bias0")),
    )
    declaration = Declaration(
        study="s", doc="", cells=["lstm", "lstm_bias0"], tasks=["adding_100", "lag_noise"]
    )
    study = Analysed(Results(declaration=declaration, trials=frame, curves=frame, left_out=0))
    (fact,) = facts(study, [FORGET_BIAS]).itertuples()
    claim = whole(evaluate(study, [FORGET_BIAS])).iloc[0]
    assert fact.status == claim["status"] == "undecided"
    assert "more seeds like these would not" in claim["evidence"]


def test_facts_name_arms_that_their_study_has():
    assert set(FACTS) <= set(shipped())
    for name, claims in FACTS.items():
        arms = {(task, cell) for cell, _, task, _ in load_study(name).study.arms()}
        assert {
            arm for claim in claims for check in (*claim.checks, *claim.beside) for arm in check.arms
        } <= arms
        assert all(c.statement.endswith(".") and c.source and c.found and c.complete for c in claims)
