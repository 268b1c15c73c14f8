"""The words and the claims follow from the verdicts and from nothing else."""

import dataclasses

import numpy as np
import pytest
from stores import declare, trials_frame

from analysis.claims import ABSENT, CLAIMS, MEANING, evaluate
from analysis.finding import finding
from analysis.table import verdict_text
from analysis.verdicts import verdicts


def around(mean, spread=0.01, n=8):
    return (mean + spread * np.linspace(-1, 1, n)).tolist()


def told(scores):
    frame = trials_frame(scores)
    cells, tasks = (tuple(dict.fromkeys(key[i] for key in scores)) for i in (0, 1))
    declaration = declare(frame.to_dict("records"), cells=cells, tasks=tasks)
    table = verdicts(frame, declaration)
    claims = evaluate(table)
    return finding(table, claims, declaration), claims


def status(scores, statement):
    _, claims = told(scores)
    rows = claims[claims["statement"].str.startswith(statement)]
    return dict(zip(rows["task"], rows["status"], strict=True))


def test_the_headline_counts_what_the_verdicts_say():
    words, _ = told(
        {
            ("lstm", "t"): around(0.9),
            ("gru", "t"): around(0.905),
            ("rnn", "t"): around(0.2),
            ("best", "t"): around(0.99),
            ("loose", "t"): around(0.9, 0.3),
        }
    )
    assert words.headline == (
        "Of 4 cells compared with lstm, 1 is equivalent to it on the task (within ±0.05): gru. "
        "Worse: rnn on t. Better: best on t. Undecided: loose on t."
    )
    assert words.tasks["t"][0] == "lstm scores 0.900 on average over 8 seeds."
    assert words.tasks["t"][1] == "Equivalent within ±0.05: gru (+0.005)."
    assert words.tasks["t"][3].startswith("Worse: rnn by 0.700 (90% interval 0.69")


def test_with_other_scores_the_words_are_others():
    words, _ = told({("lstm", "t"): around(0.2), ("gru", "t"): around(0.9)})
    assert "none is equivalent to it on the task" in words.headline
    assert "Better: gru on t." in words.headline


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
    table = verdicts(frame, declaration)
    assert list(zip(table["task"], table["a"], table["b"], strict=True)) == [
        ("s", "lstm", "gru"),
        ("t", "lstm", "rnn"),
    ]
    words = finding(table, evaluate(table), declaration)
    assert words.headline == (
        "Of 2 cells compared with lstm, 1 is equivalent to it on every task that both ran on (within ±0.05): gru. "
        "Worse: rnn on t. None is better."
    )
    text = verdict_text(table, declaration)
    assert "gru" in text
    assert "< −0.800" in text


def test_a_cell_that_is_worse_on_every_task_is_said_in_two_words():
    words, _ = told({(c, t): around(m) for c, m in (("lstm", 0.9), ("rnn", 0.1)) for t in ("s", "t")})
    assert "Worse: rnn on all. None is better." in words.headline


def test_the_ceiling_is_told():
    words, _ = told({("lstm", "t"): [1.0] * 8, ("gru", "t"): [1.0] * 8})
    assert words.tasks["t"][-1].startswith("At the ceiling with lstm: gru.")
    assert "failures in up to 32% of the seeds" in words.tasks["t"][-1]


def test_aliases_are_controls_and_no_finding():
    words, _ = told({("lstm", "t"): around(0.9), ("lstm_again", "t"): around(0.9), ("gru", "t"): around(0.9)})
    assert "Of 1 cell compared with lstm" in words.headline


def test_without_confirmed_seeds_there_is_no_finding():
    words, _ = told({("lstm", "t"): [0.9], ("gru", "t"): [0.9]})
    assert words.headline == "No verdicts yet: fewer than two confirmed seeds a cell."


def test_an_equivalence_claim_holds_fails_or_stays_open():
    for gru, expected in ((around(0.905), "holds"), (around(0.6), "fails"), (around(0.9, 0.4), "undecided")):
        assert status({("lstm", "t"): around(0.9), ("gru", "t"): gru}, "The GRU is equivalent") == {
            "t": expected
        }


def test_a_small_difference_does_not_refute_equivalence():
    rows = {("lstm", "t"): around(0.90, 0.02, n=40), ("gru", "t"): around(0.947, 0.04, n=40)}
    assert (
        verdicts(trials_frame(rows), declare([], cells=("lstm", "gru"), tasks=("t",)))["verdict"].item()
        == "different"
    )
    assert status(rows, "The GRU is equivalent") == {"t": "undecided"}


def test_a_claim_of_harm_needs_harm():
    for mean, expected in ((0.5, "holds"), (0.9, "fails"), (0.99, "fails")):
        scores = {("peephole", "t"): around(0.9), ("noaf", "t"): around(mean)}
        assert status(scores, "Dropping the output activation") == {"t": expected}


def test_no_ablation_beats_the_lstm_fails_when_one_does():
    scores = {("peephole", "t"): around(0.8), ("cifg", "t"): around(0.8), ("nfg", "t"): around(0.3)}
    assert status(scores, "No ablation beats") == {"t": "holds"}
    assert status({**scores, ("lstm", "t"): around(0.95)}, "No ablation beats") == {"t": "fails"}


def test_the_adding_problem_is_no_test_of_the_forget_gate():
    scores = {(c, t): around(0.9) for c in ("peephole", "nfg") for t in ("adding_50", "temporal_order")}
    assert status(scores, "Dropping the forget gate") == {"temporal_order": "fails"}
    assert status(scores, "The adding problem needs no forget gate") == {"adding_50": "holds"}


def test_a_claim_about_cells_that_are_not_there_is_not_tested():
    _, claims = told({("a", "t"): around(0.9), ("b", "t"): around(0.9)})
    assert set(claims["status"]) == {"not tested"}
    assert set(claims["evidence"]) == {ABSENT}
    assert len(claims) == len(CLAIMS)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.statement)
def test_every_claim_is_well_formed(claim):
    assert claim.expects in MEANING
    assert claim.reference not in claim.cells
    assert claim.source
    assert claim.statement.endswith(".")
