"""Claims as code: each kind of test holds, fails and stays undecided where it should; the shipped page is theirs."""

import dataclasses
import functools
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from searches import results_of
from searches import searched as search
from shipped import of_docs
from stores import declare, trial_row, trials_frame

from analysis.claims import CLAIMS, Claim, evaluate, over_studies, whole
from analysis.claims.ahead import Ahead
from analysis.claims.pairwise import Pairwise
from analysis.claims.protocol import Protocol
from analysis.claims.shares import Less, Share
from analysis.claims.solving import Solves
from analysis.claims.statement import KINDS
from analysis.report.claims_page import page, read
from analysis.statistics.search.importance import REST
from analysis.study import shares
from analysis.study.results import Results, load
from analysis.study.tables import Analysed
from sweeps.errors import InputError
from sweeps.study_file import shipped

DOCS = Path(__file__).parents[2] / "docs"
PUBLISHED = sorted(path.parent for path in DOCS.glob("*/claims.csv"))


def around(mean, spread=0.01, n=8):
    return (mean + spread * np.linspace(-1, 1, n)).tolist()


def study(scores, margin=0.05, race=None, types=None):
    """Confirm seeds with these scores by (cell, task), and nothing else."""
    frame = trials_frame(scores)
    cells, tasks = (tuple(dict.fromkeys(key[i] for key in scores)) for i in (0, 1))
    declaration = declare(frame.to_dict("records"), cells=cells, tasks=tasks)
    declaration = dataclasses.replace(
        declaration, margin=margin, race=race or {}, arms=[list(arm) for arm in scores], different=[]
    )
    frame["task.type"] = frame["task"].map(types or {})
    return Analysed(Results(declaration=declaration, trials=frame, curves=pd.DataFrame(), left_out=0))


def claim(*tests, studies=("synthetic",), statement="It is so."):
    return Claim(statement=statement, source="s", found="f", studies=studies, checks=tests)


def status(test, scores):
    return {outcome.task: outcome.status for outcome in test(study(scores))}


def pair(cell, reference=0.9, spread=0.01, n=8):
    return {("lstm", "t"): around(reference, spread, n), ("gru", "t"): around(cell, spread, n)}


RACE = {"look": 8, "most": 128}


@pytest.mark.parametrize(("race", "n"), [(None, 8), (RACE, 128)], ids=["fixed", "race"])
@pytest.mark.parametrize(
    ("expects", "outcomes"),
    [  # of a cell that is far worse, the same, and far better
        ("equivalent", ["fails", "holds", "fails"]),
        ("worse", ["holds", "undecided", "fails"]),
        ("better", ["fails", "undecided", "holds"]),
        ("far worse", ["holds", "fails", "fails"]),
        ("far better", ["fails", "fails", "holds"]),
        ("not better", ["holds", "holds", "fails"]),
        ("not worse", ["fails", "holds", "holds"]),
    ],
)
def test_what_scores_say_depends_on_the_kind_of_statement(expects, outcomes, race, n):
    test = Pairwise(cells=("gru",), expects=expects)
    found = [test(study(pair(mean, 0.6, n=n), race=race))[0].status for mean in (0.3, 0.6, 0.9)]
    assert found == outcomes


def test_every_kind_of_statement_holds_and_fails_on_two_sides_of_a_border():
    """So that none can do both."""
    for kind in KINDS.values():
        turned = {("above" if side == "below" else "below", border) for side, border in kind.holds}
        assert turned == set(kind.fails)


def test_scattered_seeds_decide_nothing():
    for expects in KINDS:
        assert status(Pairwise(cells=("gru",), expects=expects), pair(0.7, 0.7, 0.3)) == {"t": "undecided"}


def test_a_small_difference_is_significant_and_refutes_no_equivalence():
    """Where a source says significantly worse, no margin is asked for, and being equivalent does not refute it."""
    scores = {("lstm", "t"): around(0.60, 0.02, n=40), ("gru", "t"): around(0.57, 0.02, n=40)}
    assert study(scores).verdicts["verdict"].item() == "equivalent"
    for expects, expected in (("worse", "holds"), ("equivalent", "holds"), ("far worse", "fails")):
        assert status(Pairwise(cells=("gru",), expects=expects), scores) == {"t": expected}


