"""A study whose controls fail, or that is not all there, is stamped, with the reason in a plain sentence."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from stores import Study, declare, scored, trial_row, write_store

from analysis.study.controls import passed
from analysis.study.results import load
from analysis.study.trust import trust
from analysis.study.verdicts import verdicts

CELLS = ("lstm", "lstm_again", "rnn")


def around(mean, n=6):
    return mean + 0.01 * np.linspace(-1, 1, n)


def small(lstm=0.95, again=0.95, rnn=0.1, **values):
    rows = [
        scored(float(score), cell=cell, seed=100 * i + k, **values)
        for i, (cell, mean) in enumerate(zip(CELLS, (lstm, again, rnn), strict=True))
        for k, score in enumerate(around(mean))
    ]
    return Study(declaration=declare(rows, cells=CELLS, tasks=("adding",)), trials=rows)


def stamp(folder, made, **changes):
    write_store(
        folder, dataclasses.replace(made, declaration=dataclasses.replace(made.declaration, **changes))
    )
    results = load(folder, "synthetic")
    return trust(results, verdicts(results.trials, results.declaration))


def test_passed_controls_and_a_complete_plan_are_trustworthy(results):
    table = verdicts(results.trials, results.declaration)
    found = trust(results, table)
    assert found.trustworthy
    assert found.reasons == []
    assert found.done == found.planned == 280
    assert passed(results.declaration, table) == [
        "lstm and its alias lstm_again are equivalent on adding.",
        "rnn and lstm are different on adding and temporal_order.",
    ]


def test_an_alias_that_is_undecided_on_some_task_is_told_with_what_would_decide_it(results):
    found = trust(results, verdicts(results.trials, results.declaration))
    assert found.warnings[0].startswith(
        "Control: lstm and its alias lstm_again are undecided on temporal_order: difference 0.000"
    )
    assert "further seeds a side should decide it" in found.warnings[0]


def test_an_alias_that_is_different_on_one_task_breaks_trust_though_it_is_equivalent_on_another(tmp_path):
    made = small()
    rows = [
        *made.trials,
        *(
            scored(float(s), cell=cell, task="order", seed=900 + 10 * i + k)
            for i, (cell, mean) in enumerate(zip(CELLS, (0.95, 0.7, 0.1), strict=True))
            for k, s in enumerate(around(mean))
        ),
    ]
    found = stamp(
        tmp_path, Study(declaration=declare(rows, cells=CELLS, tasks=("adding", "order")), trials=rows)
    )
    assert len(found.reasons) == 1
    assert "lstm and lstm_again must be equivalent on order, but are different" in found.reasons[0]


def test_an_alias_that_is_not_equivalent_breaks_trust(tmp_path):
    found = stamp(tmp_path, small(again=0.80))
    assert not found.trustworthy
    assert len(found.reasons) == 1
    assert found.reasons[0].startswith(
        "Control: lstm and lstm_again must be equivalent on adding, but are different: lstm better by 0.150"
    )


def test_an_alias_that_is_equivalent_on_no_task_is_not_good_enough(tmp_path):
    found = stamp(tmp_path, small(), margin=0.001)
    assert not found.trustworthy
    assert "must be equivalent on adding, but are undecided" in found.reasons[0]


def test_a_negative_control_that_does_as_well_breaks_trust(tmp_path):
    found = stamp(tmp_path, small(rnn=0.95))
    assert found.reasons[0].startswith(
        "Control: rnn and lstm must be different on adding, but are equivalent"
    )


def test_a_control_that_was_not_compared_breaks_trust(tmp_path):
    found = stamp(tmp_path, small(), different=[["rnn", "lstm", "copying"]])
    assert found.reasons == ["Control: rnn and lstm must be different on copying, but were not compared."]


def test_a_study_without_controls_is_not_trustworthy(tmp_path):
    found = stamp(tmp_path, small(), same=[], different=[])
    assert found.reasons == [
        "The study declares no controls, so nothing shows that its verdicts can be trusted."
    ]


def test_missing_trials_break_trust(tmp_path):
    made = small()
    found = stamp(tmp_path, dataclasses.replace(made, trials=made.trials[:-1]))
    assert found.reasons == [
        "Incomplete: 17 of 18 trials have results. Verdicts may change when the other 1 are in."
    ]
    assert (found.done, found.planned) == (17, 18)
    assert "Unbalanced: between 5 and 6 confirmed seeds per cell and task." in found.warnings


def test_a_stage_that_is_not_planned_yet_counts_as_missing(tmp_path):
    found = stamp(tmp_path, small(), total={"search": 30, "confirm": 18})
    assert (found.done, found.planned) == (18, 48)
    assert "18 of 48 trials" in found.reasons[0]


def test_failed_trials_break_trust_and_show_their_error(tmp_path):
    made = small()
    broken = trial_row(
        trial_id=made.trials[0]["trial_id"], status="failed", error="Traceback:\nMemoryError: 3 GB wanted"
    )
    found = stamp(tmp_path, dataclasses.replace(made, trials=[broken, *made.trials[1:]]))
    assert found.reasons[0] == (
        "1 trial failed to run (lstm) and count as score 0; first error: MemoryError: 3 GB wanted"
    )


def test_labels_that_the_study_does_not_declare_break_trust(tmp_path):
    found = stamp(tmp_path, small(), cells=["lstm", "lstm_again", "vanilla"])
    assert found.reasons[0].startswith(
        "6 planned trials ran under labels that the study does not declare (rnn on"
    )


def test_a_margin_changed_after_results_existed_is_told(tmp_path):
    found = stamp(tmp_path, small(margin=0.02))
    assert found.trustworthy
    assert found.warnings == [
        "The margin was changed after results existed: trials ran under ±0.02, the verdicts use ±0.05."
    ]


@pytest.mark.parametrize(
    ("values", "words"),
    [({"dirty": True}, "uncommitted changes"), ({"left": 1}, "left out: not in this study's plan")],
)
def test_what_a_reader_should_know_is_told(tmp_path, values, words):
    made = small(**{k: v for k, v in values.items() if k != "left"})
    if "left" in values:
        made = dataclasses.replace(made, trials=[*made.trials, scored(0.3, cell="other")])
    assert words in " ".join(stamp(tmp_path, made).warnings)


def test_an_alias_is_asked_for_on_the_tasks_alone_on_which_it_runs(tmp_path):
    made = small()
    elsewhere = [scored(float(s), cell="lstm", task="order", seed=900 + k) for k, s in enumerate(around(0.9))]
    rows = [*made.trials, *elsewhere]
    declaration = declare(rows, cells=CELLS, tasks=("adding", "order"))
    arms = [*([cell, "adding"] for cell in CELLS), ["lstm", "order"]]
    different = [["rnn", "lstm", "adding"]]
    study = Study(declaration=declaration, trials=rows)
    found = stamp(tmp_path / "arms", study, arms=arms, different=different)
    assert found.reasons == []
    assert found.warnings == []
    limited = dataclasses.replace(declaration, arms=arms, different=different)
    table = verdicts(pd.DataFrame(rows), limited)
    assert passed(limited, table) == [
        "lstm and its alias lstm_again are equivalent on adding.",
        "rnn and lstm are different on adding.",
    ]
    everywhere = stamp(tmp_path / "all", study, different=different)
    assert "lstm and its alias lstm_again are undecided on order: too few" in " ".join(everywhere.warnings)
