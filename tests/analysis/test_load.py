"""What the loader promises: only this study's trials, in the declared order, with the plan's stage."""

import dataclasses
import json

import pandas as pd
import pytest
from stores import CELLS, TASKS, Study, declare, scored, write_store

from analysis.study.results import load
from sweeps.errors import InputError


def two_cells(extra=(), **changes):
    rows = [scored(0.9 + k / 100, cell=cell, seed=k) for cell in ("lstm", "gru") for k in range(3)]
    declaration = dataclasses.replace(declare(rows, cells=("lstm", "gru"), tasks=("adding",)), **changes)
    return Study(declaration=declaration, trials=[*rows, *extra])


def test_every_planned_trial_and_its_curve_is_loaded(results, made):
    assert len(results.trials) == len(made.trials)
    assert len(results.curves) == len(made.curves)
    assert results.left_out == 0
    assert list(dict.fromkeys(results.trials["task"])) == list(TASKS)
    assert set(results.trials["cell"]) == set(CELLS)


def test_rows_that_are_not_in_the_plan_are_left_out_and_counted(tmp_path):
    old = [scored(0.1, cell="lstm", seed=99), scored(0.2, cell="dropped", seed=1)]
    write_store(tmp_path, two_cells(extra=old))
    loaded = load(tmp_path, "synthetic")
    assert loaded.left_out == 2
    assert sorted(set(loaded.trials["cell"])) == ["gru", "lstm"]
    assert len(loaded.trials) == 6


def test_the_stage_of_a_trial_is_the_one_in_whose_plan_it_stands(tmp_path):
    made = two_cells()
    ids = made.declaration.plan["confirm"]
    plan = {"search": ids[:2], "confirm": ids[2:]}
    write_store(
        tmp_path, dataclasses.replace(made, declaration=dataclasses.replace(made.declaration, plan=plan))
    )
    assert load(tmp_path, "synthetic").trials["stage"].tolist() == ["search"] * 2 + ["confirm"] * 4


def test_rows_that_do_not_say_of_which_classes_they_are_have_it_from_their_spec(tmp_path):
    made = two_cells()
    spec = json.dumps({"cell": {"type": "GRU", "hidden": 8}, "task": {"type": "Adding"}})
    says = {"cell.type": "mine:Cell", "task.type": "mine:Task", "tolerance": 0.05}
    rows = [{**row, "spec": spec, **(says if i == 0 else {})} for i, row in enumerate(made.trials)]
    write_store(tmp_path, dataclasses.replace(made, trials=rows))
    trials = load(tmp_path, "synthetic").trials
    assert trials["cell.type"].tolist() == ["mine:Cell"] + ["GRU"] * 5
    assert trials["task.type"].tolist() == ["mine:Task"] + ["Adding"] * 5
    assert trials["tolerance"].tolist() == [0.05] + [0.01] * 5


def test_rows_whose_spec_does_not_say_of_which_classes_they_are_say_nothing(tmp_path):
    write_store(tmp_path, two_cells())
    assert set(load(tmp_path, "synthetic").trials["task.type"]) == {""}


def test_a_trial_that_solved_its_task_and_then_diverged_has_not_solved_it(tmp_path):
    made = two_cells()
    first, *others = ({**row, "solved": True, "solved_step": 100} for row in made.trials)
    rows = [{**first, "status": "diverged"}, *others]
    write_store(tmp_path, dataclasses.replace(made, trials=rows))
    loaded = load(tmp_path, "synthetic").trials
    assert loaded["solved"].tolist() == [False] + [True] * 5
    assert loaded["solved_step"].isna().tolist() == [True] + [False] * 5


def test_a_study_without_any_row_loads_as_empty_frames(tmp_path):
    made = two_cells()
    write_store(tmp_path, dataclasses.replace(made, trials=[]))
    loaded = load(tmp_path, "synthetic")
    assert loaded.trials.empty
    assert loaded.curves.empty
    assert {"trial_id", "stage", "test_score", "solved"} <= set(loaded.trials)


def test_the_same_rows_load_the_same_whatever_the_order_of_writing(tmp_path):
    made = two_cells()
    write_store(tmp_path / "one", made)
    write_store(tmp_path / "two", dataclasses.replace(made, trials=made.trials[::-1]))
    pd.testing.assert_frame_equal(
        load(tmp_path / "one", "synthetic").trials, load(tmp_path / "two", "synthetic").trials
    )


def test_a_study_that_never_ran_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="No results of study 'nothing'"):
        load(tmp_path, "nothing")