def test_a_difference_refutes_equivalence_when_it_is_beyond_the_margin():
    near, far = (
        {("lstm", "t"): around(0.6, 0.03, n=12), ("gru", "t"): around(mean, 0.03, n=12)}
        for mean in (0.66, 0.75)
    )
    assert study(near).verdicts["verdict"].item() == "different"
    assert status(Pairwise(cells=("gru",), expects="equivalent"), near) == {"t": "undecided"}
    assert status(Pairwise(cells=("gru",), expects="equivalent"), far) == {"t": "fails"}


def test_the_p_values_are_those_of_the_verdicts_and_the_e_values_those_of_its_grade():
    scores = pair(0.62, 0.6, 0.03, n=12)
    row = study(scores).verdicts.iloc[0]  # of lstm less gru
    better, equal = (
        Pairwise(cells=("gru",), expects=kind)(study(scores))[0].weight for kind in ("better", "equivalent")
    )
    assert better.p == pytest.approx(row["p_difference"])
    assert equal.p == pytest.approx(row["p_equivalence"])
    assert better.log_e == pytest.approx(row["log_e_worse"])
    assert equal.log_e == pytest.approx(row["log_e_equal"])


def test_tied_scores_have_the_p_values_of_the_verdicts_too():
    scores = {("lstm", "t"): [1.0] * 12, ("gru", "t"): [1.0] * 9 + [0.4] * 3}
    row = study(scores).verdicts.iloc[0]
    assert row["lumpy"]
    worse, equal = (
        Pairwise(cells=("gru",), expects=kind)(study(scores))[0].weight for kind in ("worse", "equivalent")
    )
    assert worse.p == pytest.approx(row["p_difference"])
    assert equal.p == pytest.approx(row["p_equivalence"])


def test_in_a_race_e_values_decide_also_of_pairs_that_it_did_not_compare():
    scores = {(c, "t"): around(m, 0.01, 64) for c, m in (("lstm", 0.6), ("peephole", 0.6), ("nfg", 0.3))}
    raced = study(scores, race=RACE, margin=0.1)
    (outcome,) = Pairwise(cells=("nfg",), reference="peephole", expects="worse")(raced)
    assert outcome.status == "holds"
    assert outcome.grade == "proven"
    assert math.isnan(outcome.weight.p)
    assert outcome.evidence.startswith("against peephole: shown for nfg (−0.300, e = ")
    (outcome,) = Pairwise(cells=("lstm",), reference="peephole", expects="equivalent")(raced)
    assert outcome.status == "holds"


def test_a_race_that_is_too_short_says_how_many_more_seeds_it_would_take():
    scores = pair(0.6, 0.6, n=16)
    (outcome,) = Pairwise(cells=("gru",), expects="equivalent")(study(scores, race=RACE, margin=0.1))
    assert outcome.status == "undecided"
    more = math.ceil(min(outcome.weight.more, outcome.weight.more_against))
    assert f"about {more} further seeds of each like these should decide it" in outcome.evidence
    longer = study(pair(0.6, 0.6, n=16 + more + 8), race=RACE, margin=0.1)
    assert Pairwise(cells=("gru",), expects="equivalent")(longer)[0].status == "holds"


def test_at_the_margin_no_number_of_seeds_is_promised():
    scores = {("lstm", "t"): [0.5, 0.7] * 8, ("gru", "t"): [0.4, 0.6] * 8}
    (outcome,) = Pairwise(cells=("gru",), expects="equivalent")(study(scores, margin=0.1))
    assert outcome.status == "undecided"
    assert "more seeds like these would not decide it" in outcome.evidence


def test_a_task_without_seeds_is_not_tested():
    scores = {("lstm", "t"): around(0.6), ("gru", "t"): around(0.6)} | {("lstm", "u"): around(0.6)}
    assert set(status(Pairwise(cells=("gru",), expects="equivalent"), scores)) == {"t"}


