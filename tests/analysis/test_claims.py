"""Claims as code: each kind of test holds, fails and stays undecided where it should; the shipped page is theirs."""

import dataclasses
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from searches import results_of
from searches import searched as search
from stores import declare, trial_row, trials_frame

from analysis.claims import CLAIMS, Claim, evaluate, over_studies, whole
from analysis.claims.checks import Ahead, Solves
from analysis.claims.pairwise import MEANING, Pairwise, meaning
from analysis.claims.protocol import Protocol
from analysis.claims.shares import Interactions, Less, Share
from analysis.report.claims_page import page
from analysis.study import shares
from analysis.study.results import Results, load
from analysis.study.tables import Analysed
from sweeps.errors import InputError
from sweeps.study_file import shipped

DOCS = Path(__file__).parents[2] / "docs"
PUBLISHED = sorted(path.parent for path in DOCS.glob("*/claims.csv"))


def around(mean, spread=0.01, n=8):
    return (mean + spread * np.linspace(-1, 1, n)).tolist()


def study(scores, margin=0.05):
    """Confirm seeds with these scores by (cell, task), and nothing else."""
    frame = trials_frame(scores)
    cells, tasks = (tuple(dict.fromkeys(key[i] for key in scores)) for i in (0, 1))
    declaration = declare(frame.to_dict("records"), cells=cells, tasks=tasks)
    return Analysed(Results(declaration=declaration, trials=frame, curves=pd.DataFrame(), left_out=0))


def claim(*tests, studies=("synthetic",), statement="It is so."):
    return Claim(statement=statement, source="s", found="f", studies=studies, checks=tests)


def status(test, scores):
    return {outcome.task: outcome.status for outcome in test(study(scores))}


def pair(cell, reference=0.9, spread=0.01, n=8):
    return {("lstm", "t"): around(reference, spread, n), ("gru", "t"): around(cell, spread, n)}


@pytest.mark.parametrize(
    ("expects", "worse", "same", "better"),
    [
        ("equivalent", "fails", "holds", "fails"),
        ("worse", "holds", "fails", "fails"),
        ("better", "fails", "fails", "holds"),
        ("different", "holds", "fails", "holds"),
        ("not better", "holds", "holds", "fails"),
    ],
)
def test_what_a_verdict_says_depends_on_what_is_expected(expects, worse, same, better):
    test = Pairwise(cells=("gru",), expects=expects)
    assert [status(test, pair(mean, 0.6))["t"] for mean in (0.3, 0.6, 0.9)] == [worse, same, better]


def test_scattered_seeds_decide_nothing():
    for expects in ("equivalent", "worse", "better", "different"):
        assert status(Pairwise(cells=("gru",), expects=expects), pair(0.7, 0.7, 0.3)) == {"t": "undecided"}


def test_a_difference_below_the_margin_does_not_refute_equivalence():
    scores = {("lstm", "t"): around(0.90, 0.02, n=40), ("gru", "t"): around(0.947, 0.04, n=40)}
    assert status(Pairwise(cells=("gru",), expects="different"), scores) == {"t": "holds"}
    assert status(Pairwise(cells=("gru",), expects="equivalent"), scores) == {"t": "undecided"}


def test_a_difference_refutes_equivalence_when_all_of_its_interval_is_beyond_the_margin():
    near, far = (
        {("lstm", "t"): around(0.6, 0.03, n=12), ("gru", "t"): around(mean, 0.03, n=12)}
        for mean in (0.66, 0.75)
    )
    assert study(near).verdicts["verdict"].item() == "different"
    assert status(Pairwise(cells=("gru",), expects="equivalent"), near) == {"t": "undecided"}
    assert status(Pairwise(cells=("gru",), expects="equivalent"), far) == {"t": "fails"}


def test_a_difference_within_the_margin_is_neither_better_nor_worse():
    scores = {("lstm", "t"): around(0.6, 0.06, n=60), ("gru", "t"): around(0.57, 0.06, n=60)}
    row = study(scores).verdicts.iloc[0]
    assert -row["margin"] < row["low"] < row["high"] < row["margin"]
    assert status(Pairwise(cells=("gru",), expects="worse"), scores)["t"] != "holds"


def test_a_task_without_seeds_is_not_tested():
    scores = {("lstm", "t"): around(0.6), ("gru", "t"): around(0.6)} | {("lstm", "u"): around(0.6)}
    assert set(status(Pairwise(cells=("gru",), expects="equivalent"), scores)) == {"t"}


