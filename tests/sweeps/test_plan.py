"""A study always means the same trials; the plan subtracts what is stored."""

import dataclasses

import pytest
from planning import planned, search_entries
from studies import tiny

from experiments import Adam
from lstm_variants import LSTM
from sweeps.errors import InputError
from sweeps.plan import cut, searched, unique
from sweeps.spaces import choice, sampled, uniform


def row(entry, score=0.5, status="finished", loss=0.1):
    return {"trial_id": entry.id, "status": status, "valid_score": score, "valid_loss": loss}


def test_a_study_means_the_same_trials_every_time():
    first, second = (search_entries(tiny().study) for _ in range(2))
    assert [e.id for e in first] == [e.id for e in second]
    assert len({e.id for e in first}) == len(first) == 8


def test_another_study_seed_means_other_trials_throughout():
    ids = [{e.id for e in search_entries(tiny(seed=seed).study)} for seed in (0, 1)]
    assert not ids[0] & ids[1]


def test_cells_share_settings_and_seeds_and_the_alias_has_its_own():
    by_cell = {}
    for entry in search_entries(tiny().study):
        by_cell.setdefault(entry.cell, []).append((entry.trial.optimizer.learning_rate, entry.trial.seed))
    assert by_cell["lstm"] == by_cell["gru"] == by_cell["rnn"]
    assert not set(by_cell["lstm"]) & set(by_cell["lstm_again"])


def test_the_searched_fields_are_those_that_the_search_sets():
    space = {"cell.hidden": choice(2, 3), "optimizer.learning_rate": uniform(0.1, 0.2)}
    assert searched(tiny(search=sampled(space, trials=2)).study) == list(space)
    assert searched(tiny(search=None).study) == []


def test_adding_a_cell_leaves_every_other_trial_as_it_was():
    more = {**tiny().study.cells, "wide": LSTM(hidden=5)}
    before, after = ({e.id for e in search_entries(tiny(**c).study)} for c in ({}, {"cells": more}))
    assert before < after


def test_the_best_on_validation_is_confirmed_with_fresh_seeds_and_never_stopped_early():
    study = tiny(stop_after=0.0).study
    search = search_entries(study)
    rows = {e.id: row(e, score=i / 10) for i, e in enumerate(search)}
    stages = planned(study, rows)
    assert stages.best["lstm", "adding"] == search[1].trial
    confirm = stages.planned["confirm"]
    assert len(confirm) == 8
    assert not {e.trial.seed for e in confirm} & {e.trial.seed for e in search}
    assert all(e.trial.stop_after == float("inf") for e in confirm)
    assert {e.trial.optimizer.learning_rate for e in confirm if e.cell == "lstm"} == {
        search[1].trial.optimizer.learning_rate
    }


def test_ties_go_to_the_lower_loss_and_diverged_trials_come_last():
    study = tiny().study
    search = search_entries(study)
    rows = {e.id: row(e) for e in search}
    a, b = search[:2]
    rows[a.id] = row(a, score=1.0, loss=0.2)
    rows[b.id] = row(b, score=1.0, loss=0.1)
    assert planned(study, rows).best[a.arm] == b.trial
    rows[b.id] = row(b, score=1.0, loss=0.1, status="diverged")
    assert planned(study, rows).best[a.arm] == a.trial
    rows[a.id] = row(a, score=None, loss=None)
    rows[b.id] = row(b, score=-3.0)
    assert planned(study, rows).best[a.arm] == b.trial


def test_an_arm_whose_search_is_incomplete_is_not_confirmed():
    study = tiny().study
    search = search_entries(study)
    rows = {e.id: row(e) for e in search[1:]}
    assert search[0].arm not in planned(study, rows).best


def test_a_study_without_search_confirms_its_specs_as_they_are():
    study = tiny(search=None).study
    assert search_entries(study) == []
    confirm = planned(study, {}).planned["confirm"]
    assert {e.cell for e in confirm} == {"lstm", "gru", "lstm_again", "rnn"}
    assert len({e.id for e in confirm}) == 8


def test_cohorts_hold_one_structure_and_stage_and_at_most_their_size():
    works = cut(search_entries(tiny().study), 3)
    assert sum(len(w.entries) for w in works) == 8
    for work in works:
        assert len(work.entries) <= 3
        assert len({(e.stage, dataclasses.replace(work.structure)) for e in work.entries}) == 1
    assert len(works[0].entries) == 3  # lstm and its alias share a structure


def test_a_field_that_some_cells_have_is_searched_for_those_alone():
    space = {"cell.forget_bias": uniform(2.0, 3.0), "optimizer.learning_rate": uniform(0.01, 0.02)}
    entries = search_entries(tiny(search=sampled(space, trials=3)).study)
    for entry in entries:
        assert entry.cell == "rnn" or 2.0 <= entry.trial.cell.forget_bias <= 3.0
        assert 0.01 <= entry.trial.optimizer.learning_rate <= 0.02
    assert len({e.id for e in entries}) == len(entries) == 12


def test_one_trial_under_two_names_is_refused():
    cells = {"lstm": LSTM(hidden=3), "same": LSTM(hidden=3)}
    with pytest.raises(InputError, match="'lstm' and 'same' on 'adding' are the same trial"):
        unique(search_entries(tiny(cells=cells).study))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"search": sampled({"cell.hiden": choice(1)}, trials=1)}, "cell 'lstm'.*Did you mean 'hidden'"),
        ({"search": sampled({"cell.hidden": choice(0)}, trials=1)}, "hidden >= 1"),
        (
            {"optimizer": Adam(learning_rate=0.0), "search": sampled({"seed": choice(1)}, trials=1)},
            "learning_rate > 0",
        ),
        ({"steps": 5}, "evaluate_every <= steps"),
    ],
)
def test_a_bad_setting_is_found_in_planning(changes, message):
    with pytest.raises(InputError, match=message):
        search_entries(tiny(**changes).study)


def test_short_trials_come_in_larger_cohorts_of_few_sizes_and_a_given_size_counts():
    sizes = {
        steps: {w.size for w in cut(search_entries(tiny(steps=steps).study), None)} for steps in (20, 2000)
    }
    assert sizes == {20: {64}, 2000: {16}}
    assert {w.size for w in cut(search_entries(tiny(steps=20_000).study), None)} == {4}
    assert {w.size for w in cut(search_entries(tiny().study), 3)} == {3}


def test_a_trial_that_is_known_under_another_name_is_refused_in_later_entries_too():
    entries, seen = search_entries(tiny().study), {}
    assert unique(entries, seen) == entries
    assert set(seen) == {e.id for e in entries}
    twin = dataclasses.replace(entries[0], cell="twin")
    with pytest.raises(InputError, match="'lstm' and 'twin'"):
        unique([twin], seen)