def test_not_to_be_ahead_by_the_margin_is_enough_not_to_be_better():
    scores = {("lstm", "t"): around(0.8, 0.05), ("gru", "t"): around(0.75, 0.06)}
    assert study(scores).verdicts["verdict"].item() == "undecided"
    assert status(Pairwise(cells=("gru",), expects="not better"), scores) == {"t": "holds"}
    assert status(Pairwise(cells=("gru",), expects="not better"), pair(0.82, 0.8, 0.2)) == {"t": "undecided"}


@pytest.mark.parametrize("race", [None, RACE], ids=["fixed", "race"])
def test_at_the_floor_nothing_is_said_of_the_cells(race):
    scores = pair(0.02, 0.02, 0.005)
    assert study(scores).verdicts["verdict"].item() == "equivalent"
    for expects in KINDS:
        (outcome,) = Pairwise(cells=("gru",), expects=expects)(study(scores, race=race))
        assert outcome.status == "undecided"
        assert "neither learnt anything" in outcome.evidence
        assert "more seeds like these would not" in outcome.evidence


def test_a_claim_of_several_cells_fails_with_one_and_holds_with_all():
    test = Pairwise(cells=("a", "b"), reference="lstm", expects="equivalent")
    scores = {("lstm", "t"): around(0.6), ("a", "t"): around(0.6), ("b", "t"): around(0.6)}
    assert status(test, scores) == {"t": "holds"}
    more = Pairwise(cells=("a", "b", "absent"), reference="lstm", expects="equivalent")
    assert status(more, scores) == {"t": "not tested"}
    failing = more(study(scores | {("b", "t"): around(0.3)}))[0]
    assert failing.status == "fails"
    assert failing.evidence.endswith("; 2 of 3 cells ran")
    assert status(test, scores | {("b", "t"): around(0.3)}) == {"t": "fails"}
    assert status(test, scores | {("b", "t"): around(0.6, 0.4)}) == {"t": "undecided"}
    evidence = test(study(scores | {("b", "t"): around(0.3)}))[0].evidence
    assert evidence == (
        "against lstm: contradicted by b (−0.300, p < 0.001 against); shown for a (0.000, p < 0.001); 8 seeds each"
    )


def test_what_contradicts_one_of_many_must_stand_a_correction():
    """As one cell of twenty comes out at 0.05 by chance."""
    scores = {("lstm", "t"): around(0.6, 0.05), ("a", "t"): around(0.43, 0.1)}
    assert status(Pairwise(cells=("a",), expects="equivalent"), scores) == {"t": "fails"}
    others = tuple(f"same{k}" for k in range(9))
    scores |= {(cell, "t"): around(0.6, 0.05) for cell in others}
    (outcome,) = Pairwise(cells=("a", *others), expects="equivalent")(study(scores))
    assert outcome.status == "undecided"
    alone = Pairwise(cells=("a",), expects="equivalent")(study(scores))[0].weight.against
    assert outcome.weight.against == pytest.approx(10 * alone)


def test_a_claim_is_tested_on_tasks_of_its_types_whatever_they_are_called():
    types = {"sums": "Adding", "order": "TemporalOrder", "adding": "CopyMemory"}
    scores = {(c, t): around(0.6) for c in ("lstm", "gru") for t in types}

    def tasks(**where):
        test = Pairwise(cells=("gru",), expects="equivalent", **where)
        return {outcome.task for outcome in test(study(scores, types=types))}

    assert tasks() == set(types)
    assert tasks(on=("Adding",)) == {"sums"}
    assert tasks(not_on=("Adding",)) == {"order", "adding"}


