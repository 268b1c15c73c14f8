"""The words follow from the verdicts and what stands beside them, and from nothing else."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from searches import results_of
from searches import searched as search
from stores import declare, trials_frame

from analysis.claims import evaluate
from analysis.report import finding_notes
from analysis.report.finding import finding
from analysis.report.terminal import verdict_text
from analysis.report.undecided import undecided
from analysis.study import shares
from analysis.study.results import Results
from analysis.study.tables import Analysed

pytestmark = pytest.mark.slow


def around(mean, spread=0.01, n=8):
    return (mean + spread * np.linspace(-1, 1, n)).tolist()


def of(frame, declaration):
    return Analysed(Results(declaration=declaration, trials=frame, curves=pd.DataFrame(), left_out=0))


def study(scores):
    frame = trials_frame(scores)
    cells, tasks = (tuple(dict.fromkeys(key[i] for key in scores)) for i in (0, 1))
    return of(frame, declare(frame.to_dict("records"), cells=cells, tasks=tasks))


def told(scores, claims=()):
    analysed = study(scores)
    return finding(analysed, evaluate(analysed, claims))


def test_the_headline_counts_what_the_verdicts_say():
    words = told(
        {
            ("lstm", "t"): around(0.9),
            ("gru", "t"): around(0.905),
            ("rnn", "t"): around(0.2),
            ("best", "t"): around(0.99),
            ("loose", "t"): around(0.9, 0.3),
        }
    )
    assert words.headline == (
        "Of 4 cells compared with lstm, 1 is equivalent to it on the task (within ±0.05), 1 is worse and 1 is better; "
        "1 of 4 comparisons is undecided."
    )
    assert words.details == [
        "Equivalent on the task: gru.",
        "Worse: rnn on t.",
        "Better: best on t.",
    ]
    assert [(one.count, one.where) for one in words.undecided] == [(1, "t: loose")]
    assert words.tasks["t"][0] == "lstm scores 0.900 on average over 8 seeds."
    assert words.tasks["t"][1] == "Equivalent within ±0.05: gru (+0.005)."
    assert words.tasks["t"][3].startswith("Worse: rnn by 0.700 (90% interval 0.69")


def test_with_other_scores_the_words_are_others():
    words = told({("lstm", "t"): around(0.2), ("gru", "t"): around(0.9)})
    assert (
        "none is equivalent to it on the task (within ±0.05), none is worse and 1 is better."
        in words.headline
    )
    assert words.details == ["Better: gru on t."]
    assert words.undecided == []


def test_cells_that_ran_on_some_tasks_alone_are_compared_there_and_nowhere_else():
    frame = trials_frame(
        {
            ("lstm", "s"): around(0.9),
            ("gru", "s"): around(0.9),
            ("lstm", "t"): around(0.9),
            ("rnn", "t"): around(0.1),
            ("rnn", "u"): around(0.1),
        }
    )
    arms = [["lstm", "s"], ["gru", "s"], ["lstm", "t"], ["rnn", "t"], ["rnn", "u"]]
    declaration = declare(frame.to_dict("records"), cells=("lstm", "gru", "rnn"), tasks=("s", "t", "u"))
    declaration = dataclasses.replace(declaration, arms=arms, same=[], different=[])
    analysed = of(frame, declaration)
    table = analysed.verdicts
    assert list(zip(table["task"], table["a"], table["b"], strict=True)) == [
        ("s", "lstm", "gru"),
        ("t", "lstm", "rnn"),
    ]
    words = finding(analysed, evaluate(analysed, ()))
    assert words.headline == (
        "Of 2 cells compared with lstm, 1 is equivalent to it on every task that both ran on (within ±0.05), 1 is "
        "worse on every task that both ran on and none is better."
    )
    assert words.details == ["Equivalent on every task that both ran on: gru.", "Worse: rnn on t."]
    text = verdict_text(table, declaration)
    assert "gru" in text
    assert "< −0.800" in text


def test_a_cell_that_is_worse_on_every_task_is_said_in_two_words():
    words = told({(c, t): around(m) for c, m in (("lstm", 0.9), ("rnn", 0.1)) for t in ("s", "t", "u")})
    assert words.details == ["Worse: rnn on all."]
    words = told({(c, t): around(m) for c, m in (("lstm", 0.9), ("rnn", 0.1)) for t in ("s", "t")})
    assert words.details == ["Worse: rnn on s and t."]


def test_the_ceiling_is_told():
    words = told({("lstm", "t"): [1.0] * 8, ("gru", "t"): [1.0] * 8})
    assert words.tasks["t"][-1].startswith("At the ceiling with lstm: gru.")
    assert "failures in up to 32% of the seeds" in words.tasks["t"][-1]


def test_aliases_are_controls_and_no_finding():
    words = told({("lstm", "t"): around(0.9), ("lstm_again", "t"): around(0.9), ("gru", "t"): around(0.9)})
    assert "Of 1 cell compared with lstm" in words.headline


def test_without_confirmed_seeds_there_is_no_finding():
    words = told({("lstm", "t"): [0.9], ("gru", "t"): [0.9]})
    assert words.headline == "No verdicts yet: fewer than two confirmed seeds per cell."


def test_many_undecided_cells_are_named_without_numbers_few_with_them():
    loose = {(cell, "t"): around(0.6, 0.3) for cell in ("lstm", "a", "b", "c", "d", "e")}
    words = told(loose)
    assert words.headline.endswith("; 5 of 5 comparisons are undecided.")
    assert [one.where for one in words.undecided] == ["t: a, b, c, d and e"]
    assert words.tasks["t"][-1] == "Undecided: a, b, c, d and e."
    few = told({key: scores for key, scores in loose.items() if key[0] in ("lstm", "a")})
    assert few.headline.endswith("; 1 of 1 comparison is undecided.")
    assert few.tasks["t"][-1].startswith("Undecided: a (0.000, 90% interval −0.")


def test_over_all_tasks_is_told_where_there_are_several():
    two = {("lstm", t): around(0.6) for t in ("s", "t")} | {("gru", t): around(0.6) for t in ("s", "t")}
    assert finding_notes.together(study(two)) == "Over all tasks together, against lstm: equivalent: gru."
    assert finding_notes.together(study({key: x for key, x in two.items() if key[1] == "s"})) == ""


def reasons(analysed):
    return undecided(analysed.found(analysed.verdicts))


def test_what_is_undecided_is_told_by_reason_with_the_seeds_that_would_decide():
    analysed = study({("lstm", "t"): around(0.6, 0.1), ("gru", "t"): around(0.6, 0.1)})
    needed = analysed.verdicts["seeds_to_decide"].item()
    assert needed > 0
    (only,) = reasons(analysed)
    assert only.why == "the interval reaches beyond ±0.05, and the difference is not significant"
    assert (only.count, only.where, only.further) == (1, "t: gru", f"{needed:,.0f}")
    assert reasons(study({("lstm", "t"): around(0.6), ("gru", "t"): around(0.6)})) == []


def test_what_holds_alone_but_not_among_so_many_pairs_has_a_reason_of_its_own():
    analysed = study({("lstm", "t"): around(0.6, 0.1), ("gru", "t"): around(0.6, 0.1)})
    table = analysed.found(analysed.verdicts)
    alone = [
        table.assign(**{f"p_{kind}": 0.04, f"p_{kind}_holm": 0.3}) for kind in ("equivalence", "difference")
    ]
    told = [undecided(rows)[0].why for rows in alone]
    assert told[0] == "within ±0.05 taken alone, not after Holm over all pairs"
    assert told[1] == "significant taken alone, not after Holm over all pairs"


def test_reasons_are_counted_over_tasks_and_the_commonest_comes_first():
    flat, loose = {"lstm": [1.0] * 4, "gru": [1.0] * 4}, {"lstm": around(0.6, 0.3), "gru": around(0.6, 0.3)}
    places = [("s", loose), ("t", flat), ("u", loose)]
    found = reasons(study({(cell, task): x[cell] for task, x in places for cell in x}))
    assert [(one.count, one.where) for one in found] == [(2, "s: gru; u: gru"), (1, "t: gru")]
    assert found[1].why == "all seeds of a cell score the same, so rare failures cannot be excluded"


def test_the_posterior_is_said_to_agree_or_where_it_does_not():
    sure = study({("lstm", "t"): around(0.6), ("gru", "t"): around(0.6)})
    rows = sure.found(sure.verdicts)
    assert finding_notes.posterior(rows) == "The Bayesian counterpart agrees in 1 of 1 comparison."
    other = rows.assign(agree=False, bayes="undecided")
    for judge in ("tests", "race"):
        said = finding_notes.posterior(other, judge)
        assert said.endswith(f"not for gru on t (posterior: undecided; {judge}: equivalent).")


def test_what_explains_the_scores_and_their_protocol_are_told():
    trials = search(
        {("learning rate",): 0.8, ("cell",): 0.2},
        cells=("lstm", "gru"),
        generator=np.random.default_rng(0),
        noise=0.1,
    )
    rows = trials.assign(test_score=trials["test_score"] - 0.3 * (trials["cell"] == "gru"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shares, "RESAMPLES", 4)
        analysed = Analysed(results_of(rows))
        said = finding_notes.explains(analysed.shares)
    assert said.startswith("Of the variance of scores over the search (1 task), the learning rate explains ")
    assert "the choice of cell " in said
    assert finding_notes.theirs(analysed) == (
        "Greff et al.'s own protocol (best tenth of the search: 5 trials; Welch, Bonferroni; against lstm) would have "
        "found gru worse on adding."
    )
    assert finding_notes.theirs(study({("lstm", "t"): around(0.6), ("gru", "t"): around(0.6)})) == ""


def test_the_literature_counts_the_checks():
    analysed = study({("lstm", "t"): around(0.9), ("gru", "t"): around(0.3)})
    words = finding(analysed, evaluate(analysed))
    assert words.literature == "Published claims, one check per task: 1 hold, 2 fail, 0 undecided."
    assert told({("a", "t"): around(0.9), ("b", "t"): around(0.9)}).literature.startswith(
        "None of the published"
    )