def test_not_to_be_ahead_by_the_margin_is_enough_not_to_be_better():
    scores = {("lstm", "t"): around(0.8, 0.05), ("gru", "t"): around(0.75, 0.06)}
    table = study(scores).verdicts.iloc[0]
    assert table["verdict"] == "undecided"
    assert -table["low"] < 0.05  # of lstm less gru
    assert status(Pairwise(cells=("gru",), expects="not better"), scores) == {"t": "holds"}
    assert status(Pairwise(cells=("gru",), expects="not better"), pair(0.82, 0.8, 0.2)) == {"t": "undecided"}


def test_a_cell_that_is_a_little_worse_is_not_better():
    """Worse, and by less than the margin: with many pairs Holm may show the one and not the other."""
    row = study(pair(0.57, 0.6)).verdicts.iloc[0].to_dict()
    row |= {"verdict": "different", "margin": 0.05, "low": -0.045, "high": -0.005}
    found = {s: meaning("not better", SimpleNamespace(**row, standing=s)) for s in ("worse", "better")}
    assert found == {"worse": "holds", "better": "undecided"}
    assert meaning("worse", SimpleNamespace(**row, standing="worse")) == "undecided"


def test_equal_at_the_floor_says_nothing_of_the_cells():
    scores = pair(0.02, 0.02, 0.005)
    assert study(scores).verdicts["verdict"].item() == "equivalent"
    for expects in MEANING:
        assert status(Pairwise(cells=("gru",), expects=expects), scores) == {"t": "undecided"}
        apart = {("lstm", "t"): around(0.02, 0.04), ("gru", "t"): around(0.01, 0.04)}
        assert status(Pairwise(cells=("gru",), expects=expects), apart) == {"t": "undecided"}
    outcome = Pairwise(cells=("gru",), expects="equivalent")(study(scores))[0]
    assert "neither learnt anything" in outcome.evidence


def test_a_claim_of_several_cells_fails_with_one_and_holds_with_all():
    test = Pairwise(cells=("a", "b"), reference="lstm", expects="equivalent")
    scores = {("lstm", "t"): around(0.6), ("a", "t"): around(0.6), ("b", "t"): around(0.6)}
    assert status(test, scores) == {"t": "holds"}
    more = Pairwise(cells=("a", "b", "absent"), reference="lstm", expects="equivalent")
    assert status(more, scores) == {}
    failing = more(study(scores | {("b", "t"): around(0.3)}))[0]
    assert failing.status == "fails"
    assert failing.evidence.endswith("; 2 of 3 cells ran")
    assert status(test, scores | {("b", "t"): around(0.3)}) == {"t": "fails"}
    assert status(test, scores | {("b", "t"): around(0.6, 0.4)}) == {"t": "undecided"}
    evidence = test(study(scores | {("b", "t"): around(0.3)}))[0].evidence
    assert evidence == "against lstm: worse: b (−0.300); equivalent: a (0.000)"


def test_a_claim_is_tested_on_its_tasks_alone():
    scores = {(c, t): around(0.6) for c in ("lstm", "gru") for t in ("adding_50", "order", "copy")}
    assert set(status(Pairwise(cells=("gru",), expects="equivalent"), scores)) == {
        "adding_50",
        "order",
        "copy",
    }
    assert set(status(Pairwise(cells=("gru",), expects="equivalent", on=("adding",)), scores)) == {
        "adding_50"
    }
    assert set(status(Pairwise(cells=("gru",), expects="equivalent", not_on=("adding",)), scores)) == {
        "order",
        "copy",
    }


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
        assert [outcome.status for outcome in test(analysed)] == [expected]


@pytest.fixture(scope="module")
def explaining():
    """Searches by what explains them; few resamples, so that intervals are rough but cheap."""
    terms = {
        "rate": {("learning rate",): 0.9, ("cell",): 0.1},
        "cell": {("learning rate",): 0.1, ("cell",): 0.9},
        "both": {("learning rate",): 0.2, ("cell",): 0.1, ("learning rate", "cell"): 0.7},
    }
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shares, "RESAMPLES", 6)
        found = {
            name: Analysed(
                results_of(
                    search(
                        shares,
                        cells=("lstm", "gru", "rnn", "nfg"),
                        generator=np.random.default_rng(1),
                        noise=0.1,
                    )
                )
            )
            for name, shares in terms.items()
        }
        for analysed in found.values():
            assert len(analysed.shares)
    return found


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (Share(factor="learning rate", above=0.5), ["holds", "fails", "fails"]),
        (Share(factor="cell", below=0.5), ["holds", "fails", None]),
        (Less(factor="cell", other="learning rate"), ["holds", "fails", None]),
        (Interactions(below=0.2), ["holds", "holds", "fails"]),
    ],
)
def test_shares_of_the_variance_hold_and_fail(test, expected, explaining):
    for name, wanted in zip(("rate", "cell", "both"), expected, strict=True):
        (outcome,) = test(explaining[name])
        assert wanted in (None, outcome.status), name
        assert "%" in outcome.evidence