def test_on_some_tasks_is_less_than_on_each():
    scores = {("lstm", t): around(0.6) for t in "abc"}
    scores |= {("gru", "a"): around(0.3), ("gru", "b"): around(0.3), ("gru", "c"): around(0.6)}

    def found(least, scores):
        test = claim(Pairwise(cells=("gru",), expects="far worse", least=least))
        return whole(evaluate(study(scores), (test,)))["status"].item()

    assert [found(least, scores) for least in (1, 2, 3, 0)] == ["holds", "holds", "fails", "fails"]
    nowhere = scores | {("gru", "a"): around(0.6), ("gru", "b"): around(0.6)}
    assert [found(least, nowhere) for least in (1, 2)] == ["fails", "fails"]
    assert found(4, scores) == "not tested"


def test_a_measure_of_which_less_is_better_is_read_that_way():
    soon, late = ([{"solved_step": s + 10 * k} for k in range(8)] for s in (200, 1500))
    rows = [
        trial_row(cell=cell, task="t", seed=10 * i + k, solved=True, test_score=0.9, valid_score=0.9, **more)
        | {"steps": 2000, "evaluate_every": 100}
        for i, (cell, group) in enumerate((("lstm", late), ("gru", soon)))
        for k, more in enumerate(group)
    ]
    declaration = declare(rows, cells=("lstm", "gru"), tasks=("t",))
    analysed = Analysed(
        Results(declaration=declaration, trials=pd.DataFrame(rows), curves=pd.DataFrame(), left_out=0)
    )
    for expects, expected in (("better", "holds"), ("not better", "fails"), ("worse", "fails")):
        test = Pairwise(cells=("gru",), expects=expects, measure="log_steps")
        (outcome,) = test(analysed)
        assert outcome.status == expected
        assert "gru (−" in outcome.evidence


CELLS = ("lstm", "gru", "rnn", "nfg")


def explained(terms, **how):
    """A search of CELLS over learning rates of four decades."""
    options = {"cells": CELLS, "generator": np.random.default_rng(1), "noise": 0.1, "settings": 200}
    trials = search(terms, **(options | how))
    rates = trials["optimizer.learning_rate"] ** (4 / 3)
    return Analysed(results_of(trials.assign(**{"optimizer.learning_rate": rates})))


@pytest.fixture
def small_forests(monkeypatch):
    """Rough, but cheap."""
    monkeypatch.setattr(shares, "RESAMPLES", 8)
    monkeypatch.setattr(shares, "explain", functools.partial(shares.explain, trees=8))


@pytest.fixture
def explaining(small_forests):
    """Searches by what explains them."""
    terms = {
        "rate": {("learning rate",): 0.9, ("cell",): 0.1},
        "cell": {("learning rate",): 0.1, ("cell",): 0.8, ("input noise",): 0.1},
        "both": {("input noise",): 0.3, ("momentum (b1)",): 0.3, ("input noise", "momentum (b1)"): 0.4},
    }
    return {name: explained(shares) for name, shares in terms.items()}


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (Share(factor="learning rate", above=0.5, cells=CELLS), ["holds", None, "fails"]),
        (Less(factor="cell", other="learning rate", cells=CELLS), ["holds", "fails", None]),
        (Share(factor=REST, below=0.2, cells=CELLS), ["holds", None, "fails"]),
    ],
)
def test_shares_of_the_variance_hold_and_fail(test, expected, explaining):
    for name, wanted in zip(("rate", "cell", "both"), expected, strict=True):
        (outcome,) = test(explaining[name])
        assert wanted in (None, outcome.status), name
        assert "%" in outcome.evidence


def test_each_cell_is_taken_apart_for_itself_and_the_others_do_not_matter(explaining):
    """The share of the choice of cell grows with every cell that fails; what explains one cell's scores does not."""
    whole_search = explaining["both"]
    (all_four,) = Share(factor="learning rate", above=0.3, cells=CELLS)(whole_search)
    (two,) = Share(factor="learning rate", above=0.3, cells=("lstm", "gru"))(whole_search)
    first = all_four.evidence.split(", gru")[0]
    assert first.startswith("learning rate: lstm ")
    assert two.evidence.startswith(first)


def test_a_search_without_one_of_the_cells_can_not_show_it_of_all(explaining):
    (outcome,) = Share(factor="learning rate", above=0.5, cells=(*CELLS, "fgr"))(explaining["rate"])
    assert outcome.status == "not tested"
    (outcome,) = Share(factor="learning rate", above=0.5, cells=(*CELLS, "fgr"))(explaining["both"])
    assert outcome.status == "fails"


def test_learning_rates_of_a_narrow_range_decide_nothing_where_the_source_had_a_wide_one(small_forests):
    narrow = search(
        {("learning rate",): 0.9}, cells=CELLS, generator=np.random.default_rng(1), noise=0.1, settings=200
    )
    for wide, expected in ((True, "undecided"), (False, "holds")):
        test = Share(factor="learning rate", above=0.5, cells=CELLS, wide=wide)
        (outcome,) = test(Analysed(results_of(narrow)))  # three decades
        assert outcome.status == expected
    assert (
        "theirs over one of 10,000"
        in Share(factor="learning rate", above=0.5, cells=CELLS)(Analysed(results_of(narrow)))[0].evidence
    )


def test_a_share_at_the_border_is_undecided(explaining):
    rows = explaining["rate"].shares_of(CELLS, separately=True)
    border = float(rows[(rows["kind"] == "main effect") & (rows["factor"] == "learning rate")]["value"].max())
    (outcome,) = Share(factor="learning rate", above=border, cells=("lstm",))(explaining["rate"])
    assert outcome.status == "undecided"


def test_a_weak_model_decides_nothing(small_forests):
    (outcome,) = Share(factor="learning rate", below=0.99, cells=CELLS)(explained({}, noise=1.0))
    assert outcome.status == "undecided"
    assert "weak: the model predicts" in outcome.evidence


def halved(terms):
    """The same settings searched by halving: all train to update 300, a third of them to 900."""
    analysed = explained(terms)
    trials = analysed.results.trials
    on = trials.groupby("cell")["test_score"].rank(ascending=False) <= 67
    curves = pd.DataFrame({"trial_id": trials["trial_id"], "step": 300, "valid_score": trials["test_score"]})
    curves = curves.assign(valid_loss=0.1, valid_error=0.2, train_loss=0.1)
    rows = trials.assign(
        status=np.where(on, "finished", "stopped"),
        steps_done=np.where(on, 900, 300),
        test_score=np.where(on, 0.97, np.nan),
    )
    declaration = dataclasses.replace(analysed.declaration, sampler="halving")
    return Analysed(
        dataclasses.replace(analysed.results, declaration=declaration, trials=rows, curves=curves)
    )


def test_a_search_by_halving_is_taken_apart_at_its_first_rung_where_all_its_settings_are(small_forests):
    test = Share(factor="learning rate", above=0.5, cells=CELLS)
    terms = {("learning rate",): 0.9, ("cell",): 0.1}
    (plain,), (found,) = test(explained(terms)), test(halved(terms))
    assert found.status == "holds"
    assert found.weight.p == plain.weight.p
    assert found.evidence.endswith("by validation at the first rung, after 300 updates")


def test_a_search_that_is_not_random_says_that_it_can_not_test_what_asks_for_one():
    analysed = explained({("learning rate",): 0.9})
    declaration = dataclasses.replace(analysed.declaration, sampler="grid")
    grid = Analysed(dataclasses.replace(analysed.results, declaration=declaration))
    rows = evaluate(grid, (claim(Share(factor="learning rate", above=0.5, cells=CELLS)),))
    assert rows["status"].item() == "not tested"
    assert rows["evidence"].item().endswith("this study's settings were chosen by 'grid'")


def test_without_a_search_shares_are_not_tested():
    assert Share(factor="learning rate", above=0.5)(study(pair(0.9))) == []
    assert Less(factor="cell", other="learning rate")(study(pair(0.9))) == []


def searching(loss, n=200):
    generator = np.random.default_rng(3)
    means = {"peephole": 0.9, "cifg": 0.9, "nfg": 0.9 - loss}
    rows = [
        {
            **{"trial_id": f"{cell}/{k}", "stage": "search", "task": "t", "cell": cell, "seed": k},
            **{"status": "finished", "solved": False, "valid_score": score, "valid_loss": 1 - score},
            **{"test_score": score, "test_sequences": 2048},
        }
        for cell, mean in means.items()
        for k, score in enumerate(mean + 0.02 * generator.standard_normal(n))
    ]
    return Analysed(results_of(pd.DataFrame(rows), margin=0.05))