def test_a_share_whose_interval_holds_the_border_is_undecided(explaining):
    (row,) = [
        r for r in explaining["rate"].shares.itertuples() if (r.kind, r.factor) == ("main effect", "cell")
    ]
    border = (row.low + row.high) / 2
    assert row.low < border < row.high
    assert Share(factor="cell", above=border)(explaining["rate"])[0].status == "undecided"


def test_a_weak_model_decides_nothing():
    noise = search({}, cells=("lstm", "gru"), generator=np.random.default_rng(0), noise=1.0)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shares, "RESAMPLES", 4)
        (outcome,) = Share(factor="learning rate", below=0.99)(Analysed(results_of(noise)))
    assert outcome.status == "undecided"
    assert "weak: the model predicts" in outcome.evidence


def test_without_a_search_shares_are_not_tested():
    assert Share(factor="learning rate", above=0.5)(study(pair(0.9))) == []
    assert Interactions(below=0.2)(study(pair(0.9))) == []
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
    assert [o.status for o in test(searching(0.0))] == ["fails"]  # no room for a loss of the margin
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
    assert told["The GRU is equivalent to the LSTM."] == "needs gru and lstm"
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
        if isinstance(test, Pairwise):
            assert test.expects in MEANING
            assert test.reference not in test.cells
        if isinstance(test, Share):
            assert 0 <= test.above < test.below <= 1
            assert not math.isclose(test.below - test.above, 1)


def test_there_are_a_dozen_claims_and_more_and_no_two_say_the_same():
    assert len(CLAIMS) >= 12
    assert len({claim.statement for claim in CLAIMS}) == len(CLAIMS)


def of_forests(claim):
    """Whether it rests on a forest, which takes long to grow."""
    return any(isinstance(check, Share | Less | Interactions) for check in claim.checks)


def saved(folder, claims):
    """The published rows of these claims."""
    table = pd.read_csv(folder / "claims.csv", keep_default_na=False)
    mine = table[table["statement"].isin([claim.statement for claim in claims])]
    return mine.drop(columns="claim").reset_index(drop=True)


def recomputed(study, claims):
    return evaluate(study, claims).drop(columns="claim")


def test_the_shipped_studies_have_published_their_claims():
    assert {"quick", "classics", "comparable"} == {folder.name for folder in PUBLISHED}


def test_the_page_on_claims_is_what_the_published_studies_say():
    order = [DOCS / name for name in ("quick", "classics", "comparable")]
    assert page(order) == (DOCS / "claims.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", PUBLISHED, ids=lambda folder: folder.name)
def test_a_published_table_of_claims_is_what_the_shipped_results_say(folder):
    """But for what rests on a forest: the next two tests."""
    claims = [claim for claim in CLAIMS if not of_forests(claim)]
    found = recomputed(Analysed(load(folder / "results", folder.name)), claims)
    pd.testing.assert_frame_equal(found, saved(folder, claims), check_dtype=False)


@pytest.mark.parametrize("name", ["quick", "classics"])
def test_the_published_shares_of_the_variance_of_a_small_study_are_what_its_results_say(name):
    claims = [claim for claim in CLAIMS if of_forests(claim)]
    found = recomputed(Analysed(load(DOCS / name / "results", name)), claims)
    pd.testing.assert_frame_equal(found, saved(DOCS / name, claims), check_dtype=False)


def test_the_published_shares_of_the_variance_of_a_large_study_are_what_its_first_task_says(monkeypatch):
    """Tasks are taken apart one after the other with one generator, so that the first alone gives its numbers again."""
    results = load(DOCS / "comparable" / "results", "comparable")
    first, whole_search = results.declaration.tasks[0], shares.by_task
    monkeypatch.setattr(
        shares, "by_task", lambda table, *others: whole_search(table[table["task"] == first], *others)
    )
    claims = [claim for claim in CLAIMS if of_forests(claim)]
    published = saved(DOCS / "comparable", claims)
    published = published[published["task"] == first].reset_index(drop=True)
    assert len(published) == len(claims) == 4
    pd.testing.assert_frame_equal(recomputed(Analysed(results), claims), published, check_dtype=False)


def test_a_folder_without_a_table_of_claims_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"There is no .*claims\.csv"):
        page([tmp_path])