def test_their_protocol_holds_fails_and_stays_undecided():
    test = Protocol(losers=("nfg",))
    assert [o.status for o in test(searching(0.2))] == ["holds"]
    assert [o.status for o in test(searching(-0.08))] == ["fails"]  # significantly better
    assert [o.status for o in test(searching(0.0))] == ["undecided"]
    assert [o.status for o in test(searching(0.03, n=20))] == ["undecided"]
    assert test(searching(0.2, n=5)) == []  # the best tenth is one trial


def two_arms():
    """The LSTM solves the task, the plain RNN does not."""
    scores = {("lstm", "t"): around(0.99, 0.001), ("rnn", "t"): around(0.2)}
    frame = trials_frame(scores, steps=2000, batch=32)
    declaration = declare(frame.to_dict("records"), cells=("lstm", "rnn"), tasks=("t",))
    return Analysed(Results(declaration=declaration, trials=frame, curves=pd.DataFrame(), left_out=0))


def test_checks_of_named_arms_give_an_outcome_each_where_these_ran():
    checked = claim(Ahead("t", "lstm", "rnn"), Solves("t", "rnn"), Ahead("t", "lstm", "absent"))
    rows = evaluate(two_arms(), (checked,))
    assert list(zip(rows["task"], rows["status"], strict=True)) == [("t", "holds"), ("t", "fails")]
    assert checked.needs == "lstm on t, rnn on t and absent on t"


def test_a_claim_that_must_be_complete_is_not_tested_by_half():
    checks = (Ahead("t", "lstm", "rnn"), Ahead("t", "lstm", "absent"))
    rows = evaluate(two_arms(), (dataclasses.replace(claim(*checks), complete=True),))
    assert rows["status"].item() == "not tested"
    assert rows["evidence"].item() == "needs lstm on t, rnn on t and absent on t"


def test_what_a_claim_needs_are_the_arms_that_it_names_or_the_cells_of_another_check():
    checked = claim(Ahead("t", "lstm", "rnn"), Pairwise(cells=("gru",), expects="worse"))
    assert checked.needs == "lstm on t and rnn on t; or gru and lstm"


def test_a_claim_about_cells_that_are_not_there_says_what_it_needs():
    rows = evaluate(study({("a", "t"): around(0.9), ("b", "t"): around(0.9)}))
    assert set(rows["status"]) == {"not tested"}
    assert len(rows) == len(CLAIMS)
    assert rows["evidence"].str.startswith("needs ").all()
    told = dict(zip(rows["statement"], rows["evidence"], strict=True))
    assert told["The GRU is ahead of the LSTM, except in language modelling."] == "needs gru and lstm"
    assert (whole(rows)["status"] == "not tested").all()


def test_as_a_whole_a_claim_fails_with_one_task_and_names_its_tasks():
    test = claim(Pairwise(cells=("gru",), expects="equivalent"))
    scores = {("lstm", t): around(0.6) for t in ("a", "b", "c")} | {("gru", "a"): around(0.6)}
    for third, expected in ((around(0.6), "fails"), (around(0.6, 0.4), "fails")):
        rows = evaluate(study(scores | {("gru", "b"): around(0.2), ("gru", "c"): third}), (test,))
        (row,) = whole(rows).itertuples()
        assert (row.status, row.fails) == (expected, "b")
        assert row.holds == ("a and c" if third == around(0.6) else "a")
        assert row.undecided == ("" if third == around(0.6) else "c")
    rows = evaluate(study(scores | {("gru", "b"): around(0.6, 0.4)}), (test,))
    assert whole(rows)["status"].item() == "undecided"


def test_over_studies_no_evidence_is_left_out_and_what_is_missing_is_said():
    test = Pairwise(cells=("gru",), expects="equivalent")
    good, bad = study(pair(0.6, 0.6)), study(pair(0.2, 0.6))
    other = Pairwise(cells=("rnn",), expects="worse")
    claims = (claim(test, studies=("one",)), claim(other, studies=("two", "three"), statement="That too."))
    tables = [evaluate(good, claims).assign(study="one"), evaluate(bad, claims).assign(study="four")]
    found = whole(over_studies(tables, claims))
    assert list(found["status"]) == ["fails", "not tested"]
    assert list(found["studies"]) == ["one, four", ""]
    alone = over_studies(tables[:1], claims)
    assert list(alone["status"]) == ["holds", "not tested"]
    assert alone["evidence"].iloc[1] == "needs the results of two and three: rnn and lstm"


@pytest.mark.parametrize("each", CLAIMS, ids=lambda claim: claim.statement)
def test_every_claim_is_well_formed(each):
    assert each.statement.endswith(".")
    assert each.source
    assert each.found
    assert each.checks
    assert set(each.studies) <= set(shipped())
    for test in (*each.checks, *each.beside):
        assert test.needs
        assert test.says
        if isinstance(test, Pairwise):
            assert test.expects in KINDS
            assert test.reference not in test.cells
        if isinstance(test, Share):
            assert 0 <= test.above < test.below <= 1
            assert not math.isclose(test.below - test.above, 1)


def test_there_are_a_dozen_claims_and_more_and_no_two_say_the_same():
    assert len(CLAIMS) >= 12
    assert len({claim.statement for claim in CLAIMS}) == len(CLAIMS)


SHIPPED = ("quick", "classics", "comparable", "real", "attend", "odyssey", "frontier_lag", "languages")


def of_forests(claim):
    """Whether it rests on a forest, which takes long to grow."""
    return any(isinstance(check, Share | Less) for check in claim.checks)


def saved(folder, claims):
    """The published rows of these claims."""
    (table,) = read([folder])
    mine = table[table["statement"].isin([claim.statement for claim in claims])]
    return mine.drop(columns="claim").reset_index(drop=True)


def recomputed(study, claims):
    return evaluate(study, claims).drop(columns="claim")


def test_the_shipped_studies_have_published_their_claims():
    assert {folder.name for folder in PUBLISHED} == set(SHIPPED)


def test_the_page_on_claims_is_what_the_published_studies_say():
    assert page([DOCS / name for name in SHIPPED]) == (DOCS / "claims.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", PUBLISHED, ids=lambda folder: folder.name)
def test_a_published_table_of_claims_is_what_the_shipped_results_say(folder):
    """But for what rests on a forest: the next two tests."""
    claims = [claim for claim in CLAIMS if not of_forests(claim)]
    found = recomputed(of_docs(folder.name), claims)
    pd.testing.assert_frame_equal(found, saved(folder, claims), check_dtype=False)


@pytest.mark.parametrize("name", ["quick", "classics"])
def test_the_published_shares_of_the_variance_of_a_small_study_are_what_its_results_say(name):
    claims = [claim for claim in CLAIMS if of_forests(claim)]
    found = recomputed(of_docs(name), claims)
    pd.testing.assert_frame_equal(found, saved(DOCS / name, claims), check_dtype=False)


def test_the_published_shares_of_the_variance_of_a_large_study_are_what_its_first_task_says(monkeypatch):
    """Forests do not depend on each other, so that the first task alone gives its numbers again."""
    results = load(DOCS / "comparable" / "results", "comparable")
    first, drawn = results.declaration.tasks[0], results.drawn
    monkeypatch.setattr(Results, "drawn", drawn[drawn["task"] == first])
    claims = [claim for claim in CLAIMS if of_forests(claim)]
    published = saved(DOCS / "comparable", claims)
    published = published[published["task"] == first].reset_index(drop=True)
    assert len(published) == len(claims) == 4
    pd.testing.assert_frame_equal(recomputed(Analysed(results), claims), published, check_dtype=False)


def test_a_folder_without_a_table_of_claims_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"There is no .*claims\.csv"):
        page([tmp_path])
